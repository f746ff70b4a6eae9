/**
 * An election over a Lease as a pure function, with the rules of client-go's leader election:
 *
 *     electionStep(state, input, tick) -> [state, actions]
 *
 * No clock, no store, no log. A candidate looks at the Lease each `retryPeriod`, and takes it when it was not changed for
 * its duration, by the candidate's own clock. A leader renews it each `retryPeriod`, and leads until `renewDeadline` after it
 * sent its last successful renewal. A write names the version that it replaces, so only one of two writes is applied.
 *
 * Requests come in rounds: one at a time, and at most three in a round. A round begins when a timer is due, when the watch
 * reports a change, and when the candidate starts or resigns. In a round, each answer may lead to the next request; then the
 * next round has to wait.
 */
import { JUMP, jumpBetween } from '../clocks.ts'
import { type LeaseRecord, MAX_EPOCH, type StoredLease, UNCLAIMED } from './lease-store.ts'
import { isKnown, lastResort, observe, ownWrite, previousHolder } from './observe.ts'
import {
  type Action,
  type ElectionState,
  type Failure,
  type Input,
  leadershipOf,
  type Request,
  type Step,
  type Tick,
  type Timer,
} from './state.ts'

const REQUESTS_PER_ROUND = 3
/** After the machine slept, a leader leads this long, in milliseconds, unless it renews. */
const LEFT_AFTER_SLEEP = 1000
/** Writes that are remembered. They span longer than a Lease lasts. */
const WRITES = 8

export function electionStep(state: ElectionState, input: Input, t: Tick): Step {
  // First, because after a long pause nothing of before may count, whatever the input is.
  const [s, actions] = then(noticeTime(state, t), next => handle(next, input, t))
  const leadership = state.phase === 'idle' ? undefined : leadershipOf(s, t.now)
  const isNews = leadership !== undefined && !isEqual(leadership, s.published)
  return [
    isNews ? { ...s, published: leadership } : s,
    [
      ...actions,
      ...(isNews ? [{ type: 'publish', leadership } as const] : []),
      ...(s.phase === 'idle' && state.phase !== 'idle' ? [{ type: 'end' } as const] : []),
    ],
  ]
}

function handle(s: ElectionState, input: Input, t: Tick): Step {
  switch (input.type) {
    case 'start':
      return start(s, t)
    case 'resign':
      return resign(s, input.looks, t)
    case 'tick':
      return tick(s, t)
    case 'look':
      return s.phase === 'campaigning' && !s.request ? look(s, t) : [s, []]
    case 'last-resort':
      return [lastResort(s, input.is, t), []]
    case 'advertises':
      return advertises(s, input, t)
    case 'watched':
      return watched(s, input.lease, t)
    case 'watch-ended': {
      // Each watch ends after a while. One that ends sooner than that may fail again.
      const next = Math.max(t.now, s.watchedAt + s.config.leaseDuration)
      return [s.phase === 'idle' ? s : withTimer(s, 'watch', next), []]
    }
    default: {
      const { request } = s
      if (request?.id !== input.id) return [s, []] // it was given up before
      return input.type === 'answered' ? answered(s, request, input.lease, t) : failed(s, request, input, t)
    }
  }
}

// ---- time

/**
 * A leadership that is over ends, even if its timer has not run. If the other clocks went on while ours stood still, the
 * machine was asleep: a request that was sent before may have been answered long ago, so its time is not known.
 */
function noticeTime(s: ElectionState, t: Tick): Step {
  const { clocks, leading, request } = s
  const slept = clocks ? jumpBetween(clocks, t) : 0
  const next = { ...s, clocks: { now: t.now, wall: t.wall, boot: t.boot } }
  if (slept <= JUMP) return [withoutLapsed(next, t.now), []]
  const awake: ElectionState = {
    ...withoutRequest(next),
    leading: leading && { ...leading, until: Math.min(leading.until, t.now + LEFT_AFTER_SLEEP) },
    writes: s.writes.map(write => ({ ...write, sentAt: Number.NEGATIVE_INFINITY })),
  }
  const last = withoutLapsed(awake, t.now)
  return [s.phase === 'idle' ? last : withTimer(last, 'look', t.now), request ? [{ type: 'abort' }] : []]
}

function withoutLapsed(s: ElectionState, now: number): ElectionState {
  return s.leading && now >= s.leading.until ? { ...s, leading: undefined } : s
}

function tick(s: ElectionState, t: Tick): Step {
  if (isDue(s, 'end', t)) return end(s)
  if (isDue(s, 'watch', t)) return watch(withoutTimer(s, 'watch'), t)
  const { request } = s
  if (request && isDue(s, 'request', t)) {
    const detail = `no answer within ${s.config.requestTimeout / 1000} s`
    return then([s, [{ type: 'abort' }]], next => failed(next, request, { reason: 'timeout', detail }, t))
  }
  if (request) return [s, []]
  if (isDue(s, 'claim', t)) return follow({ ...withoutTimer(s, 'claim'), left: REQUESTS_PER_ROUND }, t)
  return isDue(s, 'look', t) ? look(s, t) : [s, []]
}

