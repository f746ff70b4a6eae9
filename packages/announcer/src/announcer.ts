/** Keeps host routes announced to one or more peers: announces, withdraws and drains. */
import { EventEmitter } from 'node:events'
import { type Clock, type Logger, realTime, Session, type StopOptions } from '@softspoken/session'
import { DeadlineTimer, guardLog, notify, rejectUnknown } from '@softspoken/session/internal'
import { OptionError, type Prefix } from '@softspoken/wire'
import { renamed } from '@softspoken/wire/internal'
import { type Preference, type ResolvedPreference, withGracefulShutdown } from './advertise.ts'
import { AnnouncedRoute, type Announcement, type AnnounceOptions } from './announcement.ts'
import { AnnouncerSession } from './announcer-session.ts'
import { checkOptions, checkPreference, preferenceNames } from './check-announcement.ts'
import { type AnnouncerOptions, configure, type PeerConfig } from './config.ts'
import { type DividedRoutes, divide, nextLeaseEnd } from './desired-routes.ts'
import type { AnnouncerEvents } from './events.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import { keepDeadline } from './kernel-deadline.ts'
import { leasesFirst } from './lease.ts'
import { type LogLine, PeerRoutes, type PeerRoutesOptions } from './peer-routes.ts'
import { withdrawnReason } from './reasons.ts'
import { type AnnouncerStatus, statusOf } from './status.ts'

/**
 * Announces host routes. Its sessions start when it is made, so that they are established before the first route.
 *
 * {@link AnnouncerEvents} has its events: `announcer.on('withdrawn', ({ prefix, reason }) => …)`.
 */
