/** Runs in the lab's container: `measure-program.ts <mode> <router> <runs> <fault...>`. Prints one outcome per line, as JSON. */

import { mkdirSync } from 'node:fs'
import type { FaultName } from './faults.ts'
import { KubernetesLab, VIP } from './lab.ts'
import { measure } from './measure.ts'
import { address } from './network.ts'
import { NODE_AS, ROUTER_AS, type RouterName } from './router.ts'

const [mode = '', router = 'bird', runs = '1', ...faults] = process.argv.slice(2)
await using lab = await KubernetesLab.create({
  router: router as RouterName,
  addVip: true, // this agent only logs that it would add it
  command: (node, { folder }) => {
    mkdirSync(`${folder}/lease`, { recursive: true })
    return [
      ...[
        'node',
        '--import',
        'tsx',
        'examples/vip-agent/src/main.ts',
        '--vip',
        `${VIP}/32`,
        '--local-as',
        `${NODE_AS}`,
      ],
      ...[
        '--router-id',
        address[node],
        '--local-address',
        address[node],
        '--peer',
        address.rt,
        '--peer-as',
        `${ROUTER_AS}`,
      ],
      ...['--health', 'http://127.0.0.1:8080/healthz', ...(mode === 'leader' ? ['--lease', `${folder}/lease`] : [])],
    ]
  },
})
lab.startAgent()
for (const fault of faults as FaultName[])
  for (let run = 0; run < Number(runs); run++) console.log(JSON.stringify(await measure(lab, fault)))
