/** Runs in the lab's container: `scenario-program.ts <part of a title>`. Prints one result per scenario, as JSON. */
import { runScenario } from '../run-scenario.ts'
import { segmentScenarios } from './scenarios/all.ts'
import { SegmentLab } from './segment-lab.ts'

const [part = ''] = process.argv.slice(2)
for (const { title, options, run } of segmentScenarios.filter(scenario => scenario.title.includes(part)))
  await runScenario(title, () => SegmentLab.create(options), run)
