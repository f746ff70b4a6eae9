/**
 * Measures how long a process that hangs keeps route and VIP, and writes it into docs/failover.md. `absence-page.ts [runs]`: three
 * by default, which take about 20 minutes. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { release } from 'node:os'
import { intoMarkers, measuredBy, table } from '@softspoken/test-support/page-markers'
import { build } from '../lab/setup.ts'
import { type Absence, type AgentName, agents, type HangName, hangs, LIMIT } from './absence.ts'
import { inContainer } from './container.ts'
import { kubeVipStopped } from './kube-vip.ts'
import { range } from './range.ts'

const [runs = '3'] = process.argv.slice(2)
const names = { agents: Object.keys(agents) as AgentName[], hangs: Object.keys(hangs) as HangName[] }

interface Measured {
  readonly agent: AgentName
  readonly hang: HangName
  readonly absence?: Absence
}

build()
const all: Measured[] = []
for (const agent of names.agents)
  for await (const line of inContainer('absence-program.ts', [runs, agent, ...names.hangs])) {
    console.log(line)
    all.push(JSON.parse(line) as Measured)
  }
const rows: (readonly string[])[] = names.hangs.flatMap(hang =>
  names.agents.map(agent => {
    const here = all.filter(one => one.hang === hang && one.agent === agent).map(({ absence }) => absence)
    const cell = (what: keyof Absence): string =>
      here.includes(undefined)
        ? 'needs cgroup v1'
        : range(
            here.map(absence => absence?.[what]),
            `still there after ${LIMIT}`,
          )
    return [hangs[hang].text, agent, cell('route'), cell('address'), cell('process')]
  }),
)
rows.splice(names.agents.length, 0, kubeVipStopped)
const text = [
  measuredBy(`bench:absence ${runs}`, `Node ${process.version}, Linux ${release()}`),
  table(['fault', 'mode', 'no route after', 'no address after', 'process ended after'], rows),
].join('\n\n')
console.log(text)
const page = new URL('../../docs/failover.md', import.meta.url)
writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), text, 'absence'))