// ---- rounds

function start(s: ElectionState, t: Tick): Step {
  if (s.phase !== 'idle') return [s, []]
  const campaigning = { ...s, phase: 'campaigning', mustLook: true, failure: undefined, published: undefined } as const
  return then(look(campaigning, t), next => watch(next, t))
}

function watch(s: ElectionState, t: Tick): Step {
  return [{ ...s, watchedAt: t.now }, [{ type: 'watch' }]]
}

/** Begins a round: a leader renews, a candidate looks, a candidate that resigns releases or looks. */
function look(s: ElectionState, t: Tick): Step {
  const next = { ...withTimer(s, 'look', t.now + s.config.retryPeriod), left: REQUESTS_PER_ROUND, isRenewal: true }
  if (s.phase === 'resigning') return releaseOrLook(next, t)
  return s.leading && !s.mustLook ? write(next, t) : get(next, t)
}

/** What follows from what was just seen: the next request of this round, or none. */
function follow(s: ElectionState, t: Tick): Step {
  const { observed, leading, config } = s
  const { lease } = observed ?? {}
  if (s.phase === 'resigning') {
    if (ownWrite(s, lease) || s.unconfirmed) return s.left > 0 ? releaseOrLook(s, t) : [s, []]
    return s.looks <= 0 || (lease && lease.holder !== '') ? end(s) : [s, []]
  }
  if (s.mustLook || observed === undefined) return get(s, t) // the first of a round
  const renewsNow = s.isRenewal || !ownWrite(s, lease)
  const renewAt = leading && !renewsNow ? leading.until - config.renewDeadline + config.retryPeriod : t.now
  if (t.now >= (leading ? renewAt : observed.claimAt)) return s.left > 0 ? write(s, t) : [s, []]
  return [leading ? s : withTimer(s, 'claim', observed.claimAt), []]
}

/** Takes or renews the Lease. To take it needs a higher epoch than every one that was seen. */
function write(s: ElectionState, t: Tick): Step {
  const lease = s.observed?.lease
  const renewedAt = new Date(unusedTime(s, t.wall))
  const own = ownWrite(s, lease)
  if (!own) s = { ...s, previous: previousHolder(s), segment: s.segment && { ...s.segment, hasClaimed: false } }
  const record: LeaseRecord = {
    holder: s.config.identity,
    duration: s.config.leaseDuration / 1000,
    epoch: own ? s.highest : Math.min(s.highest + 1, MAX_EPOCH),
    acquiredAt: own ? new Date(own.acquiredAt) : renewedAt,
    renewedAt,
    ...macOf(s),
  }
  const { epoch } = record
  const mark = { acquiredAt: record.acquiredAt.getTime(), renewedAt: renewedAt.getTime(), sentAt: t.now, epoch }
  const next = { ...withoutTimer(s, 'claim'), writes: [...s.writes, mark].slice(-WRITES), unconfirmed: true }
  return send(next, lease ? { type: 'update', record, version: lease.version } : { type: 'create', record }, t)
}

/** Milliseconds. Two of our writes never have the same time, also if the wall clock was set back. */
function unusedTime(s: ElectionState, wall: number): number {
  return s.writes.some(({ renewedAt }) => renewedAt === wall) ? unusedTime(s, wall + 1) : wall
}

function get(s: ElectionState, t: Tick): Step {
  return send(s, { type: 'get' }, t)
}

function send(s: ElectionState, request: Request, t: Tick): Step {
  const sent = { ...request, id: s.requests + 1 }
  const next = withTimer(s, 'request', t.now + s.config.requestTimeout)
  return [{ ...next, request: sent, requests: sent.id, left: s.left - 1, reported: undefined }, [sent]]
}

// ---- what comes back

function answered(s: ElectionState, request: Request, lease: StoredLease | undefined, t: Tick): Step {
  const { reported } = s
  // What a write stored is what was sent, so that only its version is new.
  const seen = request.type !== 'get' && lease ? { ...request.record, version: lease.version } : lease
  const next = {
    ...observe({ ...withoutRequest(s), unconfirmed: false }, seen, t),
    failure: undefined,
    mustLook: false,
    looks: s.phase === 'resigning' && request.type === 'get' ? s.looks - 1 : s.looks,
  }
  const followed: Step = request.type === 'get' || s.phase === 'resigning' ? follow(next, t) : [next, []]
  return reported ? then(followed, last => watched(last, reported.lease, t)) : followed
}

