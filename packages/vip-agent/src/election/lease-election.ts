/** An election over a Lease: the shell of `step.ts`. It performs actions and makes no decisions. */
import { type Clock, type Logger, realTime } from '@softspoken/session'
import { assertMethods, DeadlineTimer, errorText, guardLog } from '@softspoken/session/internal'
import { readClocks } from '../clocks.ts'
import type { Election, Leadership } from './election.ts'
import { isMac, type LeaseStore, LeaseStoreError, MAX_EPOCH, type StoredLease } from './lease-store.ts'
import { electionConfig, type LeaseElectionOptions } from './options.ts'
import {
  type Action,
  type ElectionConfig,
  type ElectionState,
  type Failure,
  type Input,
  newElection,
  nextDeadline,
  type Request,
} from './state.ts'
import { electionStep } from './step.ts'

/** After its signal was aborted, a campaign looks this often for the next leader. */
const LOOKS = 2
/** Milliseconds between two log lines with one reason. */
const LOG_INTERVAL = 60_000

/**
 * An election over a Lease, with the rules of client-go's leader election. It remembers the highest epoch that it saw, so use
 * one for the life of the process. Its campaigns run one after the other.
 * @throws OptionError if an option is not allowed, or a method of `store` is missing.
 */
export function leaseElection(store: LeaseStore, options: LeaseElectionOptions): Election {
  assertMethods(store, ['get', 'create', 'update'], 'store')
  for (const name of ['release', 'watch'] as const) if (store[name] !== undefined) assertMethods(store, [name], 'store')
  return new LeaseElection(store, electionConfig(options), options)
}

/** What the caller of campaign() has not taken yet: only the last value counts. */
interface Listener {
  news: Leadership | undefined
  wake: () => void
}

class LeaseElection implements Election {
  readonly leaseDuration: number
  readonly claimDelay: number
  readonly #store: LeaseStore
  readonly #clock: Clock
  readonly #log: Logger | undefined
  readonly #timer: DeadlineTimer
  #state: ElectionState
  #listener: Listener | undefined
  /** Resolves when the campaign that runs has ended. */
  #ended = Promise.resolve()
  #end = (): void => {}
  #request = new AbortController()
  #watch = new AbortController()
  /** When each reason was logged last. */
  readonly #loggedAt = new Map<string, number>()

  constructor(store: LeaseStore, config: ElectionConfig, { log, clock = realTime }: LeaseElectionOptions) {
    this.leaseDuration = config.leaseDuration / 1000
    this.claimDelay = config.claimDelay / 1000
    this.#store = store
    this.#clock = clock
    this.#log = log && guardLog(log)
    this.#timer = new DeadlineTimer(clock, () => this.#feed({ type: 'tick' }))
    this.#state = newElection(config)
  }

