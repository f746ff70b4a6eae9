/** The state of the claim on the segment (ARP, NDP), its inputs, and its actions. Times are milliseconds. */
import type { PreviousHolder } from '../election/election.ts'

export interface SegmentConfig {
  /** Claim a VIP that another node has, even if the Lease never had a holder. */
  readonly claimInUse: boolean
  /** How long a claim waits, after the take, for the address of a holder whose lease has ended. */
  readonly claimDelay: number
}

export type SegmentInput =
  /** This node leads, and may claim the VIPs. */
  | { readonly type: 'claim'; readonly epoch: number; readonly previous: PreviousHolder }
  /** A frame says that another MAC address has a VIP. */
  | { readonly type: 'heard'; readonly mac: string }
  /** The VIPs are on the interface. */
  | { readonly type: 'address-set' }
  /** They are not, though the claim goes on. */
  | { readonly type: 'address-gone' }
  /** `mac` is undefined if the interface is gone. */
  | { readonly type: 'link'; readonly mac: string | undefined; readonly carrier: boolean }
  /** The Lease was read, or renewed, and is ours. */
  | { readonly type: 'confirmed' }
  | { readonly type: 'let-go' }
  | { readonly type: 'tick' }

export type SegmentAction =
  /** Receive frames from now on. */
  | { readonly type: 'listen' }
  | { readonly type: 'end-listening' }
  /** Send one probe for each VIP. */
  | { readonly type: 'probe' }
  /** Send one announcement for each VIP. */
  | { readonly type: 'announce' }
  /** Ask the election at once whether the Lease is still ours. */
  | { readonly type: 'look' }
  /** Another MAC address claims a VIP; it is claimed in spite of that, or defended. */
  | { readonly type: 'conflict'; readonly mac: string }

/** `claiming`: before the decision. `claimed`: the address may be added. `holding`: it is there. */
type SegmentPhase = 'idle' | 'claiming' | 'claimed' | 'holding'

export interface SegmentState {
  readonly config: SegmentConfig
  readonly mac: string | undefined
  readonly carrier: boolean
  readonly phase: SegmentPhase
  readonly claim: Claim | undefined
  /** The epoch of the last claim that was decided for us. */
  readonly claimedEpoch: number | undefined
  /** A node that has a VIP: the claim is blocked. */
  readonly blockedBy: string | undefined
  /** How many announcements of the burst were sent. */
  readonly burst: { readonly startedAt: number; readonly sent: number } | undefined
  /** A burst starts when the interval has passed. */
  readonly burstWaits: boolean
  readonly lastBurstAt: number
  readonly lastClaimAt: number
  readonly lastAnnouncementAt: number
  readonly lastLookAt: number
  /** Heard while holding; it is defended against when the Lease is confirmed. */
  readonly foreign: string | undefined
  /** The last that was reported while holding. */
  readonly lastConflictAt: number
  readonly conflicts: number
}

export interface Claim {
  readonly epoch: number
  readonly previous: PreviousHolder
  /** When this node took the Lease, or could claim first. */
  readonly since: number
  /** No probe is sent before. */
  readonly startsAt: number
  readonly probes: number
  readonly lastProbeAt: number
  readonly heard: string | undefined
  /** No announcement was sent yet. */
  readonly isNew: boolean
}

const NEVER = Number.NEGATIVE_INFINITY

export function newSegment(config: SegmentConfig): SegmentState {
  return {
    config,
    mac: undefined,
    carrier: false,
    phase: 'idle',
    claim: undefined,
    claimedEpoch: undefined,
    blockedBy: undefined,
    burst: undefined,
    burstWaits: false,
    lastBurstAt: NEVER,
    lastClaimAt: NEVER,
    lastAnnouncementAt: NEVER,
    lastLookAt: NEVER,
    foreign: undefined,
    lastConflictAt: NEVER,
    conflicts: 0,
  }
}
