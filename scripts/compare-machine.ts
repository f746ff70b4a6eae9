/**
 * Compares the state machine with that of rustbgpd: `npx --yes pnpm@12 test:machine [--depth 8] [--length 500] [--seed 1]`.
 * Every sequence of `depth` inputs, then 200 random ones of `length`. Each difference must have a row in
 * machine-differences.ts, and each row a difference. Then each of a few faults in our machine must be found.
 *
 * It needs cargo, which builds the harness of test/differential/rustbgpd in the temporary folder.
 */
import { spawn, spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { SessionOptions } from '@softspoken/session'
import { chance } from '@softspoken/test-support/damage'
import { whole } from '@softspoken/test-support/whole'
import {
  type Compared,
  compareAll,
  compareRandom,
  type Found,
  type Other,
} from '../packages/session/tools/machine-beside.ts'
import { settled, settles } from '../packages/session/tools/machine-differences.ts'
import { machineFaults, withFault } from '../packages/session/tools/machine-faults.ts'

const { values } = parseArgs({
  options: {
    depth: { type: 'string', default: '8' },
    length: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
})
const depth = whole('depth', values.depth)
const length = whole('length', values.length)
const seed = whole('seed', values.seed)

const SEQUENCES = 200
const FAULT_DEPTH = 5
const settings: Readonly<Record<string, Partial<SessionOptions>>> = {
  'the defaults': {},
  'hold time 0 allowed': { allowZeroHoldTime: true },
}
const unused = new Set(settled)
let broken = false

await run()

async function run(): Promise<void> {
  const program = build()
  for (const [name, options] of Object.entries(settings)) {
    report(
      `${name}, every sequence of ${depth} inputs`,
      await playing(program, other => compareAll(other, options, depth)),
    )
    const random = chance(seed)
    const many = await playing(program, other => compareRandom(other, options, SEQUENCES, length, random))
    report(`${name}, ${SEQUENCES} random sequences of ${length} inputs, seed ${seed}`, many)
  }
  for (const { states, input } of unused) fail(`no difference for the row: ${states.join('; ')} | ${input}`)
  for (const fault of machineFaults) {
    const { differences } = await withFault(fault, () => playing(program, other => compareAll(other, {}, FAULT_DEPTH)))
    const found = unsettled(differences)
    if (found === undefined) fail(`the fault is not found: ${fault.name}`)
    else console.log(`fault: ${fault.name}: found after ${found.inputs.length} inputs`)
  }
  process.exitCode = broken ? 1 : 0
}

function build(): string {
  const target = join(tmpdir(), 'softspoken-rustbgpd')
  const manifest = fileURLToPath(new URL('../test/differential/rustbgpd/Cargo.toml', import.meta.url))
  const { status, error } = spawnSync('cargo', ['build', '--quiet', '--release', '--manifest-path', manifest], {
    stdio: 'inherit',
    env: { ...process.env, CARGO_TARGET_DIR: target },
  })
  if (status !== 0)
    throw new Error(`cargo has not built test/differential/rustbgpd: ${error?.message ?? `exit code ${status}`}`)
  return join(target, 'release/rustbgpd-beside')
}

/** With a new process, in which no session has begun. */
async function playing<result>(program: string, play: (other: Other) => Promise<result>): Promise<result> {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const result = await play(async lines => {
    child.stdin.write(lines.map(line => `${line}\n`).join(''))
    const found: string[] = []
    while (found.length < lines.length) {
      const { value, done } = await answers.next()
      if (done) throw new Error('the harness has ended')
      found.push(value)
    }
    return found
  })
  child.stdin.end()
  return result
}

function report(what: string, { steps, states, differences }: Compared): void {
  console.log(`${what}: ${states} states, ${steps} steps, ${differences.size} kinds of difference`)
  for (const found of differences.values()) {
    const row = settled.find(one => settles(one, found))
    if (row) unused.delete(row)
    else fail(describe(found))
  }
}
function unsettled(differences: Compared['differences']): Found | undefined {
  return [...differences.values()].find(found => !settled.some(one => settles(one, found)))
}
function fail(detail: string): void {
  broken = true
  console.log(detail)
}
function describe({ state, input, ours, theirs, inputs }: Found): string {
  return `${state} | ${input}\n  ours: ${ours}\n  theirs: ${theirs}\n  after: ${inputs.join('; ')}`
}
