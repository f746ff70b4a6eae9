/**
 * Candidates for one Lease, and everything that can happen to them at one time. Any request and any answer may arrive or
 * stay on its way, for ever if it is lost, and any process may be stopped. As often as `disturbances` says, a process is
 * killed and starts again, a machine sleeps, or a person changes the Lease: docs/leases.md has what a person may not do.
 */
import type { LeaseRecord, StoredLease } from '../src/election/lease-store.ts'
import { type Action, type ElectionConfig, type ElectionState, type Input, newElection } from '../src/election/state.ts'
import { electionStep } from '../src/election/step.ts'

export interface Schedule {
  /** How fast the clock of each candidate runs; one candidate for each. */
  readonly rates: readonly number[]
  readonly config: Omit<ElectionConfig, 'identity'>
  /** Milliseconds of each step of time, and how many steps. */
  readonly step: number
  readonly steps: number
  /** What may come, and how often. */
  readonly disturbances: { readonly kinds: readonly Disturbance[]; readonly count: number }
}
export type Disturbance = 'restart' | 'sleep' | 'person'

export type Request = Extract<Action, { readonly id: number }>
interface Candidate {
  readonly state: ElectionState
  /** Sent, and not served yet. */
  readonly requests: readonly Request[]
  /** Served, and not arrived yet. */
  readonly answers: readonly Input[]
  /** Another one after each start. */
  readonly process: number
  /** How long its machine has slept: so much less shows the monotonic clock. */
  readonly slept: number
  readonly isAsleep: boolean
  /** When its machine woke last. */
  readonly wokeAt: number | undefined
}
export interface World {
  readonly now: number
  readonly lease: StoredLease | undefined
  readonly version: number
  readonly candidates: readonly Candidate[]
  readonly processes: number
  /** The highest epoch of a leader, and which process had it. */
  readonly last: { readonly epoch: number; readonly process: number }
  /** Disturbances that may still come. */
  readonly left: number
}

/** What a person does to the Lease. A release says that the holder has stopped, which a person cannot know. */
const deeds: Readonly<Record<string, (lease: StoredLease) => LeaseRecord | undefined>> = {
  'deletes it': () => undefined,
  'names another holder': lease => ({ ...lease, holder: 'a person' }),
  'names no holder': lease => ({ ...lease, holder: '', duration: 2 }),
  'shortens the duration': lease => ({ ...lease, duration: lease.holder === '' ? 2 : 1 }),
  'lowers the epoch': lease => ({ ...lease, epoch: 0 }),
  'raises the epoch': lease => ({ ...lease, epoch: lease.epoch + 50 }),
}

export class Worlds {
  readonly #schedule: Schedule

  constructor(schedule: Schedule) {
    this.#schedule = schedule
  }

