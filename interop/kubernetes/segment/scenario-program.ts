/** Runs in the lab's container: `scenario-program.ts <part of a title>`. Prints one result per scenario, as JSON. */
import { segmentScenarios } from './scenarios/all.ts'
import { SegmentLab } from './segment-lab.ts'

const [part = ''] = process.argv.slice(2)
for (const { title, options, run } of segmentScenarios.filter(scenario => scenario.title.includes(part))) {
  const began = performance.now()
  const lab = await SegmentLab.create(options)
  try {
    const figures = await run(lab)
    console.log(JSON.stringify({ title, seconds: Math.round((performance.now() - began) / 1000), figures }))
  } catch (error) {
    const logs = [...lab.agents].map(([node, { log }]) => `--- ${node}\n${log.split('\n').slice(-15).join('\n')}`)
    console.log(JSON.stringify({ title, failure: `${error}`, logs: logs.join('\n') }))
  } finally {
    await lab[Symbol.asyncDispose]()
  }
}
