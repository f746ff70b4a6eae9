/**
 * The codec beside codecs in Rust, in one run on one machine: `npx --yes pnpm@12 bench:codec`. It builds the program of rust/,
 * which pins their versions, with cargo. SOFTSPOKEN_NODES names the programs of the Node versions, with colons between them;
 * by default it is the one that runs this. It writes the table of docs/performance.md, as ratios: absolute numbers belong to the
 * machine. `npx --yes pnpm@12 docs:pages` then makes the plot of it.
 */
import { join } from 'node:path'
import { measuredBy } from '@softspoken/test-support/page-markers'
import { write } from './children.ts'
import {
  corpus,
  type Measured,
  ours,
  ratio,
  root,
  run,
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

function table(node: number): string {
  const head = [us[node]!.impl.replace('softspoken, ', ''), ...peers.map(({ impl }) => impl.split(' ')[0])] // one per node
  const rows = (Object.keys(tasks) as Task[]).flatMap(task =>
    (task === 'encode' ? ['single'] : corpora).map(name => row(node, `${tasks[task]}, ${name}`, `${task}_${name}`)),
  )
  return [`| ${head.join(' | ')} |`, `|---|${peers.map(() => '---|').join('')}`, ...rows].join('\n')
}
function row(node: number, label: string, key: string): string {
  return `| ${[label, ...peers.map(({ impl }) => cell(node, impl, key))].join(' | ')} |`
}
/** The median of the turns, and in brackets the least and the greatest. */
function cell(node: number, impl: string, key: string): string {
  const ratios = turns.flatMap(turn => ratioIn(turn, node, impl, key) ?? [])
  const spread = spreadOf(ratios)
  return spread ? `${digits(spread.median)} (${digits(spread.least)} to ${digits(spread.greatest)})` : '-'
}
function ratioIn({ us, peers }: Turn, node: number, impl: string, key: string): number | undefined {
  const peer = peers.find(peer => peer.impl === impl)
  return peer && ratio(us[node]!, peer, key) // one per node
}
function digits(value: number): number {
  return Number(value.toPrecision(2))
}
