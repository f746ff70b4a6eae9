/**
 * The codec beside codecs in Rust, in one run on one machine: `npx --yes pnpm@12 bench:codec`. It builds the program of rust/,
 * which pins their versions, with cargo. SOFTSPOKEN_NODES names the programs of the Node versions, with colons between them;
 * by default it is the one that runs this. It writes the tables of docs/performance.md, as ratios, because absolute numbers belong
 * to the machine; our own rates are there for scale. turns.json gets the rates of all codecs in each turn.
 * `npx --yes pnpm@12 docs:pages` then makes the plot.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measuredBy } from '@softspoken/test-support/page-markers'
import { write } from './children.ts'
import {
  corpus,
  type Measured,
  ours,
  rateOf,
  ratio,
  root,
  run,
  type Spread,
  spreadOf,
  type Task,
  tasks,
  theirs,
  work,
} from './codec-turns.ts'
import { corpora, writeCorpora } from './corpus.ts'

const TURNS = 7

const nodes = process.env.SOFTSPOKEN_NODES?.split(':') ?? [process.execPath]
const target = join(work, 'target')
const manifest = join(root, 'test/bench/rust/Cargo.toml')
run('cargo', ['build', '--release', '--quiet', '--manifest-path', manifest], { CARGO_TARGET_DIR: target })
const program = join(target, 'release/softspoken-bench-rust')
writeCorpora(corpus)

/** One task in one turn: the Rust codecs, then ours on each Node. */
interface Turn {
  readonly peers: readonly Measured[]
  readonly us: readonly Measured[]
}
const turns = Array.from({ length: TURNS }, () =>
  (Object.keys(tasks) as Task[]).map(task => ({
    peers: theirs(program, task),
    us: nodes.map(node => ours(task, node)),
  })),
).flat()
const { us, peers } = turns[0]! // there is one

write(
  'measured',
  `${measuredBy('bench:codec', `${[...us, ...peers].map(({ impl }) => impl).join('; ')}; ${TURNS} turns`)}

${us.map((_, node) => table(node)).join('\n\n')}`,
  'performance.md',
)
writeFileSync(join(root, 'test/bench/turns.json'), `${JSON.stringify(allTurns(), null, 1)}\n`)

function table(node: number): string {
  const head = [nameOf(node), ...peers.map(({ impl }) => impl.split(' ')[0])]
  const rows = (Object.keys(tasks) as Task[]).flatMap(task =>
    (task === 'encode' ? ['single'] : corpora).map(name => row(node, `${tasks[task]}, ${name}`, `${task}_${name}`)),
  )
  return [
    `| ${head.join(' | ')} |`,
    `|---|${peers.map(() => '---|').join('')}`,
    ...rows,
    '',
    `| ${nameOf(node)}, thousand messages a second | ${corpora.join(' | ')} |`,
    `|---|${corpora.map(() => '---:|').join('')}`,
    ...(Object.keys(tasks) as Task[]).map(
      task => `| ${[tasks[task], ...corpora.map(name => ourRate(node, `${task}_${name}`))].join(' | ')} |`,
    ),
  ].join('\n')
}
function nameOf(node: number): string {
  return us[node]!.impl.replace('softspoken, ', '') // one per node
}
function ourRate(node: number, key: string): string {
  const rates = turns.flatMap(({ us }) => rateOf(us[node]!, key) ?? []) // one per node
  return shown(spreadOf(rates.map(rate => rate / 1000)))
}
/** Messages a second by codec and row, a number for each turn. */
function allTurns(): Record<string, Record<string, number[]>> {
  const rates: Record<string, Record<string, number[]>> = {}
  for (const { us, peers } of turns)
    for (const measured of [...us, ...peers])
      for (const key of Object.keys(measured.rows)) {
        const row = ((rates[measured.impl] ??= {})[key] ??= [])
        row.push(Math.round(rateOf(measured, key)!)) // it is one of its rows
      }
  return rates
}
function row(node: number, label: string, key: string): string {
  return `| ${[label, ...peers.map(({ impl }) => cell(node, impl, key))].join(' | ')} |`
}
/** The median of the turns, and in brackets the least and the greatest. */
function cell(node: number, impl: string, key: string): string {
  const ratios = turns.flatMap(turn => ratioIn(turn, node, impl, key) ?? [])
  return shown(spreadOf(ratios))
}
function shown(spread: Spread | undefined): string {
  return spread ? `${digits(spread.median)} (${digits(spread.least)} to ${digits(spread.greatest)})` : '-'
}
function ratioIn({ us, peers }: Turn, node: number, impl: string, key: string): number | undefined {
  const peer = peers.find(peer => peer.impl === impl)
  return peer && ratio(us[node]!, peer, key) // one per node
}
function digits(value: number): number {
  return Number(value.toPrecision(2))
}
