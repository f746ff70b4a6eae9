/** Runs in the lab's container: `scenario-program.ts <part of a title>`; without one it runs what CI runs. Prints one result per scenario, as JSON. */
import { KubernetesLab, VIP } from './lab.ts'
import { runScenario } from './run-scenario.ts'
import { scenarios } from './scenarios/all.ts'

const [part = ''] = process.argv.slice(2)
for (const scenario of scenarios.filter(({ title, inCi = true }) => (part === '' ? inCi : title.includes(part)))) {
  const {
    title,
    mode,
    profile = 'fast',
    options = [],
    granted = true,
    vips = [VIP],
    health,
    preloads = [],
    router = 'bird',
  } = scenario
  const agent = { mode, profile, options, vips, preloads, ...(health !== undefined && { health }) }
  await runScenario(
    title,
    () => KubernetesLab.create({ agent, granted, router }),
    lab => scenario.run(lab),
  )
}