/** A conflict says that the Lease has changed, so it is read at once. After any other failure the write may have been applied. */
function failed(s: ElectionState, request: Request, { reason, detail }: Failure, t: Tick): Step {
  const next = { ...withoutRequest(s), mustLook: true }
  const isConflict = reason === 'conflict' || (reason === 'not-found' && request.type === 'update')
  if (isConflict) return s.left > 0 ? get({ ...next, unconfirmed: false }, t) : [{ ...next, unconfirmed: false }, []]
  if (s.phase !== 'resigning') return [{ ...next, failure: { reason, detail } }, []]
  // A release is tried again without a look: it may reach another server than a look does.
  const looks = request.type === 'get' ? s.looks - 1 : s.looks
  return follow({ ...next, mustLook: request.type !== 'release', failure: { reason, detail }, looks, left: 0 }, t)
}

/** A report may be late, so a leader that learns of a change asks the store. */
function watched(s: ElectionState, lease: StoredLease | undefined, t: Tick): Step {
  if (s.phase === 'idle' || isKnown(s, lease)) return [s, []]
  if (s.request) return [{ ...s, reported: { lease } }, []]
  const next = { ...s, left: REQUESTS_PER_ROUND - 1, isRenewal: false }
  return s.leading ? get(next, t) : follow(observe(next, lease, t), t)
}

// ---- the end

/** Gives up the leadership at once. The Lease is released if it is ours, or may be. */
function resign(s: ElectionState, looks: number, t: Tick): Step {
  if (s.phase === 'resigning' && !s.request) return follow({ ...s, looks: Math.min(s.looks, looks) }, t)
  if (s.phase !== 'campaigning') return [{ ...s, looks: Math.min(s.looks, looks) }, []]
  const given: Step = [
    { ...withoutTimer(withoutRequest(s), 'claim'), leading: undefined },
    s.request ? [{ type: 'abort' }] : [],
  ]
  if (ownWrite(s, s.observed?.lease) === undefined && !s.unconfirmed) return then(given, end)
  const sentAt = s.writes.at(-1)?.sentAt ?? t.now
  const endAt = Math.max(sentAt + s.config.leaseDuration, t.now + s.config.requestTimeout) // later it ends by itself
  return then(given, next => look({ ...withTimer(next, 'end', endAt), phase: 'resigning', looks, mustLook: false }, t))
}

function releaseOrLook(s: ElectionState, t: Tick): Step {
  const lease = s.observed?.lease
  if (s.mustLook || lease === undefined || ownWrite(s, lease) === undefined) return get(s, t)
  const now = new Date(t.wall)
  const times = { acquiredAt: now, renewedAt: now }
  const record: LeaseRecord = { holder: '', duration: 1, epoch: s.highest, ...times, ...macOf(s) }
  return send(s, { type: 'release', record, version: lease.version }, t)
}

/** What it knows of the Lease is kept for the next campaign. */
function end(s: ElectionState): Step {
  const actions: Action[] = s.request ? [{ type: 'abort' }] : []
  return [{ ...withoutRequest(s), phase: 'idle', timers: {} }, actions]
}

// ---- ARP

/** The Lease gets what is new at once, because the next holder needs it. */
function advertises(s: ElectionState, { mac, hasClaimed }: Extract<Input, { type: 'advertises' }>, t: Tick): Step {
  const next = { ...s, segment: { mac, hasClaimed } }
  const isNews = s.leading !== undefined && macOf(s).mac !== macOf(next).mac
  return isNews && !s.request ? look(next, t) : [next, []]
}
/** Until this candidate has claimed the VIPs, the Lease says so if no other has: else the next one would not ask for them. */
function macOf({ segment, previous }: ElectionState): { readonly mac?: string } {
  if (segment === undefined) return {}
  return { mac: previous !== undefined || segment.hasClaimed ? segment.mac : UNCLAIMED }
}

// ---- helpers

function then([s, actions]: Step, next: (s: ElectionState) => Step): Step {
  const [last, more] = next(s)
  return [last, [...actions, ...more]]
}
function isDue({ timers }: ElectionState, timer: Timer, { now }: Tick): boolean {
  return (timers[timer] ?? Number.POSITIVE_INFINITY) <= now
}
function withTimer(s: ElectionState, timer: Timer, at: number): ElectionState {
  return { ...s, timers: { ...s.timers, [timer]: at } }
}
function withoutTimer(s: ElectionState, timer: Timer): ElectionState {
  const { [timer]: _, ...timers } = s.timers
  return { ...s, timers }
}
function withoutRequest(s: ElectionState): ElectionState {
  return { ...withoutTimer(s, 'request'), request: undefined, reported: undefined }
}
function isEqual(one: object, other: object | undefined): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other ?? {})])
  return other !== undefined && [...names].every(name => Object.is(Reflect.get(one, name), Reflect.get(other, name)))
}
