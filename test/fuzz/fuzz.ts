/**
 * Coverage-guided fuzzing of the codec: `npx --yes pnpm@12 test:fuzz [--seconds 60 | --cpu-minutes 30] [--seed 1] [--out folder]`.
 *
 * It damages inputs and runs decode.ts on them with instrumented sources of packages/wire. A feature is a branch, a number of
 * times that a branch is taken, or a distance between the two sides of a comparison. For each feature it keeps the shortest
 * input. It starts from the fixtures and test/fuzz/corpus. The inputs that it keeps and every find are written to `--out`, by
 * default a new temporary folder; a run with the folder of an earlier one continues it. With `--keep`, the inputs that reach
 * a branch that no other reaches are written to test/fuzz/corpus. The exit code is 1 if there is a find.
 *
 * It is not Jazzer.js, because that needs a newer C library than Debian 12 has.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { below, chance, damage, pick } from '@softspoken/test-support/damage'
import { toHex } from '@softspoken/test-support/hex'
import { corpus, grown, inputsIn } from './corpus.ts'
import type { fuzz } from './decode.ts'
import { compile, type Fuzzing, type Ids } from './instrument.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    'cpu-minutes': { type: 'string' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('../..', import.meta.url))
const out = resolve(values.out ?? mkdtempSync(join(tmpdir(), 'softspoken-fuzz-')))
const cpuMinutes = values['cpu-minutes'] === undefined ? undefined : number('cpu-minutes', values['cpu-minutes'])
const seconds = number('seconds', values.seconds)
const random = chance(number('seed', values.seed))

const HEAD = 2 // switches and the length of chunks
const LONGEST = 6000 // octets of an input: more than the 4096 of a message
const SLOW = 1000 // milliseconds for one input
const REPORT = 10 // seconds

// ---- what is counted

const ids: Ids = { branches: 0, comparisons: 0 }
const target = await build()
const TIMES = 9 // one for a branch taken once, one for twice, one for up to 4, 8, ... times
const DISTANCES = 66 // one for equal sides, one for a difference of 1, up to 3, 7, ..., less or greater
const features = ids.branches * TIMES + ids.comparisons * DISTANCES

const branches = new Uint32Array(ids.branches)
/** The features of comparisons in this execution, and the execution in which each was last seen. */
let met: number[] = []
const metIn = new Uint32Array(features)
let executions = 0

const fuzzing: Fuzzing = {
  branches,
  compare(id, left, right, outcome) {
    if (typeof left !== 'number' || typeof right !== 'number') return outcome
    const distance = 32 - Math.clz32(Math.abs(left - right))
    const feature = ids.branches * TIMES + id * DISTANCES + distance * 2 + (left < right ? 1 : 0)
    if (metIn[feature] !== executions) {
      metIn[feature] = executions
      met.push(feature)
    }
    return outcome
  },
}
Object.assign(globalThis, { fuzzing })

// ---- what is kept

interface Entry {
  readonly input: Uint8Array
  /** The number of features whose shortest input it is. */
  features: number
}
const shortest: (Entry | undefined)[] = new Array(features)
const reached: number[] = []
const entries: Entry[] = []
const finds = new Map<string, Uint8Array>()
let slowest = 0

