/**
 * The codec beside its peers, in one run on one machine: `pnpm bench:codec`. SOFTSPOKEN_BENCH names a folder with
 * gen_corpus.py, which writes the corpora, and run.sh, which runs GoBGP's and ExaBGP's codecs; bgpkit-parser runs where
 * cargo is at hand. Writes docs/performance.md, as ratios: absolute numbers belong to the machine.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

type Unit = 'msg_per_s' | 'MB_per_s'
/** Of one round's runs: their median rate by unit, the median time, and the shortest. */
type Rates = { readonly [unit in Unit]?: number } & { readonly s: number; readonly best_s?: number }
interface Measured {
  readonly impl: string
  readonly rates: Readonly<Record<string, Rates | undefined>>
}
/** What ran one after the other, as close together as it can be: a machine's mood changes within a minute. */
interface Round {
  readonly us: Measured
  readonly peers: readonly Measured[]
}

const root = resolve(import.meta.dirname, '../..')
const bench = process.env.SOFTSPOKEN_BENCH
if (bench === undefined) throw new Error('SOFTSPOKEN_BENCH must name the folder of gen_corpus.py and run.sh')
const work = join(tmpdir(), 'softspoken-bench')
mkdirSync(work, { recursive: true })
const corpus = join(work, 'corpus')

const ROUNDS = 15
const EVERY_PEER = 5 // one round in so many has ExaBGP, which takes longer than all others together
const RUNS = '3' // in a round
const ours = ['--import', 'tsx', join(root, 'test/bench/codec.ts')]
const rust = cargo()
const rounds = Array.from({ length: ROUNDS }, (_, i) => round(i % EVERY_PEER === 0))
const [
  {
    us: { impl: us },
    peers,
  },
] = rounds as [Round, ...Round[]] // there are some

const names = ['keepalive', 'single', 'withdraw', 'table', 'packed'] as const
const rows = names.flatMap(name => [
  row(`decode ${name}`, `decode_${name}`),
  row(`decode ${name}, every prefix as text`, `decode_text_${name}`, `decode_${name}`),
  row(`validate and drop ${name}`, `drop_${name}`, `decode_${name}`),
])
const text = `# Performance

Made by \`pnpm bench:codec\` (\`test/bench/run.ts\`) on ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model.trim()}, ${cpus().length} cores, shared with
others. Each number is our rate divided by the peer's in the same round, the median of ${ROUNDS} rounds (of ${Math.ceil(ROUNDS / EVERY_PEER)} for ExaBGP), and from
the least to the greatest of them; above 1 we are faster. Behind it, in bold, our shortest time against the peer's shortest, of all rounds: what is
left when the neighbours on the machine, who make both take up to twice as long, are quiet. How we read (all, all with text, drop) has a process of its
own each, and reads all corpora in it.

- us: ${us}
${peers.map(({ impl }) => `- ${impl}`).join('\n')}

Decoding reads every attribute's value and every route's length and octets. bgpkit-parser and GoBGP make no text of
prefixes, ExaBGP does.

| | ${peers.map(({ impl }) => impl.split(/[ ,]/)[0]).join(' | ')} |
|---|${peers.map(() => '---').join('|')}|
${[...rows, row('encode single', 'encode_single')].join('\n')}

A plain copy and sum of the same octets takes, as a part of the time of validating and dropping them: ${names
  .map(
    name =>
      `${name} ${among(({ us }) => over(rate(us, `drop_${name}`, 'MB_per_s'), rate(us, `memcpy_${name}`, 'MB_per_s')))}`,
  )
  .join(', ')}. 0.25 would be a quarter of the time. Where our
ratio to GoBGP, divided by this number, is less than 10, not even that copy and sum is ten times as fast as GoBGP.

Making the message that is encoded, and reading its prefix's text once, takes ${among(({ us }) => over(rate(us, 'encode_single'), rate(us, 'make_single')))} of the time of encoding it: an
encoder that did nothing else would have ${peers.map(({ impl }) => ratio(impl, 'make_single', 'encode_single')).join(', ')} in the last row.

## What bounds it now

From \`node --cpu-prof\` over one corpus at a time:

- **decode table**: the communities' text, which is their value here, 3.7 of them in a message on average, and in this
  corpus hardly one comes twice: a quarter of the time. GoBGP keeps them as numbers until somebody prints them. A fifth goes
  into the attributes' object, whose set of names changes from message to message, a sixth into judging them before, and a
  twelfth into collecting garbage.
- **decode with prefixes as text**: four numbers and a length put together, about 100 ns a prefix.
- **validate and drop, decode withdraw**: a third walks the attributes and the routes, a quarter to two fifths finds the message
  in the stream and reads its header, and a tenth is garbage: three small objects for each message.
- **decode keepalive**: half of it reads the header, sixteen octets of marker among it.
- **encode single**: the benchmark's own making of the message, with the text of its prefix, is the largest part; then reading
  that text, walking the attributes and copying the finished message out.

How often we dial a router that rejects us, beside five others: [politeness.md](politeness.md). The whole program beside other
announcers: [peers.md](peers.md). A router that floods us, and a
thousand sessions in one process: [scale.md](scale.md).
`
writeFileSync(join(root, 'docs/performance.md'), text)
console.log(text)

