/** Runs in the lab's container: `measure-program.ts <mode> <router> <runs> <fault...>`. Prints one outcome per line, as JSON. */
import type { FaultName } from './faults.ts'
import { KubernetesLab, VIP } from './lab.ts'
import { measure } from './measure.ts'
import type { RouterName } from './router.ts'
import type { Mode } from './softspoken.ts'

const [mode = '', router = 'bird', runs = '1', ...faults] = process.argv.slice(2)
await using lab = await KubernetesLab.create({
  router: router as RouterName,
  agent: { mode: mode as Mode, profile: 'fast', options: [], vips: [VIP] },
})
lab.startAgent()
for (const fault of faults as FaultName[])
  for (let run = 0; run < Number(runs); run++) console.log(JSON.stringify(await measure(lab, fault)))