async function run(): Promise<void> {
  const load: { fuzz: typeof fuzz } = await import(pathToFileURL(target).href)
  const shared = new SharedArrayBuffer(8 + LONGEST + HEAD)
  const watchdog = watch(shared)
  const heart = new Int32Array(shared, 0, 2)
  const current = new Uint8Array(shared, 8)
  const execute = (input: Uint8Array): void => {
    current.set(input)
    heart[1] = input.length
    Atomics.store(heart, 0, ++executions)
    branches.fill(0)
    met = []
    const run = (): number => {
      const before = performance.now()
      try {
        load.fuzz(input)
      } catch (error) {
        found(error instanceof Error ? (error.stack ?? error.message) : String(error), input)
      }
      return performance.now() - before
    }
    // A slow input runs twice, because a shared machine sometimes stops the whole process for a second.
    const took = run()
    slowest = Math.max(slowest, took)
    if (took > SLOW && run() > SLOW) found('takes more than a second, twice', input)
    keep(input)
  }

  const folder = join(out, 'corpus')
  let stop = false
  process.once('SIGINT', () => {
    stop = true
  })
  const started = performance.now()
  const elapsed = (): number => (performance.now() - started) / 1000
  const earlier = existsSync(folder) ? inputsIn(folder) : []
  for (const input of [...corpus(), ...earlier]) execute(input.slice(0, LONGEST + HEAD))
  console.log(`begins with ${progress(elapsed())}`)
  for (let next = REPORT; !stop && !over(elapsed()); ) {
    for (let i = 0; i < 500; i++) execute(mutate())
    if (elapsed() < next) continue
    console.log(`${progress(elapsed())}`)
    next += REPORT
    await new Promise(done => setImmediate(done)) // for SIGINT
  }
  await watchdog.terminate()

  const left = entries.filter(entry => entry.features > 0)
  mkdirSync(folder, { recursive: true })
  for (const { input } of left) writeFileSync(join(folder, nameOf(input)), input)
  if (values.keep)
    writeFileSync(
      grown,
      distinct(left.map(({ input }) => input))
        .map(line)
        .join(''),
    )
  console.log(
    `${progress(elapsed())}, slowest ${slowest.toFixed(0)} ms, ${cpu().toFixed(0)} s of CPU, seed ${values.seed}\n${out}`,
  )
  coverage(folder)
  if (finds.size > 0) process.exitCode = 1

  function distinct(inputs: Uint8Array[]): Uint8Array[] {
    const seen = new Set<number>()
    return inputs
      .sort((a, b) => a.length - b.length || Buffer.compare(a, b))
      .filter(input => {
        execute(input)
        const before = seen.size
        branches.forEach((times, branch) => {
          if (times > 0) seen.add(branch)
        })
        return seen.size > before
      })
  }
}

/** Makes the input the owner of each of its features that has no owner, or a longer one. */
function keep(input: Uint8Array): void {
  let entry: Entry | undefined
  const claim = (feature: number): void => {
    const owner = shortest[feature]
    if (owner !== undefined && owner.input.length <= input.length) return
    if (owner === undefined) reached.push(feature)
    else owner.features--
    if (entry === undefined) entries.push((entry = { input, features: 0 }))
    entry.features++
    shortest[feature] = entry
  }
  for (let branch = 0; branch < branches.length; branch++) {
    const times = branches[branch]!
    if (times > 0) claim(branch * TIMES + Math.min(TIMES - 1, 32 - Math.clz32(times - 1)))
  }
  met.forEach(claim)
}

function mutate(): Uint8Array {
  const { input } = random() < 0.5 ? shortest[pick(reached, random)]! : choose() // each reached feature has an owner
  const sent = damage(input.subarray(HEAD), choose().input.subarray(HEAD), random).subarray(0, LONGEST)
  const result = new Uint8Array(HEAD + sent.length)
  result.set(input.subarray(0, HEAD))
  result.set(sent, HEAD)
  if (below(8, random) === 0) result[0]! ^= 1 << below(5, random)
  if (below(16, random) === 0) result[1] = below(64, random)
  return result
}

function choose(): Entry {
  for (;;) {
    const at = below(entries.length, random)
    const entry = entries[at]! // `at` is below its length
    if (entry.features > 0) return entry
    entries[at] = entries.at(-1)!
    entries.pop()
  }
}

/** Reports a find. Of the inputs that fail at the same place it keeps the shortest. */
function found(why: string, input: Uint8Array): void {
  const place = why.split('\n').slice(0, 2).join('\n')
  const before = finds.get(place)
  if (before !== undefined && before.length <= input.length) return
  finds.set(place, input)
  const name = `find-${createHash('sha1').update(place).digest('hex').slice(0, 8)}`
  writeFileSync(join(out, name), input)
  console.error(`${name}: ${why}\n  ${toHex(input)}`)
}

// ---- the code under test

