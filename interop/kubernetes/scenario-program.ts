/** Runs in the lab's container: `scenario-program.ts <part of a title>`; without one it runs what CI runs. Prints one result per scenario, as JSON. */
import { KubernetesLab, VIP } from './lab.ts'
import { scenarios } from './scenarios/all.ts'

const [part = ''] = process.argv.slice(2)
for (const scenario of scenarios.filter(({ title, inCi = true }) => (part === '' ? inCi : title.includes(part)))) {
  const began = performance.now()
  const { title, mode, profile = 'fast', options = [], granted = true, vips = [VIP], health, preloads = [] } = scenario
  const lab = await KubernetesLab.create({
    agent: { mode, profile, options, vips, preloads, ...(health !== undefined && { health }) },
    granted,
  })
  try {
    const figures = await scenario.run(lab)
    console.log(JSON.stringify({ title, seconds: Math.round((performance.now() - began) / 1000), figures }))
  } catch (error) {
    const logs = [...lab.agents].map(([node, { log }]) => `--- ${node}\n${log.split('\n').slice(-15).join('\n')}`)
    console.log(JSON.stringify({ title, failure: `${error}`, logs: logs.join('\n') }))
  } finally {
    await lab[Symbol.asyncDispose]()
  }
}
