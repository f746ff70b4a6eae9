/**
 * Measures the time from a fault of the active VIP agent until the router's next hop is the other agent, per fault, mode and
 * router, five times each. `npx --yes pnpm@12 bench:failover` takes about six minutes, and writes docs/failover.md. Needs a Docker engine.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { AgentPair, configurations, everyFault, type Fault, faults, type Mode, VIP } from '../../lab/agent-pair.ts'
import { Lab } from '../../lab/lab.ts'
import { build } from '../../lab/setup.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { intoMarkers } from '../page/markers.ts'
import { changes, watchBest } from './watch.ts'

const TIMES = 5
const daemons = ['bird', 'gobgp'] as const
const names = { bird: 'BIRD', gobgp: 'GoBGP' } as const
const modes = {
  leader: { text: 'leader', leader: true, holdTime: 90 },
  every: { text: 'all nodes', leader: false, holdTime: 9 },
} as const satisfies Record<string, Mode & { text: string }>
type ModeName = keyof typeof modes

interface Times {
  readonly daemon: keyof typeof names
  readonly mode: ModeName
  readonly fault: Fault
  /** Milliseconds until the next hop is the other agent. */
  readonly moved: number
  /** Milliseconds without any route in that time. */
  readonly without: number
}

build()
const everyMode = Object.keys(modes) as ModeName[]
const all = (await Promise.all(daemons.flatMap(daemon => everyMode.map(mode => measure(daemon, mode))))).flat()
const page = new URL('../../../docs/failover.md', import.meta.url)
const measured = report()
console.log(measured)
writeFileSync(page, intoMarkers(readFileSync(page, 'utf8'), measured))

async function measure(daemon: keyof typeof names, mode: ModeName): Promise<Times[]> {
  await using lab = await Lab.create()
  const router = await lab[daemon]({ config: configurations[daemon] })
  await using best = await watchBest(router, daemon)
  const measured: Times[] = []
  for (let time = 1; time <= TIMES; time++)
    for (const fault of everyFault) {
      await using pair = await AgentPair.start(lab, router, modes[mode])
      const { active, other } = await pair.roles()
      const faultAt = performance.timeOrigin + performance.now()
      faults[fault].inject(active)
      const since = () => changes(best.lines(), VIP).filter(({ at }) => at >= faultAt)
      const { at } = await waitFor(() => since().find(({ nextHop }) => nextHop === other.address), {
        within: 30,
        what: `${names[daemon]} to use the other agent after one was ${fault}`,
      })
      const lost = since().find(change => change.nextHop === undefined && change.at < at)
      measured.push({ daemon, mode, fault, moved: at - faultAt, without: lost ? at - lost.at : 0 })
      console.log(`${names[daemon]}, ${mode}, ${fault}: ${seconds(at - faultAt)}`)
    }
  return measured
}

function report(): string {
  const [cpu] = cpus()
  const rows = everyMode.flatMap(mode =>
    everyFault.map(fault => [
      modes[mode].text,
      faults[fault].text,
      ...daemons.flatMap(daemon => {
        const here = all.filter(one => one.daemon === daemon && one.mode === mode && one.fault === fault)
        const moved = here.map(({ moved }) => moved).sort((a, b) => a - b)
        return [
          `${seconds(median(moved))} (${seconds(moved[0]!)} to ${seconds(moved.at(-1)!)})`, // there is at least one
          seconds(median(here.map(({ without }) => without))),
        ]
      }),
    ]),
  )
  const head = ['mode', 'the agent in use is', ...daemons.flatMap(daemon => [names[daemon], 'without a route'])]
  return [
    `Made by \`npx --yes pnpm@12 bench:failover\` on ${new Date().toISOString().slice(0, 10)}: ${cpu?.model.trim()}, ${cpus().length} cores, shared with others; Node ${process.version}.`,
    'Seconds from the fault until the next hop in the router is the other agent’s: median (shortest to longest) of ' +
      `${TIMES}; and the median of how long the router had no route at all meanwhile.`,
    [head, head.map(() => '---'), ...rows].map(cells => `| ${cells.join(' | ')} |`).join('\n'),
  ].join('\n\n')
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]! // TIMES is odd
}
function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2)
}