function round(everyPeer: boolean): Round {
  const gobgp = join(work, 'bench_gobgp') // run.sh has built it, where it could
  const lines = [
    ...(everyPeer
      ? run(resolve(root, bench!, 'run.sh'), [], { OUT_DIR: work, RUNS })
          .trim()
          .split('\n')
      : []), // checked above
    ...(!everyPeer && existsSync(gobgp) ? [run(gobgp, [corpus, RUNS])] : []),
    run(process.execPath, [...ours, corpus, RUNS]),
    ...(rust ? [run(rust, [corpus, RUNS])] : []),
  ]
  const all = lines.map(line => {
    const { impl, ...rates } = JSON.parse(line)
    return { impl, rates } as Measured
  })
  const us = all.find(({ impl }) => impl.startsWith('softspoken'))
  if (us === undefined) throw new Error('our own benchmark printed nothing')
  return { us, peers: all.filter(one => one !== us) }
}
function rate(of: Measured | undefined, key: string, unit: Unit = 'msg_per_s'): number | undefined {
  return of?.rates[key]?.[unit]
}
function over(one: number | undefined, other: number | undefined): number | undefined {
  return one && other ? one / other : undefined
}
/** The median of the rounds that have it, and in brackets the least and the greatest; a dash where it is not measured. */
function among(measure: (round: Round) => number | undefined): string {
  const sorted = rounds.flatMap(round => measure(round) ?? []).sort((a, b) => a - b)
  const [least, middle, greatest] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map(at => digits(sorted[at]))
  return sorted.length === 0 ? '-' : `${middle} (${least} to ${greatest})`
}
function digits(value = Number.NaN): number {
  return Number(value.toPrecision(2))
}
function row(what: string, ourKey: string, theirKey = ourKey): string {
  return `| ${what} | ${peers.map(({ impl }) => ratio(impl, ourKey, theirKey)).join(' | ')} |`
}
function ratio(peer: string, ourKey: string, theirKey: string): string {
  const ours = ({ us }: Round) => us
  const theirs = ({ peers }: Round) => peers.find(({ impl }) => impl === peer)
  const all = among(round => over(rate(ours(round), ourKey), rate(theirs(round), theirKey)))
  const quietest = over(best(ours, ourKey), best(theirs, theirKey))
  return quietest === undefined ? all : `${all}, **${digits(quietest)}**`
}
/** The rate of the shortest run of all rounds. */
function best(whose: (round: Round) => Measured | undefined, key: string): number | undefined {
  const rates = rounds.flatMap(round => whose(round)?.rates[key] ?? [])
  const all = rates.flatMap(({ msg_per_s, s, best_s }) => (msg_per_s && best_s ? (msg_per_s * s) / best_s : []))
  return all.length === 0 ? undefined : Math.max(...all)
}
/** The Rust codec's program. */
function cargo(): string | undefined {
  const manifest = join(root, 'test/bench/bgpkit/Cargo.toml')
  const target = join(work, 'target')
  try {
    run('cargo', ['build', '--release', '--quiet', '--manifest-path', manifest], { CARGO_TARGET_DIR: target })
  } catch (error) {
    console.error(`bgpkit-parser: not run (${error instanceof Error ? error.message.split('\n')[0] : error})`)
    return undefined
  }
  return join(target, 'release/softspoken-bench-bgpkit')
}
function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(command, words, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1e8,
  })
}