export class Announcer extends EventEmitter<AnnouncerEvents> implements AsyncDisposable {
  /** One for each peer, in their order; for their events, and for a Listener. */
  readonly sessions: readonly AnnouncerSession[]
  readonly #peers: readonly PeerRoutes[]
  /** What was given to announce(), until it is withdrawn. */
  readonly #announced = new Map<Prefix, AnnouncedRoute>()
  readonly #maxPrefixes: number
  readonly #drainTime: number
  readonly #gracefulShutdownTime: number
  readonly #clock: Clock
  readonly #log: Logger | undefined
  /** What PeerUpdates.check() has encoded already. */
  readonly #encoded = new Map<string, string>()
  readonly #timer: DeadlineTimer
  #endDeadline = (): void => {}
  #ending: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** @throws OptionError */
  constructor(options: AnnouncerOptions) {
    super()
    const { peers, maxPrefixes, drainTime, gracefulShutdownTime, advertisementInterval } = configure(options)
    this.#maxPrefixes = maxPrefixes
    this.#drainTime = drainTime
    this.#gracefulShutdownTime = gracefulShutdownTime
    this.#clock = options.clock ?? realTime
    this.#timer = new DeadlineTimer(this.#clock, () => run(this.#sync()))
    this.#log = options.log && guardLog(options.log)
    const log = this.#log
    const clock = leasesFirst(this.#clock, () => this.#expireLeases())
    const shared: Omit<PeerRoutesOptions, 'nextHop'> = {
      due: peer => run(peer.reconcile(this.#divided().desired)),
      emit: (name, event) => this.#emit(name, event),
      advertisementInterval,
      clock,
      log,
    }
    this.#peers = peers.map(config => new PeerRoutes(sessionOf(config, clock), { ...shared, nextHop: config.nextHop }))
    const ends = this.#peers.map(({ session }) => `${session.config.peer.address} port ${session.config.peer.port}`)
    const twice = ends.find((end, at) => ends.indexOf(end) !== at)
    if (twice !== undefined)
      throw new OptionError('peers', twice, 'listed once: a router takes one session from an address')
    this.sessions = this.#peers.map(({ session }) => new AnnouncerSession(session, log))
    if (options.kernelDeadline)
      this.#endDeadline = keepDeadline(options.kernelDeadline, this.#clock, log, () => {
        const now = this.#clock.now()
        return Math.min(...this.#divided().desired.map(one => one.secondsLeft(now) ?? Number.POSITIVE_INFINITY))
      })
    for (const { session } of this.#peers) {
      const peer = session.config.peer.address
      session.on('established', ({ negotiated }) => this.#emit('established', { peer, negotiated }))
      session.on('down', failure => this.#emit('down', { peer, ...failure }))
      session.start()
    }
  }

  /**
   * Announces a host route from now on: it is sent at once to every established peer, and to each other one when its
   * session is established.
   * @throws OptionError if the prefix is no host route, is announced already or exceeds maxPrefixes, or if an option is not
   * allowed; Error if the announcer is draining or stopped.
   */
  announce(prefix: string, options: AnnounceOptions = {}): Announcement {
    const { signal, ttl: _, gate: __, ...preference } = checkOptions(options)
    signal?.throwIfAborted()
    if (this.#ending) throw new Error('the announcer is draining or stopped')
    const route = hostRoute(prefix)
    if (this.#announced.has(route.prefix))
      throw new OptionError('prefix', prefix, `another one, because ${route.prefix} is announced already`)
    if (this.#announced.size >= this.#maxPrefixes)
      throw new OptionError('prefix', prefix, `within maxPrefixes, ${this.#maxPrefixes}`)
    const announced = new AnnouncedRoute(route, this.#checked(route, preference), options, this.#clock.now())
    this.#announced.set(route.prefix, announced)
    this.#follow(announced, signal)
    run(this.#sync())
    return this.#handle(announced)
  }

  /**
   * Withdraws everything, and accepts no new route; the sessions stay established. With `gracefulShutdownTime`, the routes
   * are first announced with GRACEFUL_SHUTDOWN for that time (RFC 8326); leases, gates and withdraw() act as before.
   * Resolves when `drainTime` has passed since the last withdrawal, which this call or an earlier one sent; at once if none
   * was sent.
   */
  drain(): Promise<void> {
    this.#ending ??= this.#drain()
    return this.#ending
  }

  /**
   * Drains, then ends each session with Cease and the communication (RFC 9003). Takes at most gracefulShutdownTime,
   * drainTime and about a second, whatever the peers do. Safe to call twice.
   */
  stop(communication = '', options: StopOptions = {}): Promise<void> {
    this.#stopping ??= this.drain().then(async () => {
      this.#endDeadline()
      await Promise.all(this.#peers.map(({ session }) => session.stop(communication, options)))
    })
    return this.#stopping
  }

  /** The same as stop(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** A snapshot of now. */
  status(): AnnouncerStatus {
    return statusOf(this.#announced, this.#peers, this.#clock.now())
  }

  // ---- the desired routes, and how they change

  /** A lease that has run out counts at once, even if its timer has not run. */
  #divided(): DividedRoutes {
    return divide(this.#announced.values(), this.#clock.now())
  }
  #expireLeases(): void {
    if (this.#divided().expired.length > 0) run(this.#sync())
  }

  /** Sends every peer what is due, then sets the alarm for the next lease. Returns the log lines; events follow by themselves. */
  #sync(): readonly LogLine[] {
    const { desired, expired } = this.#divided()
    const lines: LogLine[] = []
    for (const peer of this.#peers) lines.push(...peer.reconcile(desired))
    for (const { announced, cause } of expired) {
      const { prefix } = announced.route
      announced.isActive = false
      lines.push(() => this.#log?.warn({ prefix, ...cause }, 'route withheld'))
      this.#emit('withdrawn', { prefix, ...cause })
    }
    this.#timer.set(nextLeaseEnd(this.#announced.values()))
    return lines
  }
  /** Emits after the step that caused the event. */
  #emit<name extends keyof AnnouncerEvents>(name: name, event: AnnouncerEvents[name][0]): void {
    queueMicrotask(() => notify(this, this.#log, name, event as never)) // of this name
  }

  // ---- one announcement

  #has(announced: AnnouncedRoute): boolean {
    return this.#announced.get(announced.route.prefix) === announced
  }

  /** Listens to the signal and the gate, and sends to the peers before other listeners of the gate run. */
  #follow(announced: AnnouncedRoute, signal: AbortSignal | undefined): void {
    const { gate } = announced
    const aborted = (): void => this.#withdraw(announced, 'signal-aborted')
    const opened = (): void => this.#activate(announced)
    const closed = (): void => {
      const lines = this.#sync()
      queueMicrotask(() => run(lines)) // the gate logs its own line first
    }
    signal?.addEventListener('abort', aborted, { once: true })
    gate?.prependListener('up', opened).prependListener('down', closed)
    announced.release = () => {
      signal?.removeEventListener('abort', aborted)
      gate?.off('up', opened).off('down', closed)
    }
  }

  #handle(announced: AnnouncedRoute): Announcement {
    const { route, preference } = announced
    const withdraw = (): void => this.#withdraw(announced, 'withdraw-called')
    return {
      prefix: route.prefix,
      update: change => {
        if (!this.#has(announced)) throw new Error(`prefix: ${route.prefix} is withdrawn`)
        if (this.#ending) throw new Error('the announcer is draining or stopped')
        rejectUnknown(change, preferenceNames, '')
        announced.preference = this.#checked(route, { ...preference, ...change })
        run(this.#sync())
      },
      renew: () => {
        if (!announced.hasLease) throw new OptionError('ttl', undefined, 'given to announce() for renew()')
        if (!this.#has(announced)) return false
        this.#expireLeases() // if the lease has run out, the withdrawal is sent first, however late this call is
        announced.renew(this.#clock.now())
        this.#activate(announced)
        return true
      },
      withdraw,
      [Symbol.dispose]: withdraw,
    }
  }

  #activate(announced: AnnouncedRoute): void {
    announced.isActive ||= announced.withheld(this.#clock.now()) === undefined
    run(this.#sync())
  }
  #withdraw(announced: AnnouncedRoute, reason: 'signal-aborted' | 'withdraw-called'): void {
    if (!this.#has(announced)) return
    const { prefix } = announced.route
    this.#announced.delete(prefix)
    announced.release()
    run(this.#sync())
    if (announced.isActive) this.#emit('withdrawn', { prefix, ...withdrawnReason(reason) })
  }

  #checked(route: HostRoute, preference: Preference): ResolvedPreference {
    const peers = this.#peers.map(({ updates }) => updates)
    return checkPreference(route, preference, peers, this.#gracefulShutdownTime > 0, this.#encoded)
  }

  // ---- the end

  async #drain(): Promise<void> {
    if (this.#gracefulShutdownTime > 0 && this.#peers.some(peer => peer.hasRoutes)) {
      // First with GRACEFUL_SHUTDOWN (RFC 8326 §4), then withdrawn.
      for (const announced of this.#announced.values())
        announced.preference = withGracefulShutdown(announced.preference)
      run(this.#sync())
      await this.#pause(this.#gracefulShutdownTime * 1000)
    }
    const all = [...this.#announced.values()]
    this.#announced.clear()
    run(this.#sync())
    for (const announced of all) {
      announced.release()
      const { prefix } = announced.route
      if (announced.isActive) this.#emit('withdrawn', { prefix, ...withdrawnReason('draining') })
    }
    const drained = Math.max(...this.#peers.map(peer => peer.withdrawnAt)) + this.#drainTime * 1000
    await this.#pause(drained - this.#clock.now())
  }
  async #pause(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await new Promise<void>(done => this.#clock.setTimeout(done, Math.ceil(milliseconds)))
  }
}

/** @throws OptionError with the name that the caller has for the option. */
function sessionOf({ sessionOptions, callersName }: PeerConfig, clock: Clock): Session {
  try {
    return new Session({ ...sessionOptions, clock })
  } catch (error) {
    throw renamed(error, callersName)
  }
}

function run(lines: readonly LogLine[]): void {
  for (const line of lines) line()
}
