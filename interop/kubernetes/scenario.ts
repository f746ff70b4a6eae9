/** A scenario: something befalls the lab, and the router, the client, the Lease and the interfaces are asked what came of it. */
import type { KubernetesLab } from './lab.ts'
import type { RouterName } from './router.ts'
import type { Mode, Preload, Profile } from './softspoken.ts'

export interface Scenario {
  /** Subject, verb, outcome. */
  readonly title: string
  readonly mode: Mode
  /** Default: `fast`, 5/3/1. If nothing may move, `default`: a machine that is busy for 3 s ends a lease of `fast`. */
  readonly profile?: Profile
  /** Default: BIRD. */
  readonly router?: RouterName
  /** More options of the program. */
  readonly options?: readonly string[]
  /** As in AgentSettings. */
  readonly health?: string
  readonly preloads?: readonly Preload[]
  /** The agents may use the Lease from the start. Default: true. */
  readonly granted?: boolean
  /** The VIPs. Default: one IPv4 address. */
  readonly vips?: readonly string[]
  /** CI runs it, too. Default: true. */
  readonly inCi?: boolean
  /** Rejects if the outcome is not the expected one. The lab has just been made; no agent runs. Resolves with figures to print. */
  run(lab: KubernetesLab): Promise<unknown>
}
