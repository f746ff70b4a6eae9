/** What a VIP agent reports: its status, its events, its log lines for changes. */
import type { EventEmitter } from 'node:events'
import type { Explanation } from '@softspoken/announcer'
import type { Clock, Logger } from '@softspoken/session'
import { notify, omitUndefined } from '@softspoken/session/internal'
import type { ElectionReason } from '../election/reasons.ts'
import type { SegmentState } from '../segment/state.ts'
import type { TakeOver, Withdrawal } from './durations.ts'
import { drainOf, isLeading, whyOutOfService, whyWithheld } from './leases.ts'
import { News } from './news.ts'
import { type AgentReason, type DrainReason, levelOf, type ServeReason } from './reasons.ts'
import type { AgentState, Mode } from './state.ts'

/**
 * `leader`: it leads the election. `standby`: it advertises with the MED of a standby. `serving`: it advertises, in all-nodes
 * mode. `waiting`: none of these; in leader mode it may still advertise for the next leader to come.
 */
export type AgentRole = 'leader' | 'standby' | 'serving' | 'waiting'

/** A snapshot. Times are seconds that are left. */
export interface AgentStatus {
  readonly mode: Mode
  readonly role: AgentRole
  /** While it leads. */
  readonly epoch?: number
  /** Another candidate that leads, if one is known. */
  readonly holder?: string
  /** Why this node does not serve; empty while it does. */
  readonly serves: Partial<Explanation<ServeReason>>
  /** While it is out of service. A leader may still hand over; then its route is in `announcer.status().announcements`. */
  readonly drained?: Explanation<DrainReason> & { readonly since?: Date }
  readonly leases: { readonly election?: number; readonly health?: number; readonly kernelDeadline?: number }
  readonly address: { readonly interface?: string; readonly present: boolean }
  /** With ARP and NDP: whether this node holds the VIPs on the segment, or why not, and a node that blocks its claim. */
  readonly arp?: {
    readonly holds: boolean
    readonly why?: Explanation<AgentReason>
    readonly blockedBy?: string
    readonly conflicts: number
    readonly framesSent: number
  }
  readonly lastElectionFailure?: ElectionFailure
}
/** `failed`: the caller's own election threw. */
export type ElectionFailure = Explanation<ElectionReason | 'failed'>

/** What an agent emits. */
export interface AgentEvents {
  role: [{ readonly role: AgentRole; readonly epoch?: number }]
  /** It serves, or not any more, and why. */
  serving: [Partial<Explanation<ServeReason>>]
  address: [{ readonly present: boolean; readonly interface?: string }]
  /** With ARP: another node claims a VIP. `blocked`: this node does not claim it, because no holder of the Lease had it. */
  conflict: [{ readonly mac: string; readonly blocked: boolean }]
  'election-failed': [ElectionFailure]
  /** This node has a part of the VIPs: how long that took, and what it had waited for. Once for each part of a take-over. */
  'take-over': [TakeOver]
  /** It does not have a part any more: how long that took, and why. Once for all VIPs. */
  withdrawal: [Withdrawal]
}

/** What is not in the state. */
interface Beside {
  /** Seconds that are left of the health lease. */
  readonly health: number | undefined
  readonly hasKernelDeadline: boolean
  readonly interfaceName: string | undefined
  readonly lastElectionFailure: ElectionFailure | undefined
  readonly framesSent: number
}

export function statusOf(state: AgentState, now: number, beside: Beside): AgentStatus {
  const { config, leadership, holder, deadline, address, addressSeen } = state
  const { health, hasKernelDeadline, interfaceName, lastElectionFailure } = beside
  const leads = isLeading(state, now) ? leadership : undefined
  const seconds = (at: number | undefined): number | undefined =>
    at === undefined || at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, (at - now) / 1000)
  return {
    mode: config.mode,
    role: roleOf(state, now),
    ...omitUndefined({ epoch: leads?.epoch, holder, drained: drainedOf(state), lastElectionFailure }),
    serves: whyOutOfService(state, now) ?? {},
    leases: omitUndefined({
      ...{ election: seconds(leads?.until), health },
      kernelDeadline: hasKernelDeadline ? seconds(deadline) : undefined,
    }),
    address: {
      ...omitUndefined({ interface: interfaceName }),
      present: config.managesAddress ? address.status === 'present' : addressSeen,
    },
    ...(state.segment && { arp: arpOf(state.segment, beside.framesSent, whyWithheld(state, now)) }),
  }
}

function arpOf(
  { phase, blockedBy, conflicts }: SegmentState,
  framesSent: number,
  why: Explanation<AgentReason>,
): NonNullable<AgentStatus['arp']> {
  const holds = phase === 'holding'
  return { holds, ...(!holds && { why }), ...omitUndefined({ blockedBy }), conflicts, framesSent }
}
function drainedOf(state: AgentState): AgentStatus['drained'] {
  const drain = drainOf(state)
  if (drain === undefined || drain.reason === 'starting') return undefined
  const { reason, detail, since } = drain
  return { reason, detail, ...(since !== undefined && { since: new Date(since) }) }
}
function roleOf(state: AgentState, now: number): AgentRole {
  if (isLeading(state, now)) return 'leader'
  const { route, config } = state
  if (route === undefined || config.mode === 'leader') return 'waiting'
  return config.mode === 'all-nodes' ? 'serving' : 'standby'
}

