/** What a candidate concludes from the Lease that it sees. */
import { LAST_RESORT_WAIT, type PreviousHolder } from './election.ts'
import { isSameLease, type LeaseRecord, type StoredLease, UNCLAIMED } from './lease-store.ts'
import type { ElectionState, Tick, Write } from './state.ts'

/** At random up to so many milliseconds later, so that candidates do not all ask at once. */
const MAX_JITTER = 200
/** A candidate that finds its own identity at its start waits this many retry periods for a renewal by another process. */
const OWN_IDENTITY_PERIODS = 1.25
/** A candidate that holds the Lease and does not lead waits this many retry periods longer than others. */
const LAPSED_PERIODS = 2

/** The state after the Lease was seen, undefined if there is none. */
export function observe(s: ElectionState, lease: StoredLease | undefined, t: Tick): ElectionState {
  const highest = Math.max(s.highest, lease?.epoch ?? 0)
  const own = ownWrite(s, lease)
  // If the Lease is deleted, a create that was given up may still be applied, with an epoch that another leader had.
  const writes = own || !lease ? s.writes : s.writes.filter(({ epoch }) => epoch > lease.epoch)
  const next = { ...s, highest, writes, leading: leadingAfter({ ...s, highest }, lease, own, t.now) }
  if (s.observed && isSameLease(s.observed.lease, lease)) return next
  const claimAt = claimTime(s, lease, own, t)
  const seenAt = t.now
  const isIdentityInUse = s.observed !== undefined && own === undefined && lease?.holder === s.config.identity
  return { ...next, observed: { lease, seenAt, claimAt }, isIdentityInUse }
}

/** A candidate becomes one of last resort, or is none any more: what it saw before counts from when it saw it. */
export function lastResort(s: ElectionState, isLastResort: boolean, t: Tick): ElectionState {
  const next = { ...s, isLastResort }
  const { observed } = s
  if (!observed || isLastResort === s.isLastResort) return next
  const { lease, seenAt } = observed
  const claimAt = claimTime(next, lease, ownWrite(s, lease), { ...t, now: seenAt })
  return { ...next, observed: { lease, seenAt, claimAt } }
}

/** Whether a report of the watch has nothing new: it is our own write, or was seen before. */
export function isKnown(s: ElectionState, lease: StoredLease | undefined): boolean {
  return ownWrite(s, lease) !== undefined || (s.observed !== undefined && isSameLease(s.observed.lease, lease))
}

/** Our write that made this record. The answer to that write may be lost. */
export function ownWrite(s: ElectionState, lease: LeaseRecord | undefined): Write | undefined {
  if (lease?.holder !== s.config.identity) return undefined
  return s.writes.find(
    write => write.acquiredAt === lease.acquiredAt.getTime() && write.renewedAt === lease.renewedAt.getTime(),
  )
}

/** Our record makes a leader until `renewDeadline` after it was sent; that of another holder ends the leadership at once. */
function leadingAfter(
  { config, phase, leading, highest }: ElectionState,
  lease: StoredLease | undefined,
  own: Write | undefined,
  now: number,
): ElectionState['leading'] {
  if (own === undefined) return lease && lease.holder !== '' ? undefined : leading
  if (phase !== 'campaigning') return undefined
  const until = Math.max(own.sentAt + config.renewDeadline, leading?.until ?? Number.NEGATIVE_INFINITY)
  return now < until ? { epoch: highest, until } : undefined
}

/**
 * When the Lease may be taken if it does not change. A Lease that was there and is deleted, or was emptied by a person, may
 * have a leader that does not know it yet: it counts as if it was renewed now, as each Lease does for a candidate of last
 * resort. `duration` only lengthens our own `leaseDuration`, because a person can shorten it while a leader leads.
 */
function claimTime(s: ElectionState, lease: StoredLease | undefined, own: Write | undefined, t: Tick): number {
  const { identity, leaseDuration, retryPeriod, claimDelay } = s.config
  const isFirst = s.observed === undefined
  // It lost the leadership because it could not renew in time. Others come first: their renewals may be faster.
  if (own) return own.sentAt + leaseDuration + LAPSED_PERIODS * retryPeriod
  const duration = Math.max(leaseDuration, ((lease ?? s.observed?.lease)?.duration ?? 0) * 1000)
  const ended = t.now + duration + claimDelay + t.random * MAX_JITTER
  if (s.isLastResort) return ended + LAST_RESORT_WAIT * 1000
  if (lease ? isReleased(lease, s.highest) : isFirst) return t.now
  if (isFirst && lease?.holder === identity) return t.now + OWN_IDENTITY_PERIODS * retryPeriod
  return ended
}

/** A release sets the duration to 1, as client-go does. If no epoch above 0 was seen, no candidate has had it yet. */
function isReleased({ holder, duration, epoch }: LeaseRecord, highest: number): boolean {
  return holder === '' && (duration <= 1 || Math.max(epoch, highest) === 0)
}

/** The holder of the Lease that this candidate takes; undefined if none has claimed the VIPs. */
export function previousHolder({ observed, highest }: ElectionState): PreviousHolder {
  const lease = observed?.lease
  if (lease === undefined) return highest === 0 ? undefined : { released: false }
  const { holder, duration, epoch, mac } = lease
  const isReleasedByHolder = lease.acquiredAt.getTime() === lease.renewedAt.getTime()
  if (mac === UNCLAIMED || (holder === '' && duration !== 1 && Math.max(epoch, highest) === 0)) return undefined
  if (!isReleased(lease, highest)) return { ...(mac !== undefined && { mac }), released: false }
  // A person may have emptied the Lease while its holder leads: a release sets both times.
  return { ...(mac !== undefined && isReleasedByHolder && { mac }), released: true }
}
