/** Which faults happen when. A seed gives the same faults each time. */
import { type Chance, chance, pick } from '@softspoken/test-support/damage'
import { type NodeName, nodes } from '../network.ts'

/** `often`: its part of all faults. `seconds`: how long it lasts, at random between the two. */
export const kinds = {
  stop: { text: 'agent frozen (SIGSTOP)', often: 12, seconds: [0.5, 20] },
  kill: { text: 'agent killed (SIGKILL)', often: 8, seconds: [0.2, 12] },
  term: { text: 'agent ended (SIGTERM)', often: 8, seconds: [0.2, 12] },
  api: { text: 'node cut off from the API server', often: 16, seconds: [2, 20] },
  router: { text: 'node cut off from the router', often: 8, seconds: [0.5, 10] },
  rate: { text: 'clock of the agent 0.85 to 1.2 times as fast', often: 12, seconds: [5, 30] },
  latency: { text: 'etcd answers up to 1.5 s later', often: 6, seconds: [2, 15] },
  etcd: { text: 'etcd stopped', often: 3, seconds: [0.5, 10] },
  server: { text: 'API server killed', often: 3, seconds: [0, 8] },
  crash: { text: 'router crashed', often: 1, seconds: [0, 3] },
} as const satisfies Record<string, { text: string; often: number; seconds: readonly [number, number] }>
export type FaultKind = keyof typeof kinds

/** Seconds since the start. */
export interface PlannedFault {
  readonly kind: FaultKind
  readonly at: number
  readonly until: number
  /** `used`: the node that the router uses at that moment. Without effect on a fault of the whole lab. */
  readonly target: NodeName | 'used'
  /** From 0 up to 1: which direction, which rate, which latency. */
  readonly strength: number
}

/** Seconds between two faults on average. */
const BETWEEN = 7

export function schedule(seed: number, seconds: number): readonly PlannedFault[] {
  const random = chance(seed)
  const all: PlannedFault[] = []
  const bag = Object.entries(kinds).flatMap(([kind, { often }]) => Array<FaultKind>(often).fill(kind as FaultKind))
  for (let at = wait(random); at < seconds; at += wait(random)) {
    const kind = pick(bag, random)
    const [least, most] = kinds[kind].seconds
    const target = pick([...nodes, 'used', 'used', 'used', 'used', 'used', 'used'] as const, random)
    all.push({ kind, at, until: at + least + random() * (most - least), target, strength: random() })
  }
  return all
}

/** Exponential, so that faults overlap, and some have a calm before them. */
function wait(random: Chance): number {
  return -Math.log(1 - random()) * BETWEEN
}