/** Logs each change once, and emits it. */
export class Reporter {
  readonly #emitter: EventEmitter<AgentEvents>
  readonly #log: Logger
  readonly #vips: readonly string[]
  readonly #interface: string | undefined
  #role: AgentRole = 'waiting'
  #epoch: number | undefined
  readonly #whyNot: News
  readonly #failures: News
  #serving = false
  #isPresent = false
  #addressError: string | undefined
  #blockedBy: string | undefined
  #lastElectionFailure: ElectionFailure | undefined

  constructor(
    emitter: EventEmitter<AgentEvents>,
    log: Logger,
    vips: readonly string[],
    interfaceName: string | undefined,
    clock: Clock,
  ) {
    this.#whyNot = new News(clock)
    this.#failures = new News(clock)
    this.#emitter = emitter
    this.#log = log
    this.#vips = vips
    this.#interface = interfaceName
  }

  changed(state: AgentState, now: number): void {
    const { leadership, holder } = state
    const role = roleOf(state, now)
    if (role === 'leader' && role !== this.#role && state.isLastResort)
      this.#log.warn(
        omitUndefined({ detail: drainOf(state)?.detail }),
        'no other node leads, so this one does although cordoned',
      )
    this.#roleIs(role, isLeading(state, now) ? leadership?.epoch : undefined, holder)
    this.#serves(whyOutOfService(state, now), state.config.mode)
    this.#address(state.address.status === 'present')
    this.#blocked(state.segment?.blockedBy)
  }

  get lastElectionFailure(): ElectionFailure | undefined {
    return this.#lastElectionFailure
  }
  electionWorks(leads: boolean): void {
    if (leads) this.#failures.over()
    else if (this.#lastElectionFailure) this.#failures.paused()
    this.#lastElectionFailure = undefined
  }
  electionFailed(failure: ElectionFailure): void {
    this.#lastElectionFailure = failure
    if (!this.#failures.isNew(failure)) return
    this.#log.warn(failure, 'election failed')
    notify(this.#emitter, this.#log, 'election-failed', failure)
  }
  conflict(mac: string): void {
    this.#log.warn({ vips: this.#vips, interface: this.#interface, mac }, 'another node claims the VIP')
    notify(this.#emitter, this.#log, 'conflict', { mac, blocked: false })
  }
  addressFailed(error: string): void {
    if (this.#addressError !== error) this.#log.error({ vips: this.#vips, error }, 'VIP cannot be changed')
    this.#addressError = error
  }
  addressGone(): void {
    this.#log.warn({ vips: this.#vips, interface: this.#interface }, 'VIP is gone from the interface')
  }

  #blocked(mac: string | undefined): void {
    if (mac === this.#blockedBy) return
    this.#blockedBy = mac
    if (mac === undefined) return
    const fields = { vips: this.#vips, interface: this.#interface, reason: 'address-in-use', mac }
    this.#log.error(fields, 'another node has the VIP: not claimed')
    notify(this.#emitter, this.#log, 'conflict', { mac, blocked: true })
  }
  #roleIs(role: AgentRole, epoch: number | undefined, holder: string | undefined): void {
    if (role === this.#role && epoch === this.#epoch) return
    if (role === 'leader') this.#log.info({ epoch }, 'leading')
    else if (this.#role === 'leader')
      this.#log.info({ epoch: this.#epoch, ...omitUndefined({ holder }) }, 'no longer leading')
    this.#role = role
    this.#epoch = epoch
    notify(this.#emitter, this.#log, 'role', { role, ...omitUndefined({ epoch }) })
  }
  #serves(why: Explanation<ServeReason> | undefined, mode: Mode): void {
    if (why ? !this.#whyNot.isNew(why) : this.#serving) return
    this.#serving = why === undefined
    if (why === undefined) {
      this.#whyNot.over()
      if (mode === 'leader')
        this.#log.info({}, 'ready to lead') // it holds nothing yet
      else this.#log.info({}, 'serving')
    } else this.#log[levelOf(why.reason)](why, 'not serving')
    notify(this.#emitter, this.#log, 'serving', why ?? {})
  }
  #address(present: boolean): void {
    if (present === this.#isPresent) return
    this.#isPresent = present
    const named = omitUndefined({ interface: this.#interface })
    if (present) this.#addressError = undefined
    if (present) this.#log.info({ vips: this.#vips, ...named }, 'VIP added')
    else this.#log.info({ vips: this.#vips, ...named }, 'VIP removed')
    notify(this.#emitter, this.#log, 'address', { present, ...named })
  }
}
