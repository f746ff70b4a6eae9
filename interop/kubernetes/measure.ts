/** Injects one fault, waits until another node serves, and says how long that took for the router and for the client. */
import { type Fault, type FaultName, faults } from './faults.ts'
import type { KubernetesLab } from './lab.ts'
import type { NodeName } from './network.ts'
import { pause, until } from './until.ts'

/** Times in seconds since the fault. */
export interface Outcome {
  readonly fault: FaultName
  readonly node: NodeName
  /** When the router used another node; undefined if it did not within the limit. */
  readonly routeAfter: number | undefined
  /** For how long no request was answered: from the first to after the last that failed; 0 if none failed. */
  readonly gap: number
  /** The exit code or the signal of the agent, if it ended. */
  readonly ended: number | string | undefined
  /** Who has the VIP on an interface at the end. */
  readonly holders: readonly NodeName[]
}

const LIMIT = 60 // seconds
const AFTERWARDS = 3 // seconds of observation after another node serves

export async function measure(lab: KubernetesLab, fault: FaultName): Promise<Outcome> {
  const node = await settled(lab)
  const action: Fault = faults[fault]
  const agent = lab.agent(node)
  const at = Date.now()
  await action.inject(lab, node)
  const elsewhere = (): boolean => {
    const last = lab.answers.slice(-20)
    return lab.movedFrom(node) && last.every(({ what }) => what === lab.active)
  }
  const moved = await until(elsewhere, LIMIT, 'another node serves').then(
    () => true,
    () => false,
  )
  await pause(AFTERWARDS)
  const outcome: Outcome = {
    fault,
    node,
    routeAfter: moved
      ? seconds(at, lab.routes.find(route => route.at >= at && route.what !== node && route.what)?.at)
      : undefined,
    gap: gapAfter(lab, at),
    ended: agent.child.exitCode ?? agent.child.signalCode ?? undefined,
    holders: lab.holders,
  }
  await action.undo?.(lab, node)
  if (fault === 'kill' || fault === 'stop' || fault === 'term') {
    await agent.kill()
    lab.startAgent(node)
  }
  return outcome
}

/**
 * The node that the router uses, once every node's last advertisement is older than the minimum route advertisement interval,
 * which would delay the next one. A node that is well again may advertise only then, and get the route back.
 */
async function settled(lab: KubernetesLab): Promise<NodeName> {
  for (let tries = 0; tries < 3; tries++) {
    const node = await lab.steady()
    await pause(lab.advertisementInterval + 1)
    if (lab.active === node) return node
  }
  throw new Error('the route moves without a fault')
}

function seconds(from: number, to: number | undefined): number | undefined {
  return to === undefined ? undefined : (to - from) / 1000
}

/** From the first request after the fault that failed, to the first one after the last that failed. */
function gapAfter(lab: KubernetesLab, from: number): number {
  const asked = lab.answers.filter(({ at }) => at >= from).sort((one, other) => one.at - other.at)
  const first = asked.findIndex(({ what }) => what === undefined)
  if (first < 0) return 0
  const last = asked.findLastIndex(({ what }) => what === undefined)
  const until = asked[last + 1]?.at ?? asked[last]?.at ?? from
  return (until - (asked[first]?.at ?? from)) / 1000
}
