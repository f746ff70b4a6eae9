/** Codecs beside one another: in each turn they run one after the other, because a machine's mood changes within seconds. */
import { execFileSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')
/** What is made here outlives a run: the build of the Rust codecs takes minutes. */
export const work = join(tmpdir(), 'softspoken-bench')
export const corpus = join(work, 'corpus')

/** What a task does with an UPDATE, by its name in codec.ts, in the order of the page. */
export const tasks = {
  drop: 'validate and drop',
  two: 'AS path and next hop',
  values: 'everything as values',
  text: 'everything as text',
  encode: 'encode',
} as const
export type Task = keyof typeof tasks

const RUNS = '3' // in a turn; the shortest one counts

/** One codec in one turn. */
export interface Measured {
  readonly impl: string
  readonly rows: { readonly [row: string]: Row }
}
/** `routes` and `sum` are what was read. */
interface Row {
  readonly messages: number
  readonly routes: number
  readonly sum: number
  readonly seconds: readonly number[]
}

/** Our codec in a process of its own. `node` is the program, `wire` another version's folder packages/wire/src. */
export function ours(task: Task, node = process.execPath, wire: readonly string[] = []): Measured {
  const codec = join(root, 'test/bench/codec.ts')
  return parse(run(node, ['--import', 'tsx', codec, corpus, RUNS, task, ...wire]))
}
export function theirs(program: string, task: Task): readonly Measured[] {
  return run(program, [corpus, RUNS, task]).trim().split('\n').map(parse)
}
function parse(line: string): Measured {
  const { impl, ...rows } = JSON.parse(line)
  return { impl, rows }
}

/** How often the first codec reads the row's messages while the second one reads them once; undefined unless both read the same. */
export function ratio(one: Measured, other: Measured, row: string): number | undefined {
  const [first, second] = [one.rows[row], other.rows[row]]
  if (first === undefined || second === undefined) return undefined
  const isSame = (['messages', 'routes', 'sum'] as const).every(name => first[name] === second[name])
  return isSame ? Math.min(...second.seconds) / Math.min(...first.seconds) : undefined
}

/** Messages a second, in the shortest of the runs; undefined if the codec does not do this. */
export function rateOf({ rows }: Measured, row: string): number | undefined {
  const one = rows[row]
  return one && one.messages / Math.min(...one.seconds)
}

export interface Spread {
  readonly median: number
  readonly least: number
  readonly greatest: number
}
/** Of all turns; undefined without any. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  const [least, median, greatest] = [0, sorted.length >> 1, sorted.length - 1].map(at => sorted[at])
  return least === undefined || median === undefined || greatest === undefined ? undefined : { median, least, greatest }
}

/** Beyond this part of the time of the other version, a version is slower. */
const LIMIT = 1.1
/** Whether a version is slower, by its rates divided by those of the other one. */
export function isSlower(ratios: readonly number[]): boolean {
  const spread = spreadOf(ratios)
  return spread !== undefined && 1 / spread.median > LIMIT
}

export function run(command: string, words: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(command, words, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1e8,
  })
}
