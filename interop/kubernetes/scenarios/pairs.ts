/** Two faults at once, which befall the leader in leader mode. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { faults } from '../faults.ts'
import type { KubernetesLab } from '../lab.ts'
import { readLease } from '../lease.ts'
import { type NodeName, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'
import { SHORT_WAIT } from './router.ts'

interface PairedFault {
  readonly text: string
  inject(lab: KubernetesLab, node: NodeName): void | Promise<void>
  repair(lab: KubernetesLab, node: NodeName): void | Promise<void>
  /** No node can lead before the repair. */
  readonly everywhere?: true
  /** Another node has to lead. */
  readonly moves?: true
}

const paired = {
  agent: {
    text: 'a killed agent',
    inject: (lab, node) => lab.agent(node).kill(),
    repair: (lab, node) => startOnDisk(lab, node),
    moves: true,
  },
  api: { ...faults.apidown, text: 'a refusing API server', repair: faults.apidown.undo, moves: true },
  etcd: {
    text: 'a paused etcd',
    inject: lab => lab.api.pauseEtcd(),
    repair: lab => lab.api.resumeEtcd(),
    everywhere: true,
  },
  link: { ...faults.uplink, text: 'a cut cable', repair: faults.uplink.undo, moves: true },
  router: {
    text: 'a router crash',
    inject: lab => lab.router.stop('SIGKILL'),
    repair: lab => lab.restartRouter(),
    everywhere: true,
  },
  disk: {
    text: 'a full disk',
    inject: (lab, node) => fill(join(diskOf(lab, node), 'rest')),
    repair: (lab, node) => rmSync(join(diskOf(lab, node), 'rest')),
  },
  clock: {
    text: 'clocks that step by an hour',
    inject: lab => stepClocks(lab, -3600, 3600, 3600),
    repair: lab => stepClocks(lab, 0, 0, 0),
  },
} as const satisfies Record<string, PairedFault>
type Name = keyof typeof paired

/** Those that CI runs. A person runs all of them. */
const inCi: readonly (readonly [Name, Name])[] = [
  ['agent', 'etcd'],
  ['agent', 'router'],
  ['agent', 'clock'],
  ['api', 'link'],
  ['api', 'disk'],
]

/** Seconds until a node leads: the Lease, its claim delay, and the advertisement interval; and how long an outage lasts. */
const [LEASE_BOUND, OUTAGE] = [12 + LATE, 8]
/** With the router: the first wait before a dial, too. */
const DIAL_BOUND = 45 + LATE

const names = Object.keys(paired) as Name[]
export const pairs: readonly Scenario[] = names.flatMap((one, at) =>
  names.slice(at + 1).map(other => ({
    title: `${paired[one].text} together with ${paired[other].text}: one node leads`,
    mode: 'leader' as const,
    preloads: ['clock'] as const,
    options: SHORT_WAIT,
    inCi: inCi.some(([first, second]) => first === one && second === other),
    run: (lab: KubernetesLab) => runPair(lab, [paired[one], paired[other]]),
  })),
)

async function runPair(lab: KubernetesLab, both: readonly PairedFault[]): Promise<unknown> {
  for (const node of nodes) startOnDisk(lab, node)
  const leader = await lab.steady()
  let at = Date.now()
  await Promise.all(both.map(fault => fault.inject(lab, leader)))
  const outages = both.filter(({ everywhere }) => everywhere)
  if (outages.length > 0) {
    await pause(OUTAGE)
    at = Date.now()
    await Promise.all(outages.map(fault => fault.repair(lab, leader)))
  }
  const moves = both.some(fault => fault.moves)
  const bound = both.includes(paired.router) ? DIAL_BOUND : LEASE_BOUND
  await until(
    () => serves(lab, at) && (!moves || lab.active !== leader),
    bound,
    () => `service: ${describe(lab)}`,
  )
  const seconds = (Date.now() - at) / 1000 - 1
  await until(
    () => lab.holders.every(node => node === lab.active),
    10 + LATE,
    () => `one VIP: ${describe(lab)}`,
  )
  const next = lab.active
  assert.equal((await readLease(lab.api))?.spec.holderIdentity, next)
  for (const fault of both) if (!outages.includes(fault)) await fault.repair(lab, leader)
  await lab.steady(DIAL_BOUND)
  if (moves) assert.equal(lab.active, next, 'the repair moves nothing')
  return { seconds }
}

/** The node that the router uses answered each request of the last second. */
function serves(lab: KubernetesLab, since: number): boolean {
  const last = lab.answers.slice(-20)
  return lab.active !== undefined && last.every(({ at, what }) => at > since && what === lab.active)
}
function describe(lab: KubernetesLab): string {
  return `route ${lab.active}, VIP on ${lab.holders}, last answer ${lab.answers.at(-1)?.what}`
}

/** The agent has its log and its state on a small disk of its own. */
function startOnDisk(lab: KubernetesLab, node: NodeName): void {
  const folder = diskOf(lab, node)
  const state = join(folder, 'state')
  if (!lab.agents.has(node)) {
    mkdirSync(folder, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])
    mkdirSync(state)
  }
  lab.startAgentWith(node, { folder, options: [...SHORT_WAIT, '--state-directory', state, '--log-level', 'debug'] })
}
function diskOf(lab: KubernetesLab, node: NodeName): string {
  return join(lab.folder, `disk-${node}`)
}
function stepClocks(lab: KubernetesLab, ...seconds: readonly number[]): void {
  for (const [at, node] of nodes.entries()) lab.tell(node, 'clock', `${seconds[at]}`)
}
function fill(file: string): void {
  for (const size of [4096, 1])
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch {}
}
