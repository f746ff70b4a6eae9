/**
 * The codec beside its peers, in one run on one machine: `npx --yes pnpm@12 bench:codec`. SOFTSPOKEN_BENCH names a folder with
 * gen_corpus.py, which writes the corpora, and run.sh, which builds GoBGP's codec and runs ExaBGP's, where they are there;
 * bgpkit-parser runs where cargo is at hand. Writes docs/performance.md, as ratios: absolute numbers belong to the machine.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

type Unit = 'msg_per_s' | 'MB_per_s'
/** Of one turn's runs: their median rate by unit, the median time, and the shortest. */
type Rates = { readonly [unit in Unit]?: number } & { readonly s: number; readonly best_s?: number }
interface Measured {
  readonly impl: string
  readonly rates: Readonly<Record<string, Rates | undefined>>
}
/** What ran one after the other, as close together as it can be: a machine's mood changes within seconds. */
interface Turn {
  readonly us: Measured
  readonly peers: readonly Measured[]
}

const root = resolve(import.meta.dirname, '../..')
const bench = process.env.SOFTSPOKEN_BENCH
if (bench === undefined) throw new Error('SOFTSPOKEN_BENCH must name the folder of gen_corpus.py and run.sh')
const work = join(tmpdir(), 'softspoken-bench')
mkdirSync(work, { recursive: true })
const corpus = join(work, 'corpus')

const ROUNDS = 11
const RUNS = '3' // in a turn
/** What we do beside one run of GoBGP, each in a process of its own: what the engine learns from one would be held against another. */
const kinds = [['decode'], ['decode_text'], ['drop', 'memcpy'], ['encode', 'make']]
const SLOW_TURNS = 3 // ExaBGP takes longer than all others together

const rust = cargo()
const slow = Array.from({ length: SLOW_TURNS }, () => turn(exabgp(), kinds.flat())) // first, as run.sh builds GoBGP's
const quick = Array.from({ length: ROUNDS }, () => kinds.map(some => turn(gobgpAndRust(), some))).flat()
const turns = [...quick, ...slow]
const us = turns[0]!.us.impl // there is one
const peers = [...new Set(turns.flatMap(({ peers }) => peers.map(({ impl }) => impl)))]

const names = ['keepalive', 'single', 'withdraw', 'table', 'packed'] as const
const rows = names.flatMap(name => [
  row(`decode ${name}`, `decode_${name}`),
  row(`decode ${name}, every prefix as text`, `decode_text_${name}`, `decode_${name}`),
  row(`validate and drop ${name}`, `drop_${name}`, `decode_${name}`),
])
const text = `# Performance

Made by \`npx --yes pnpm@12 bench:codec\` (\`test/bench/run.ts\`) on ${new Date().toISOString().slice(0, 10)}: ${cpus()[0]?.model.trim()}, ${cpus().length} cores, shared with
others. Each number is our rate divided by the peer's, measured before ours in the same turn: the median of ${ROUNDS} turns (of
${SLOW_TURNS} for ExaBGP), and from the least to the greatest of them; above 1 we are faster. Behind it, in bold, our shortest time
against the peer's shortest, of the same turns: what is left when the neighbours on the machine, who make either take up to
twice as long for seconds, are quiet. A rate is of the middle one of ${RUNS} runs; we run for half a second before, as V8 compiles
what runs often. Each of our ways to read (all, all with text, drop) has a process of its own, in which it reads all corpora.

- us: ${us}
${peers.map(impl => `- ${impl}`).join('\n')}

Decoding reads every attribute's value and every route's length and octets. bgpkit-parser and GoBGP make no text of
prefixes, ExaBGP does.

| | ${peers.map(impl => impl.split(/[ ,]/)[0]).join(' | ')} |
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
encoder that did nothing else would have ${peers.map(impl => ratio(impl, 'make_single', 'encode_single')).join(', ')} in the last row.

## What bounds it now

From \`perf record -e cpu-clock node --perf-basic-prof\` over one corpus at a time:

- **decode table**: the communities' text, which is their value here, 3.7 of them in a message on average, and in this
  corpus hardly one comes twice: a quarter of the time, most of it waiting for the pieces that they are put together from.
  GoBGP keeps them as numbers until they are printed. Judging the attributes takes a sixth, walking and storing them an
  eighth, AS paths a twelfth.
- **decode with prefixes as text**: five pieces put together, about 60 ns a prefix: three quarters of the time.
- **validate and drop**: three fifths of it is walking and judging the attributes, a sixth reads the header; each attribute is judged by a
  function of its own, and no engine inlines that many in one place. Three small objects a message are the rest.
- **decode withdraw, keepalive**: a third to half of it finds the message in the stream and reads its header.
- **encode single**: a sixth each reads the prefix's text, letter by letter, and walks the attributes; a tenth copies the
  message out. The benchmark's own making of the message, with the text of its prefix, is counted: in steps,
  as programs do it, since V8 makes a literal of five levels in a slow way of its own.

How often we dial a router that rejects us, beside five others: [politeness.md](politeness.md). The whole program beside other
announcers: [peers.md](peers.md). A router that floods us, and a
thousand sessions in one process: [scale.md](scale.md).
`
writeFileSync(join(root, 'docs/performance.md'), text)
console.log(text)

