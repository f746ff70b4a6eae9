/** The data of an election: what a candidate knows and waits for. `step.ts` changes it. Times are milliseconds. */
import type { Clocks } from '../clocks.ts'
import type { Leadership, PreviousHolder } from './election.ts'
import type { LeaseRecord, StoredLease } from './lease-store.ts'
import type { ElectionReason, LeaseStoreReason } from './reasons.ts'

export interface ElectionConfig {
  readonly identity: string
  readonly leaseDuration: number
  readonly renewDeadline: number
  readonly retryPeriod: number
  readonly claimDelay: number
  /** Of one request; less than half of `renewDeadline`, so that one that hangs leaves time for another. */
  readonly requestTimeout: number
}

/** `request`: the request in flight takes too long. `look`: the next round. `claim`: the observed Lease ends. */
export type Timer = 'request' | 'look' | 'claim' | 'watch' | 'end'

export interface ElectionState {
  readonly config: ElectionConfig
  /** `resigning`: the signal was aborted; it releases the Lease, and waits for the next leader. */
  readonly phase: 'idle' | 'campaigning' | 'resigning'
  /** Present while this candidate leads. */
  readonly leading: { readonly epoch: number; readonly until: number } | undefined
  readonly observed: Observed | undefined
  /** It takes the Lease only if no other candidate does. */
  readonly isLastResort: boolean
  /** The holder before this candidate took the Lease last. */
  readonly previous: PreviousHolder
  /** With ARP: the MAC address of our frames, and whether the VIPs are claimed since the take. */
  readonly segment: { readonly mac: string; readonly hasClaimed: boolean } | undefined
  /** The highest epoch that it saw. */
  readonly highest: number
  /** Its last writes, which may have been applied even if they failed. */
  readonly writes: readonly Write[]
  /** A write is in flight or has failed, and the Lease has not been read since. */
  readonly unconfirmed: boolean
  /** The next round begins with get(), because what it knows may be out of date. */
  readonly mustLook: boolean
  readonly request: (Request & { readonly id: number }) | undefined
  /** How many requests it has made. */
  readonly requests: number
  /** This round began because a renewal is due, and not because of a report: a leader renews in it. */
  readonly isRenewal: boolean
  /** How many requests this round may still make: so no answer leads to an endless loop. */
  readonly left: number
  /** What the watch reported during the request. */
  readonly reported: { readonly lease: StoredLease | undefined } | undefined
  readonly timers: Readonly<Partial<Record<Timer, number>>>
  /** When the last watch began. */
  readonly watchedAt: number
  /** How often it still looks for the next leader before it ends. */
  readonly looks: number
  /** Why the last request failed. */
  readonly failure: Failure | undefined
  readonly isIdentityInUse: boolean
  readonly published: Leadership | undefined
  /** The clocks at the last step. */
  readonly clocks: Clocks | undefined
}

export interface Failure {
  readonly reason: LeaseStoreReason
  readonly detail: string
}

/** The Lease as it was last seen; undefined if there was none. */
interface Observed {
  readonly lease: StoredLease | undefined
  readonly seenAt: number
  /** When this candidate may take it, if it does not change. */
  readonly claimAt: number
}

/** The times in a record are its mark: another process with our identity writes other ones. */
export interface Write {
  readonly acquiredAt: number
  readonly renewedAt: number
  readonly sentAt: number
  readonly epoch: number
}

export type Request =
  | { readonly type: 'get' }
  | { readonly type: 'create'; readonly record: LeaseRecord }
  | { readonly type: 'update' | 'release'; readonly record: LeaseRecord; readonly version: string }

export type Input =
  | { readonly type: 'start' }
  /** Gives up the leadership; then looks this often for the next leader, and ends. */
  | { readonly type: 'resign'; readonly looks: number }
  | { readonly type: 'tick' }
  /** Read or renew the Lease now. */
  | { readonly type: 'look' }
  | { readonly type: 'last-resort'; readonly is: boolean }
  | { readonly type: 'advertises'; readonly mac: string; readonly hasClaimed: boolean }
  /** The answer to the request with this number. */
  | { readonly type: 'answered'; readonly id: number; readonly lease: StoredLease | undefined }
  | ({ readonly type: 'failed'; readonly id: number } & Failure)
  | { readonly type: 'watched'; readonly lease: StoredLease | undefined }
  | { readonly type: 'watch-ended' }

export type Action =
  | (Request & { readonly id: number })
  /** Abort the request in flight. */
  | { readonly type: 'abort' }
  | { readonly type: 'watch' }
  | { readonly type: 'publish'; readonly leadership: Leadership }
  /** The campaign is over: end the watch. */
  | { readonly type: 'end' }

/** The outside world at this step. */
export interface Tick extends Clocks {
  /** Drawn from 0 to 1. */
  readonly random: number
}
export type Step = readonly [ElectionState, readonly Action[]]

export function newElection(config: ElectionConfig): ElectionState {
  return {
    config,
    phase: 'idle',
    leading: undefined,
    observed: undefined,
    isLastResort: false,
    previous: undefined,
    segment: undefined,
    highest: 0,
    writes: [],
    unconfirmed: false,
    mustLook: true,
    request: undefined,
    requests: 0,
    isRenewal: false,
    left: 0,
    reported: undefined,
    timers: {},
    watchedAt: Number.NEGATIVE_INFINITY,
    looks: 0,
    failure: undefined,
    isIdentityInUse: false,
    published: undefined,
    clocks: undefined,
  }
}

/** When electionStep(state, { type: 'tick' }, …) next has work to do. No round begins while a request is in flight. */
export function nextDeadline({ timers, request, leading }: ElectionState): number | undefined {
  const { look, claim, ...others } = timers
  const all = [...Object.values(others), leading?.until, ...(request ? [] : [look, claim])]
  const known = all.filter(at => at !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** What the caller of the election should know now; undefined for nothing yet. */
export function leadershipOf(state: ElectionState, now: number): Leadership | undefined {
  const { leading, observed, failure, isIdentityInUse, config, published, request, previous } = state
  if (leading) return { leader: true, ...leading, ...(previous && { previous }) }
  if (published === undefined && request) return undefined // its first round goes on, and it may lead in a moment
  const holder = observed?.lease?.holder ?? ''
  const isOther = holder !== '' && (holder !== config.identity || isIdentityInUse)
  const isHeld = isOther && observed !== undefined && now < observed.claimAt
  const why: { readonly reason: ElectionReason; readonly detail: string } | undefined = isIdentityInUse
    ? { reason: 'identity-in-use', detail: `another process campaigns with the identity '${config.identity}'` }
    : failure
  return { leader: false, ...(isHeld && { holder }), ...why }
}
