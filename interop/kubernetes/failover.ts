/**
 * Measures every fault in each mode and writes docs/failover.md. `failover.ts [runs] [router...]`: three runs with BIRD and with FRR by
 * default, which take about 90 minutes. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { intoMarkers, measuredBy, table } from '@softspoken/test-support/page-markers'
import { build } from '../lab/setup.ts'
import { inContainer } from './container.ts'
import { type FaultName, faults } from './faults.ts'
import { kubeVip } from './kube-vip.ts'
import type { Outcome } from './measure.ts'
import { range } from './range.ts'
import type { RouterName } from './router.ts'
import type { Mode } from './softspoken.ts'

const [runs = '3', ...given] = process.argv.slice(2)
const modes: readonly Mode[] = ['all-nodes', 'standby', 'leader']
const names = { bird: 'BIRD', frr: 'FRR' } as const satisfies Record<RouterName, string>
const routers = (Object.keys(names) as RouterName[]).filter(router => given.length === 0 || given.includes(router))
/** Without an election nothing asks the API server. */
const faultsOf = (mode: Mode): readonly FaultName[] =>
  (Object.keys(faults) as FaultName[]).filter(fault => mode !== 'all-nodes' || !fault.startsWith('api'))

interface Measured extends Outcome {
  readonly mode: Mode
  readonly router: RouterName
}

build()
const all: Measured[] = []
for (const router of routers)
  for (const mode of modes)
    for await (const line of inContainer('measure-program.ts', [mode, router, runs, ...faultsOf(mode)])) {
      console.log(`${mode}, ${names[router]}: ${line}`)
      all.push({ ...(JSON.parse(line) as Outcome), mode, router })
    }
const page = new URL('../../docs/failover.md', import.meta.url)
writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), report()))

function report(): string {
  const rows = modes.flatMap(mode =>
    faultsOf(mode).map(fault => [
      mode,
      faults[fault].text,
      ...routers.flatMap(router => {
        const here = all.filter(one => one.mode === mode && one.fault === fault && one.router === router)
        return [range(here.map(({ routeAfter }) => routeAfter)), range(here.map(({ gap }) => gap))]
      }),
      ...(mode === 'leader' ? kubeVip[fault] : ['', '']),
    ]),
  )
  return [
    measuredBy(`bench:failover ${[runs, ...given].join(' ')}`),
    table(
      [
        'mode',
        'fault',
        ...routers.flatMap(router => [`${names[router]}: route`, `${names[router]}: gap`]),
        'kube-vip: route',
        'kube-vip: gap',
      ],
      rows,
    ),
  ].join('\n\n')
}
