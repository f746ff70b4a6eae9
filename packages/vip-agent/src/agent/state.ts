/** The state of the VIP agent, its inputs, and its actions. Times are milliseconds on one monotonic clock. */
import type { Explanation } from '@softspoken/announcer'
import type { Leadership, PreviousHolder } from '../election/election.ts'
import { newSegment, type SegmentAction, type SegmentConfig, type SegmentState } from '../segment/state.ts'
import type { AgentReason, DrainReason } from './reasons.ts'

/** Which nodes advertise: docs/leases.md has the tables. */
export type Mode = 'all-nodes' | 'standby' | 'leader'

export interface AgentConfig {
  readonly mode: Mode
  /** The agent adds the VIPs to an interface, and removes them. */
  readonly managesAddress: boolean
  /** If it does not: the VIPs must be on some interface. */
  readonly requireAddress: boolean
  readonly destroyConnections: boolean
  /** Undefined without ARP and NDP. */
  readonly segment: SegmentConfig | undefined
  /** There are BGP sessions, and one of them has to be established. */
  readonly hasSessions: boolean
  /** How long a node without an established session still serves. */
  readonly sessionGrace: number
  /** From the withdrawal to the removal of the address. */
  readonly drainTime: number
  /** How long the announcer advertises with GRACEFUL_SHUTDOWN before it withdraws at the end (RFC 8326). */
  readonly gracefulShutdownTime: number
  /** How long the Lease is free before a cordoned node takes it; undefined: it never does. */
  readonly lastResortTime: number | undefined
}

/** What takes a node out of service. One that ends leaves the others in force. */
export type DrainSource = 'call' | 'file' | 'cordon'
export interface Drain extends Explanation<DrainReason | 'starting'> {
  /** Milliseconds since 1970, if it is known. */
  readonly since?: number
}

export type AgentInput =
  | { readonly type: 'health'; readonly up: true; readonly until: number }
  | { readonly type: 'health'; readonly up: false; readonly detail: string | undefined }
  /** `fromVip`: a VIP that is this node's own address of a session. Such a session is not counted. */
  | { readonly type: 'sessions'; readonly established: number; readonly fromVip?: string | undefined }
  /** After the route was advertised: why no established session can carry it. Undefined: one can, or none is established. */
  | { readonly type: 'unsendable'; readonly detail: string | undefined }
  | { readonly type: 'carrier'; readonly up: boolean }
  /** Of the interface of the segment. `mac` is undefined if it is gone. */
  | { readonly type: 'link'; readonly mac: string | undefined; readonly carrier: boolean }
  /** A frame says that another MAC address has a VIP. */
  | { readonly type: 'heard'; readonly mac: string }
  /** The machine was asleep, or its clock was set: the Lease may be another node's by now. */
  | { readonly type: 'clock-jumped' }
  | { readonly type: 'leadership'; readonly leadership: Leadership }
  /** The campaign is over: it was resigned, it threw, or it ended by itself. */
  | { readonly type: 'campaign-ended' }
  /** The VIPs are on the interface, at least until then. */
  | { readonly type: 'address-set'; readonly until: number }
  | { readonly type: 'address-removed' }
  | { readonly type: 'address-failed'; readonly detail: string }
  /** A VIP that the agent had set is not on the interface any more. */
  | { readonly type: 'address-gone' }
  /** If the agent manages no address: whether every VIP is on an interface. */
  | { readonly type: 'address-seen'; readonly present: boolean }
  /** Undefined: this source drains the node no longer. */
  | { readonly type: 'drain'; readonly source: DrainSource; readonly drain: Drain | undefined }
  | { readonly type: 'stop' }
  | { readonly type: 'announcer-stopped' }
  | { readonly type: 'tick' }

export type AgentAction =
  | SegmentAction
  /** Tell the election what the Lease keeps for the next holder. */
  | ({ readonly type: 'tell-election' } & Advertised)
  | { readonly type: 'campaign' }
  /** Tell the election whether this node leads only if no other one does. */
  | { readonly type: 'last-resort'; readonly is: boolean }
  /** Give up the leadership. `watch`: go on to report which candidate leads next. */
  | { readonly type: 'resign'; readonly watch: boolean }
  /** Add or renew the VIPs for the whole seconds that are left until then. */
  | { readonly type: 'set-address'; readonly until: number }
  | { readonly type: 'remove-address' }
  | { readonly type: 'destroy-connections' }
  /** Advertise, or go on to advertise, with this MED; the route ends then. No MED: the one of the caller. */
  | { readonly type: 'advertise'; readonly med?: number; readonly until: number }
  | ({ readonly type: 'withdraw' } & Explanation<AgentReason>)
  /** Withdraw for good, with GRACEFUL_SHUTDOWN first if that is configured. */
  | { readonly type: 'drain' }
  /** The kernel ends the process then, unless it is armed again. */
  | { readonly type: 'arm'; readonly at: number }
  | { readonly type: 'disarm' }
  /** Send Cease on every session. */
  | { readonly type: 'stop-announcer' }
  | { readonly type: 'done' }

export type AgentStep = readonly [AgentState, readonly AgentAction[]]