/** Compiles decode.ts, what it imports of test/support, and packages/wire with counters, to one folder. */
async function build(): Promise<string> {
  const folder = join(out, 'build')
  rmSync(folder, { recursive: true, force: true })
  const modules = join(folder, 'node_modules')
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const wire = join(root, 'packages/wire')
  write(join(folder, 'package.json'), '{ "type": "module" }')
  const exported = (name: string, paths: Readonly<Record<string, string>>): void =>
    write(join(modules, name, 'package.json'), JSON.stringify({ type: 'module', exports: paths }))
  exported('@softspoken/wire', { '.': './index.js', './internal': './internal.js' })
  exported('@softspoken/test-support', { './*': './*.js' })
  symlinkSync(realpathSync(join(wire, 'node_modules/ip-address')), join(modules, 'ip-address'))
  for (const file of readdirSync(join(wire, 'src'), { recursive: true, encoding: 'utf8' }).sort())
    if (file.endsWith('.ts') && !file.endsWith('.test.ts'))
      write(
        join(modules, '@softspoken/wire', file.replace(/ts$/, 'js')),
        compile(readFileSync(join(wire, 'src', file), 'utf8'), ids),
      )
  for (const name of ['hex', 'damage'])
    write(
      join(modules, `@softspoken/test-support/${name}.js`),
      compile(readFileSync(join(root, `test/support/${name}.ts`), 'utf8')),
    )
  const decode = join(folder, 'decode.js')
  write(decode, compile(readFileSync(join(root, 'test/fuzz/decode.ts'), 'utf8')))
  return decode
}

/** Prints the coverage that V8 counts when the inputs run over the original sources. */
function coverage(folder: string): void {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', 'test/fuzz/decode.test.ts']
  const options = {
    enabled: true,
    provider: 'v8',
    include: 'packages/wire/src/**',
    exclude: '**/*.test.ts',
    reporter: 'text',
    reportsDirectory: join(out, 'coverage'),
  }
  spawnSync(
    process.execPath,
    [...vitest, ...Object.entries(options).map(([name, value]) => `--coverage.${name}=${value}`)],
    { cwd: root, stdio: 'inherit', env: { ...process.env, SOFTSPOKEN_CORPUS: folder } },
  )
}

// ---- around it

function progress(elapsed: number): string {
  const taken = reached.reduce((sum, feature) => sum.add(Math.floor(feature / TIMES)), new Set<number>())
  const of = [...taken].filter(branch => branch < ids.branches).length
  return (
    `${elapsed.toFixed(0)} s: ${executions} executions (${Math.round(executions / elapsed)}/s), ` +
    `${of} of ${ids.branches} branches, ${reached.length} features, ` +
    `${entries.filter(({ features }) => features > 0).length} inputs, ${finds.size} finds`
  )
}
function over(elapsed: number): boolean {
  return cpuMinutes === undefined ? elapsed >= seconds : cpu() >= cpuMinutes * 60
}
function cpu(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
function nameOf(input: Uint8Array): string {
  return createHash('sha1').update(input).digest('hex').slice(0, 16)
}
function line(input: Uint8Array): string {
  return `${toHex(input)}\n`
}

/** Kills the process if an input does not end, and writes that input. A worker, because the main thread is busy then. */
function watch(shared: SharedArrayBuffer): Worker {
  return new Worker(
    `const { workerData: { shared, file } } = require('node:worker_threads')
    const { writeFileSync, writeSync } = require('node:fs')
    const heart = new Int32Array(shared, 0, 2)
    let last = -1
    setInterval(() => {
      const now = Atomics.load(heart, 0)
      if (now === last) {
        const input = Buffer.from(shared, 8, heart[1])
        writeFileSync(file, input)
        writeSync(2, 'find-hang: does not end\\n  ' + input.toString('hex') + '\\n')
        process.kill(process.pid, 'SIGKILL')
      }
      last = now
    }, 15000)`,
    { eval: true, workerData: { shared, file: join(out, 'find-hang') } },
  )
}

function number(option: string, text: string): number {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`--${option}: ${text} is not allowed, it must be a number greater than 0`)
  return value
}

await run()