  /** All candidates have just started. */
  first(): World {
    const { rates, disturbances } = this.#schedule
    const none = { requests: [], answers: [], slept: 0, isAsleep: false, wokeAt: undefined }
    const candidates = rates.map((_, i) => ({ ...none, state: this.#newState(i), process: i }))
    const last = { epoch: 0, process: -1 }
    let world: World = {
      ...{ now: 0, lease: undefined, version: 0, last, left: disturbances.count },
      ...{ candidates, processes: rates.length },
    }
    for (const i of rates.keys()) world = this.#feed(world, i, { type: 'start' })
    return world
  }
  /** A step of time later. */
  later(world: World): World {
    const { step, rates } = this.#schedule
    const candidates = world.candidates.map((one, i) =>
      one.isAsleep ? { ...one, slept: one.slept + step * (rates[i] ?? 1) } : one,
    )
    return { ...world, now: world.now + step, candidates }
  }
  /** The monotonic clock. */
  clock(world: World, i: number): number {
    return this.boot(world, i) - (world.candidates[i]?.slept ?? 0)
  }
  boot(world: World, i: number): number {
    return world.now * (this.#schedule.rates[i] ?? 1)
  }

  /** The invariant that is broken. The theorem leaves out a leader that wakes: it stops within a second. */
  brokenBy(world: World): string | undefined {
    const [leader, ...others] = this.#leaders(world)
    if (others.length > 0) return 'two lead at once'
    const { last } = world
    return leader && leader.epoch <= last.epoch && leader.process !== last.process
      ? 'an epoch does not rise'
      : undefined
  }
  /** With the last leader, and without the writes that can never be applied, because the Lease has a later version. */
  settled(world: World): World {
    const { lease, last, left } = world
    const [leader] = this.#leaders(world)
    const mayBeDeleted = left > 0 && this.#schedule.disturbances.kinds.includes('person')
    const isOver = (request: Request): boolean =>
      request.type === 'create'
        ? lease !== undefined && !mayBeDeleted
        : 'version' in request && request.version !== lease?.version
    const candidates = world.candidates.map(one => ({
      ...one,
      requests: one.requests.filter(request => request.id === one.state.request?.id || !isOver(request)),
    }))
    return { ...world, candidates, last: leader && leader.epoch > last.epoch ? leader : last }
  }
  #leaders(world: World): World['last'][] {
    return world.candidates.flatMap(({ state: { leading }, process, isAsleep, wokeAt }, i) =>
      leading && this.clock(world, i) < leading.until && !isAsleep && wokeAt !== world.now
        ? [{ process, epoch: leading.epoch }]
        : [],
    )
  }

  /** Everything that can happen now, each by its name. */
  *events(world: World): Generator<[string, World]> {
    for (const [i, candidate] of world.candidates.entries()) {
      const { state, requests, answers, isAsleep } = candidate
      const name = identity(i)
      // In any order: a request that is never served is lost, and holds up none.
      for (const request of requests) {
        const later = requests.filter(one => one !== request)
        const served = serve(world, request)
        const isWrite = served !== 'conflict' && request.type !== 'get'
        const answer = state.request?.id === request.id ? [...answers, answerOf(request, served)] : answers
        const changed = isWrite ? { ...world, lease: served, version: world.version + 1 } : world
        yield [`${name}: ${request.type} is served`, withCandidate(changed, i, { requests: later, answers: answer })]
      }
      if (isAsleep) {
        const awake = withCandidate(world, i, { isAsleep: false, wokeAt: world.now })
        yield [`${name}: its machine wakes`, this.#feed(awake, i, { type: 'tick' })]
        continue
      }
      if (isDue(state, this.clock(world, i))) yield [`${name}: its timer`, this.#feed(world, i, { type: 'tick' })]
      const [answer, ...others] = answers
      if (answer) yield [`${name}: its answer`, this.#feed(withCandidate(world, i, { answers: others }), i, answer)]
    }
    if (world.left > 0) yield* this.#disturbances({ ...world, left: world.left - 1 })
  }
  *#disturbances(world: World): Generator<[string, World]> {
    const { lease, last, candidates, processes } = world
    const { kinds } = this.#schedule.disturbances
    for (const [i, { requests, isAsleep }] of candidates.entries()) {
      if (isAsleep) continue
      const name = identity(i)
      if (kinds.includes('sleep'))
        yield [`${name}: its machine falls asleep`, withCandidate(world, i, { isAsleep: true })]
      // Not covered: a process that starts while the epoch of the Lease is lost.
      if (!kinds.includes('restart') || (lease?.epoch ?? 0) < last.epoch) continue
      const orphans = requests.map(one => ({ ...one, id: -1 }))
      const fresh = { state: this.#newState(i), requests: orphans, answers: [], process: processes }
      const restarted = withCandidate({ ...world, processes: processes + 1 }, i, fresh)
      yield [`${name}: is killed and starts`, this.#feed(restarted, i, { type: 'start' })]
    }
    // Not covered: the epoch is lost before every process has seen it.
    if (
      !kinds.includes('person') ||
      !lease ||
      candidates.some(({ state }) => state.highest < Math.max(lease.epoch, last.epoch))
    )
      return
    for (const [name, deed] of Object.entries(deeds)) {
      const version = world.version + 1
      const record = deed(lease)
      yield [`a person: ${name}`, { ...world, version, lease: record && { ...record, version: String(version) } }]
    }
  }

  #newState(i: number): ElectionState {
    return newElection({ ...this.#schedule.config, identity: identity(i) })
  }
  #feed(world: World, i: number, input: Input): World {
    const before = world.candidates[i]
    if (before === undefined) return world
    const boot = this.boot(world, i)
    const tick = { now: this.clock(world, i), wall: boot, boot, random: 0 }
    const [state, actions] = electionStep(before.state, input, tick)
    const aborts = actions.some(({ type }) => type === 'abort')
    const sent = actions.filter((action): action is Request => 'id' in action)
    // A write that was given up may still arrive; its answer means nothing any more.
    const requests = [...before.requests, ...sent].filter(one => one.type !== 'get' || one.id === state.request?.id)
    return withCandidate(world, i, { state, requests, answers: aborts || sent.length > 0 ? [] : before.answers })
  }
}

function identity(i: number): string {
  return `node-${i}`
}
function withCandidate(world: World, i: number, change: Partial<Candidate>): World {
  return { ...world, candidates: world.candidates.map((one, at) => (at === i ? { ...one, ...change } : one)) }
}
/** A write is applied only if it names the version of the Lease; one that was deleted has none. */
function serve({ lease, version }: World, request: Request): StoredLease | undefined | 'conflict' {
  if (request.type === 'get') return lease
  if (lease?.version !== (request.type === 'create' ? undefined : request.version)) return 'conflict'
  return { ...request.record, version: String(version + 1) }
}
function answerOf({ id }: Request, served: StoredLease | undefined | 'conflict'): Input {
  return served === 'conflict'
    ? { type: 'failed', id, reason: 'conflict', detail: '' }
    : { type: 'answered', id, lease: served }
}
function isDue({ timers, request }: ElectionState, now: number): boolean {
  return Object.entries(timers).some(
    ([name, at]) =>
      at !== undefined && at <= now && !(request && (name === 'look' || name === 'claim')) && name !== 'watch',
  )
}
