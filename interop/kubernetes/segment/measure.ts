/** Injects one fault, waits until another node has the VIPs, and says how long that took for the client and on the wire. */
import { longestGap } from '../client/answers.ts'
import { type Fault, faults } from '../faults.ts'
import { ip, type NodeName, nodes, setLink } from '../network.ts'
import type { Moment } from '../nodes-lab.ts'
import { pause, until } from '../until.ts'
import { type SegmentLab, VIPS, type Vip } from './segment-lab.ts'

/** In the order of a table. */
export const segmentFaults = {
  kill: faults.kill,
  stop: faults.stop,
  term: faults.term,
  health: faults.health,
  apidown: faults.apidown,
  link: {
    text: 'cable to the segment cut',
    inject: (_, node) => setLink(node, 'segment', false),
    undo: (_, node) => setLink(node, 'segment', true),
  },
  // First the cables: no FIN leaves a machine without power. Its kernel may go on here, but no host hears from it.
  power: {
    text: 'node lost its power (all its cables cut, agent killed)',
    inject: (lab, node) => {
      faults.power.inject(lab, node)
      faults.kill.inject(lab, node)
    },
    undo: faults.power.undo,
  },
} as const satisfies Readonly<Record<string, Fault>>
export type SegmentFault = keyof typeof segmentFaults

/** Times in seconds since the fault; undefined if it did not happen within the limit. The slower of both VIPs counts. */
export interface SegmentOutcome {
  readonly fault: string
  /** The node that had the VIPs; undefined at the start. */
  readonly node: NodeName | undefined
  /** An administrator saw another holder of the Lease. */
  readonly leaseAfter: number | undefined
  /** The first frame of another node that claims a VIP, at a host that only listens. */
  readonly frameAfter: number | undefined
  /** The client's neighbour entries have the MAC address of another node. */
  readonly entryAfter: number | undefined
  /** The client sent the first request that another node answered. */
  readonly answerAfter: number | undefined
  /** The longest time for which no request was answered; 0 if none failed. */
  readonly gap: number
  /** How often a VIP moved. More than once: the next holder lost it, too, as on a machine that is too busy for the Lease. */
  readonly moves: number
  /** Two nodes had a VIP at once, in all. */
  readonly twoHolders: number
  /** The exit code or the signal of the agent, if it ended. */
  readonly ended: number | string | undefined
}

const LIMIT = 40 // seconds
const AFTERWARDS = 3 // seconds of observation

export async function measure(lab: SegmentLab, fault: SegmentFault): Promise<SegmentOutcome> {
  const node = await lab.steady()
  await pause(2)
  const action: Fault = segmentFaults[fault]
  const agent = lab.agent(node)
  const at = Date.now()
  await action.inject(lab, node)
  await observe(lab, node)
  const ended = agent.child.exitCode ?? agent.child.signalCode ?? undefined
  const outcome = { ...outcomeOf(lab, fault, node, at), ended }
  await action.undo?.(lab, node)
  if (ended !== undefined || fault === 'stop') {
    await agent.kill()
    lab.startAgent(node)
  }
  return outcome
}

/** From the start of all agents at once. */
export async function measureStart(lab: SegmentLab): Promise<SegmentOutcome> {
  for (const agent of lab.agents.values()) await agent.kill('SIGTERM')
  await pause(2)
  ip('-n', 'l2', 'neigh', 'flush', 'dev', 'eth0')
  const at = Date.now()
  lab.startAgent()
  await lab.steady()
  const { gap: _, ...outcome } = outcomeOf(lab, 'start', undefined, at)
  return { ...outcome, gap: 0, ended: undefined }
}

/** Each agent is ended (SIGTERM) and started again, the one that holds the VIPs last; the next follows when one is ready. */
export async function measureRolling(lab: SegmentLab): Promise<SegmentOutcome> {
  const node = await lab.steady()
  await pause(2)
  const at = Date.now()
  for (const each of [...nodes.filter(name => name !== node), node]) {
    await lab.restart(each)
  }
  await observe(lab, node)
  const outcome = outcomeOf(lab, 'rolling', node, at)
  return { ...outcome, ended: undefined }
}

/** Resolves some seconds after another node serves both VIPs, or at the limit. */
async function observe(lab: SegmentLab, node: NodeName): Promise<void> {
  const elsewhere = (): boolean =>
    lab.movedFrom(node) &&
    VIPS.every(vip => lab.answers[vip].slice(-20).every(({ what }) => what === lab.nodeOf(vip) && what !== undefined))
  await until(elsewhere, LIMIT, 'another node serves').catch(() => {})
  await pause(AFTERWARDS)
}

/** What was seen since a fault of this node. */
function outcomeOf(
  lab: SegmentLab,
  fault: string,
  node: NodeName | undefined,
  at: number,
): Omit<SegmentOutcome, 'ended'> {
  const after = (find: (vip: Vip) => number | undefined): number | undefined => {
    const times = VIPS.map(find)
    return times.includes(undefined) ? undefined : seconds(Math.max(...(times as number[])) - at)
  }
  const isOther = (mac = '') => lab.macs[mac] !== undefined && lab.macs[mac] !== node
  const first = <what>(list: readonly Moment<what>[], is: (what: what) => boolean) =>
    list.find(moment => moment.at >= at && is(moment.what))?.at
  return {
    fault,
    node,
    leaseAfter: after(() => first(lab.leaseHolders, name => nodes.some(each => each === name && each !== node))),
    frameAfter: after(
      vip => lab.capture.since(at).find(frame => frame.vip === vip && isClaim(frame.kind) && isOther(frame.mac))?.at,
    ),
    entryAfter: after(vip => first(lab.entries, what => what.vip === vip && isOther(what.mac))),
    answerAfter: after(vip => first(lab.answers[vip], name => name !== undefined && name !== node)),
    gap: Math.max(...VIPS.map(vip => longestGap(lab.answers[vip], at))),
    moves: Math.max(...VIPS.map(vip => movesSince(lab, vip, at))),
    twoHolders: Math.max(...VIPS.map(vip => twoHoldersSince(lab, vip, at))),
  }
}

export function isClaim(kind: string): boolean {
  return kind === 'request' || kind === 'reply' || kind === 'advertisement'
}

/** In seconds: for how long two nodes had the VIP at once since then. */
export function twoHoldersSince(lab: SegmentLab, vip: Vip, from: number): number {
  const having = new Set<NodeName>()
  let sum = 0
  let since = 0
  const add = (until: number): void => {
    if (having.size > 1) sum += Math.max(0, until - Math.max(since, from))
    since = until
  }
  for (const { at, what } of lab.holdings.filter(each => each.what.vip === vip)) {
    add(at)
    if (what.has) having.add(what.node)
    else having.delete(what.node)
  }
  add(Date.now())
  return seconds(sum)
}

/** How often the client's entry got the MAC address of another node since then. */
function movesSince(lab: SegmentLab, vip: Vip, from: number): number {
  let node = lab.macs[lab.entries.findLast(({ at, what }) => at < from && what.vip === vip)?.what.mac ?? '']
  let moves = 0
  for (const { what } of lab.entries.filter(({ at, what }) => at >= from && what.vip === vip)) {
    const next = lab.macs[what.mac ?? '']
    if (next === undefined || next === node) continue
    node = next
    moves++
  }
  return moves
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000
}