export interface AddressState {
  /** 'unknown': before the first removal, and after a step that failed. */
  readonly status: 'unknown' | 'present' | 'absent'
  readonly busy: 'set' | 'remove' | undefined
  /** It is on the interface at least until then, whether the step that runs has set its lifetime or not. */
  readonly until: number
  /** The lease end that the last step set; a renewal has another one. */
  readonly requested: number | undefined
  /** The kernel removes it within a second of this time. */
  readonly heldUntil: number
  /** Something else removed it, and it is added again. */
  readonly gone: boolean
  /** When it was added again, in the last minute. */
  readonly readded: readonly number[]
  /** Steps in a row that failed. */
  readonly failures: number
  readonly retryAt: number
  /** A removal that has failed is tried again then. */
  readonly removeAt: number
  /** Until then this node does not serve, because of `cause`. */
  readonly blockedUntil: number
  readonly cause: Explanation<'address-failed' | 'address-removed'> | undefined
}

/** A leader that ends, or is drained, has released the Lease: it keeps its route until another one leads. */
export interface HandOver {
  /** When it is over; soon after another leader is seen. */
  readonly by: number
  /** When it is over, even if no other leader is seen. */
  readonly latest: number
  /** When it is over at the earliest if the election fails meanwhile. */
  readonly least: number
  readonly med: number | undefined
}

/** On the segment: the MAC address of our frames, and whether the VIPs are claimed with it. */
export interface Advertised {
  readonly mac: string
  readonly hasClaimed: boolean
}

/** The planned end, in this order; on a segment 'removing', 'releasing', 'ceasing'. `by`: when a phase ends at the latest. */
export interface Ending {
  readonly phase: 'hand-over' | 'drain' | 'draining' | 'removing' | 'releasing' | 'ceasing' | 'done'
  readonly by: number
}

export interface AgentState {
  readonly config: AgentConfig
  /** `detail`, why it is down or will be, is undefined until it was up or a check has failed. */
  readonly health: { readonly up: boolean; readonly until: number; readonly detail: string | undefined }
  /** Undefined while there is one. */
  readonly lastSessionAt: number | undefined
  /** A VIP from which this node has a session, which cannot carry the route. */
  readonly sessionFromVip: string | undefined
  readonly sessions: number
  /** Why no session could carry the route, and until when that counts: without leadership it is not tried. */
  readonly unsendable: { readonly detail: string; readonly until: number } | undefined
  /** Undefined while there is one. */
  readonly lastCarrierAt: number | undefined
  readonly addressSeen: boolean
  /** An address of an earlier process, if there was one, is removed. */
  readonly clean: boolean
  /** 'ending': it was resigned, and has not ended yet. */
  readonly campaign: 'none' | 'running' | 'ending'
  /** 'none': not before then, after a failure. 'ending': then it is abandoned. */
  readonly campaignAt: number
  /** Campaigns in a row that failed. */
  readonly campaignFailures: number
  readonly leadership: { readonly epoch: number; readonly until: number; readonly previous: PreviousHolder } | undefined
  /** After a jump of a clock only a leadership that lasts longer counts. */
  readonly doubtedUntil: number
  /** The leadership is in doubt, and the election was not asked yet. */
  readonly mustLook: boolean
  /** Until when the Lease was confirmed last. */
  readonly confirmedUntil: number
  readonly segment: SegmentState | undefined
  /** What the election was told last. */
  readonly advertised: Advertised | undefined
  /** Another candidate that leads, as far as is known. */
  readonly holder: string | undefined
  /** This node has led since it last began to serve. */
  readonly hasLed: boolean
  readonly address: AddressState
  readonly route: { readonly med: number | undefined; readonly until: number } | undefined
  /** The address stays until then, while the routers converge. */
  readonly drainUntil: number
  /** Why this node is out of service, by each source that says so. */
  readonly drains: Readonly<Partial<Record<DrainSource, Drain>>>
  /** It is cordoned and has given way: it leads only if no other node does, and holds nothing while it does not lead. */
  readonly isLastResort: boolean
  /** The election was told that it may be one of last resort. */
  readonly toldLastResort: boolean
  readonly handOver: HandOver | undefined
  readonly ending: Ending | undefined
  /** When the kernel ends the process; undefined while it is disarmed. */
  readonly deadline: number | undefined
}

const NEVER = Number.NEGATIVE_INFINITY

export function newAgent(config: AgentConfig): AgentState {
  return {
    config,
    health: { up: false, until: NEVER, detail: undefined },
    lastSessionAt: NEVER,
    sessionFromVip: undefined,
    sessions: 0,
    unsendable: undefined,
    lastCarrierAt: undefined,
    addressSeen: false,
    clean: !config.managesAddress,
    campaign: 'none',
    campaignAt: NEVER,
    campaignFailures: 0,
    leadership: undefined,
    doubtedUntil: NEVER,
    mustLook: false,
    confirmedUntil: NEVER,
    segment: config.segment && newSegment(config.segment),
    advertised: undefined,
    holder: undefined,
    hasLed: false,
    address: {
      status: config.managesAddress ? 'unknown' : 'absent',
      busy: undefined,
      until: NEVER,
      requested: undefined,
      heldUntil: NEVER,
      gone: false,
      readded: [],
      failures: 0,
      retryAt: NEVER,
      removeAt: NEVER,
      blockedUntil: NEVER,
      cause: undefined,
    },
    route: undefined,
    drainUntil: NEVER,
    drains: {},
    isLastResort: false,
    toldLastResort: false,
    handOver: undefined,
    ending: undefined,
    deadline: undefined,
  }
}