  async *campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    for (let ended = this.#ended; this.#listener; ended = this.#ended) await ended
    if (signal.aborted) return
    const listener: Listener = { news: undefined, wake: () => {} }
    const woken = (): Promise<void> => new Promise(resolve => (listener.wake = resolve))
    this.#listener = listener
    this.#ended = new Promise(resolve => (this.#end = resolve))
    const resign = (): void => this.#resign(listener, LOOKS)
    signal.addEventListener('abort', resign)
    this.#feed({ type: 'start' })
    try {
      while (listener.news || this.#listener === listener) {
        const { news } = listener
        listener.news = undefined
        if (news) yield news
        else await woken()
      }
    } finally {
      signal.removeEventListener('abort', resign)
      this.#resign(listener, 0) // the caller has stopped listening: nothing waits for the next leader
      while (this.#listener === listener) await woken()
    }
  }
  advertises(mac: string, hasClaimed: boolean): void {
    this.#feed({ type: 'advertises', mac, hasClaimed })
  }
  lastResort(is: boolean): void {
    this.#feed({ type: 'last-resort', is })
  }
  look(): void {
    this.#feed({ type: 'look' })
  }
  #resign(listener: Listener, looks: number): void {
    if (this.#listener === listener) this.#feed({ type: 'resign', looks })
  }

  #feed(input: Input): void {
    const now = this.#clock.now()
    const before = this.#state
    const tick = { ...readClocks(now), random: Math.random() }
    const [next, actions] = electionStep(before, input, tick)
    this.#state = next
    this.#timer.set(nextDeadline(next))
    for (const action of actions) this.#perform(action)
    if (next.failure && next.failure !== before.failure) this.#logFailure(next.failure, now)
    if (next.isIdentityInUse && !before.isIdentityInUse)
      this.#log?.error({ identity: next.config.identity }, 'another process campaigns with the identity of this one')
  }
  #perform(action: Action): void {
    switch (action.type) {
      case 'abort':
        this.#request.abort()
        break
      case 'watch':
        this.#watch = new AbortController()
        void this.#runWatch(this.#watch.signal)
        break
      case 'publish':
        if (this.#listener) this.#listener.news = action.leadership
        this.#listener?.wake()
        break
      case 'end': {
        const { wake } = this.#listener ?? {}
        this.#listener = undefined
        this.#watch.abort()
        this.#end()
        wake?.()
        break
      }
      default:
        this.#request = new AbortController()
        void this.#runRequest(action, action.id, this.#request.signal)
    }
  }

  async #runRequest(request: Request, id: number, signal: AbortSignal): Promise<void> {
    const input = await this.#send(request, signal).then(
      (lease): Input => ({ type: 'answered', id, lease }),
      (error): Input => ({ type: 'failed', id, ...explain(error) }),
    )
    this.#feed(input)
  }
  async #send(request: Request, signal: AbortSignal): Promise<StoredLease | undefined> {
    const store = this.#store
    if (request.type === 'get') return checkLease(await store.get(signal))
    if (request.type === 'create') return checkLease(await store.create(request.record, signal))
    const { record, version } = request
    if (request.type === 'release' && store.release) return checkLease(await store.release(record, version, signal))
    return checkLease(await store.update(record, version, signal))
  }

  /** A watch that fails is no failure of the election, which also looks. */
  async #runWatch(signal: AbortSignal): Promise<void> {
    if (this.#store.watch === undefined) return
    const report = (lease: StoredLease | undefined): void => {
      if (!signal.aborted) this.#feed({ type: 'watched', lease: checkLease(lease) })
    }
    try {
      await this.#store.watch(report, signal)
    } catch (error) {
      if (!signal.aborted) this.#log?.debug(explain(error), 'watch of the Lease failed')
    }
    if (!signal.aborted) this.#feed({ type: 'watch-ended' })
  }

  #logFailure(failure: Failure, now: number): void {
    if (now - (this.#loggedAt.get(failure.reason) ?? Number.NEGATIVE_INFINITY) < LOG_INTERVAL) return
    this.#loggedAt.set(failure.reason, now)
    this.#log?.warn({ ...failure }, 'request for the Lease failed')
  }
}

function explain(error: unknown): Failure {
  if (error instanceof LeaseStoreError) return { reason: error.reason, detail: error.detail }
  return { reason: 'server-error', detail: errorText(error) } // of a caller's own store
}

/** One value of a wrong type would make each later comparison wrong. @throws LeaseStoreError */
function checkLease(lease: StoredLease | undefined): StoredLease | undefined {
  if (lease === undefined) return undefined
  const { holder, duration, epoch, acquiredAt, renewedAt, version, mac } = lease
  const isLease =
    typeof holder === 'string' &&
    typeof version === 'string' &&
    (mac === undefined || isMac(mac)) &&
    [duration, epoch].every(value => Number.isInteger(value) && value >= 0) &&
    epoch <= MAX_EPOCH &&
    [acquiredAt, renewedAt].every(value => value instanceof Date && !Number.isNaN(value.getTime()))
  if (!isLease) throw new LeaseStoreError('bad-answer', 'the store answered with something that is not a Lease')
  return lease
}