function exabgp(): Measured[] {
  const script = resolve(root, bench!, 'run.sh') // checked above
  const lines = run(script, [], { OUT_DIR: work, RUNS, CODEC_EXTRA: '' }).split('\n')
  return lines
    .filter(line => line !== '')
    .map(measured)
    .filter(({ impl }) => !impl.startsWith('gobgp')) // long before us: it has turns of its own
}
function gobgpAndRust(): Measured[] {
  const gobgp = join(work, 'bench_gobgp')
  const there = [...(existsSync(gobgp) ? [gobgp] : []), ...(rust ? [rust] : [])]
  return there.map(program => measured(run(program, [corpus, RUNS])))
}
function turn(peers: readonly Measured[], kinds: readonly string[]): Turn {
  const codec = join(root, 'test/bench/codec.ts')
  const ours = kinds.map(kind => measured(run(process.execPath, ['--import', 'tsx', codec, corpus, RUNS, kind])))
  const rates = Object.assign({}, ...ours.map(({ rates }) => rates))
  return { us: { impl: ours[0]!.impl, rates }, peers } // there are some
}
function measured(line: string): Measured {
  const { impl, ...rates } = JSON.parse(line)
  return { impl, rates }
}
function rate(of: Measured | undefined, key: string, unit: Unit = 'msg_per_s'): number | undefined {
  return of?.rates[key]?.[unit]
}
function over(one: number | undefined, other: number | undefined): number | undefined {
  return one && other ? one / other : undefined
}
/** The median of the turns that have it, and in brackets the least and the greatest; a dash where it is not measured. */
function among(measure: (turn: Turn) => number | undefined): string {
  const sorted = turns.flatMap(turn => measure(turn) ?? []).sort((a, b) => a - b)
  const [least, middle, greatest] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map(at => digits(sorted[at]))
  return sorted.length === 0 ? '-' : `${middle} (${least} to ${greatest})`
}
function digits(value = Number.NaN): number {
  return Number(value.toPrecision(2))
}
function row(what: string, ourKey: string, theirKey = ourKey): string {
  return `| ${what} | ${peers.map(impl => ratio(impl, ourKey, theirKey)).join(' | ')} |`
}
function ratio(peer: string, ourKey: string, theirKey: string): string {
  const ours = ({ us }: Turn) => us
  const theirs = ({ peers }: Turn) => peers.find(({ impl }) => impl === peer)
  const all = among(turn => over(rate(ours(turn), ourKey), rate(theirs(turn), theirKey)))
  const both = turns.filter(turn => ours(turn).rates[ourKey] && theirs(turn)?.rates[theirKey])
  const quietest = over(
    best(both.map(turn => ours(turn).rates[ourKey])),
    best(both.map(turn => theirs(turn)?.rates[theirKey])),
  )
  return quietest === undefined ? all : `${all}, **${digits(quietest)}**`
}
/** The rate of the shortest run. */
function best(rates: readonly (Rates | undefined)[]): number | undefined {
  const all = rates.flatMap(one => (one?.msg_per_s && one.best_s ? (one.msg_per_s * one.s) / one.best_s : []))
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
