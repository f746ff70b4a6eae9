/**
 * Faults at random, which overlap, in a control plane of three nodes; judged by what the router saw. Half of the time in leader mode,
 * half in standby mode. `main.ts [--minutes 30] [--seed 1] [--write] [--record folder]`: exit code 1 if a promise breaks. `--write` writes
 * docs/nemesis.md. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { intoMarkers } from '@softspoken/test-support/page-markers'
import { build } from '../../lab/setup.ts'
import { inContainer } from '../container.ts'
import { VIP } from '../lab.ts'
import type { Mode } from '../softspoken.ts'
import { judge } from './judge.ts'
import type { Observed } from './observed.ts'
import { type Run, report } from './report.ts'
import { kinds } from './schedule.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
    /** Keeps what was observed. */
    record: { type: 'string' },
  },
})
const [minutes, seed] = [Number(values.minutes), Number(values.seed)]
if (!(minutes >= 1 && minutes <= 120))
  throw new RangeError(`--minutes: ${values.minutes} is not allowed, it must be from 1 to 120`)
if (!Number.isInteger(seed)) throw new RangeError(`--seed: ${values.seed} is not allowed, it must be an integer`)

build()
const runs: Run[] = []
let versions: readonly string[] = []
for (const mode of ['leader', 'standby'] as const) {
  const observed = await observe(mode)
  versions = observed.find(one => one.kind === 'begin')?.versions ?? []
  runs.push({ mode, verdict: judge(observed, VIP, mode) })
}
const [cpu] = cpus()
const text = report(runs, {
  command: `test:nemesis --minutes ${minutes} --seed ${seed}`,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpu?.model.trim()}, ${cpus().length} cores, shared with others; Linux ${release()}, ${versions.join(', ')}`,
})
console.log(text)
for (const { mode, verdict } of runs) {
  for (const { at, text } of verdict.breaks) {
    console.error(`${mode}, seed ${seed}: ${text}. In the minute before:`)
    for (const one of verdict.faults.filter(one => one.at <= at && one.until >= at - 60_000))
      console.error(`  ${seconds(one.at - at)} to ${seconds(one.until - at)} s: ${kinds[one.fault].text}, ${one.node}`)
  }
  if (verdict.recovered === undefined) console.error(`${mode}, seed ${seed}: no node served after the last fault`)
}
if (runs.some(({ verdict }) => verdict.breaks.length > 0 || verdict.recovered === undefined)) process.exitCode = 1
if (values.write) {
  const page = new URL('../../../docs/nemesis.md', import.meta.url)
  writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), text))
}

async function observe(mode: Mode): Promise<readonly Observed[]> {
  const observed: Observed[] = []
  for await (const line of inContainer('nemesis/nemesis-program.ts', [mode, `${seed}`, `${minutes * 30}`])) {
    observed.push(JSON.parse(line) as Observed)
  }
  if (values.record !== undefined)
    writeFileSync(join(values.record, `${mode}.jsonl`), observed.map(one => `${JSON.stringify(one)}\n`).join(''))
  return observed
}
function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2)
}
