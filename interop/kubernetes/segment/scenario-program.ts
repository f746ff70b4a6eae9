/** Runs in the lab's container: `scenario-program.ts <part of a title>`. Prints one result per scenario, as JSON. */
import { runScenario } from '../run-scenario.ts'
import { segmentScenarios } from './scenarios/all.ts'
import { SegmentLab } from './segment-lab.ts'

const [part = ''] = process.argv.slice(2)
for (const scenario of segmentScenarios.filter(({ title }) => title.includes(part)))
  await runScenario(
    scenario.title,
    () => SegmentLab.create(scenario),
    lab => scenario.run(lab),
  )
