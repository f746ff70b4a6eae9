/** Injects one fault, waits until another node serves, and says how long that took for the router and for the client. */
import { longestGap } from './client/answers.ts'
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
  /** The longest time for which no request was answered; 0 if none failed. */
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
    gap: longestGap(lab.answers, at),
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
