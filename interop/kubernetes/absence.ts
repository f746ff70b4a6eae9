/** How long a process that hangs keeps the route in the router and the VIP on the interface. No other node may take over. */
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { freeze, inCgroup, limitMemory, makeCgroup } from './cgroup.ts'
import { KubernetesLab, VIP } from './lab.ts'
import { start } from './network.ts'
import type { AgentSettings } from './softspoken.ts'
import { pause, until } from './until.ts'

/** Seconds since the fault; undefined: it was still there after the limit. */
export interface Absence {
  readonly route: number | undefined
  readonly address: number | undefined
  readonly process: number | undefined
}

export const agents = {
  'leader, `fast`': { mode: 'leader', profile: 'fast' },
  leader: { mode: 'leader', profile: 'default' },
  'all-nodes': { mode: 'all-nodes', profile: 'default' },
} as const satisfies Record<string, Pick<AgentSettings, 'mode' | 'profile'>>
export type AgentName = keyof typeof agents

interface Hang {
  readonly text: string
  readonly controller?: 'memory' | 'freezer'
  /** Returns a process that has to be ended. */
  inject(lab: KubernetesLab, agent: ChildProcess, cgroup: string): ChildProcess | undefined
}

export const hangs = {
  stop: { text: 'SIGSTOP', inject: (_, agent) => void agent.kill('SIGSTOP') },
  loop: { text: '`while (true) {}`', inject: lab => void lab.tell('n1', 'hang') },
  memory: {
    text: 'a neighbour takes the memory of its container of 128 MiB',
    controller: 'memory',
    inject: (_, agent, cgroup) => takeMemory(agent, cgroup, true),
  },
  wait: {
    text: 'the same, and the kernel ends no process (`oom_kill_disable`)',
    controller: 'memory',
    inject: (_, agent, cgroup) => takeMemory(agent, cgroup, false),
  },
  freeze: {
    text: '`docker pause` (the freezer of cgroup v1)',
    controller: 'freezer',
    inject: (_lab, _agent, cgroup) => void freeze(cgroup, true),
  },
} as const satisfies Record<string, Hang>
export type HangName = keyof typeof hangs

/** Undefined if it needs cgroup v1, and there is none. */
export async function measureAbsence(agent: AgentName, name: HangName): Promise<Absence | undefined> {
  const hang: Hang = hangs[name]
  const cgroup = hang.controller === undefined ? '' : makeCgroup(hang.controller)
  if (cgroup === undefined) return undefined
  const settings = { ...agents[agent], options: [], vips: [VIP], preloads: ['hang'] as const }
  await using lab = await KubernetesLab.create({ agent: settings })
  if (hang.controller === 'memory') limitMemory(cgroup, 128, true)
  lab.startAgentWith('n1', cgroup === '' ? {} : { wrap: command => inCgroup(cgroup, command) })
  await lab.steady()
  await pause(2)
  const { child } = lab.agent('n1')
  const at = performance.now()
  const other = hang.inject(lab, child, cgroup)
  const after = (isGone: () => boolean): Promise<number | undefined> =>
    until(isGone, LIMIT, 'its end', 0.02).then(
      () => (performance.now() - at) / 1000,
      () => undefined,
    )
  const [route, address, process] = await Promise.all([
    after(() => lab.active === undefined),
    after(() => lab.holders.length === 0),
    after(() => child.exitCode !== null || child.signalCode !== null),
  ])
  other?.kill('SIGKILL')
  if (hang.controller === 'memory') limitMemory(cgroup, 4096, true)
  if (hang.controller === 'freezer') freeze(cgroup, false)
  return { route, address, process }
}
/** Seconds. The longest lease is the health lease of 20 s. */
export const LIMIT = 30

/** Of the two, the kernel would end the agent first. */
function takeMemory({ pid }: ChildProcess, cgroup: string, killer: boolean): ChildProcess {
  limitMemory(cgroup, 128, killer)
  writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  const take = 'const all = []; setInterval(() => all.push(Buffer.alloc(2 ** 20, 1)), 5)'
  return start('n1', inCgroup(cgroup, ['node', '-e', take]))
}
