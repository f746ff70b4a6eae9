/** Keeps host routes announced to one or more peers: the desired routes, their leases and gates, and the end. */
import { EventEmitter } from 'node:events'
import {
  type Clock,
  type Logger,
  type Negotiated,
  realTime,
  Session,
  type SessionFailure,
  type SessionStatus,
  type StopOptions,
} from '@softspoken/session'
import {
  assertObject,
  DeadlineTimer,
  guardLog,
  notify,
  numberOption,
  omitUndefined,
  optionNames,
  rejectUnknown,
} from '@softspoken/session/internal'
import { type Address, OptionError, type Prefix } from '@softspoken/wire'
import { renamed } from '@softspoken/wire/internal'
import {
  type DesiredRoute,
  type Preference,
  preferenceOptions,
  type ResolvedPreference,
  resolve,
  withGracefulShutdown,
} from './advertise.ts'
import { AnnouncedRoute, type Announcement, type AnnounceOptions, announceOptions } from './announcement.ts'
import { AnnouncerSession } from './announcer-session.ts'
import { type AnnouncerOptions, configure, type PeerConfig } from './config.ts'
import { HealthGate } from './health/gate.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import { leasesFirst } from './lease.ts'
import { type LogLine, PeerRoutes, type PeerRoutesOptions } from './peer-routes.ts'
import {
  type Explanation,
  type UnsendableReason,
  type WithdrawnReason,
  type WithheldReason,
  withdrawnReason,
} from './reasons.ts'

/** A snapshot: each peer's session, and the routes it has been sent. BGP does not acknowledge routes. */
export interface AnnouncerStatus {
  /** The prefixes that the peers should have now. */
  readonly announcements: readonly Prefix[]
  /** Why a prefix that was given to announce(), and not withdrawn, is not announced now. */
  readonly withheld: Readonly<Record<Prefix, Explanation<WithheldReason>>>
  /** Seconds until each lease runs out, the caller's or the gate's, if there is one; 0 once it has. */
  readonly leases: Readonly<Record<Prefix, number>>
  readonly peers: readonly (SessionStatus & {
    /** Prefixes whose present content has been sent on this session; one that waits for the interval is not among them. */
    readonly sent: readonly Prefix[]
    /** Why prefixes cannot be sent to this peer, by prefix. */
    readonly unsendable: Readonly<Record<Prefix, Explanation<UnsendableReason>>>
  })[]
}

/** What an announcer emits. Each event comes after the step that caused it, so a listener may call back. */
export interface AnnouncerEvents {
  /**
   * No peer has this route any more: every established one has been sent its withdrawal, so an address may go now. Emitted
   * once each time a route stops being announced, whether or not a session was established.
   */
  withdrawn: [Explanation<WithdrawnReason> & { readonly prefix: Prefix }]
  /** The route has been sent to this peer. BGP does not acknowledge routes. */
  sent: [{ readonly prefix: Prefix; readonly peer: Address }]
  /** The route cannot be sent to this peer. Emitted once for a prefix on each session, as the log line is. */
  unsendable: [Explanation<UnsendableReason> & { readonly prefix: Prefix; readonly peer: Address }]
  /** The session with this peer is established, and has been sent the desired routes. */
  established: [{ readonly peer: Address; readonly negotiated: Negotiated }]
  /** A connection with this peer has ended, or an attempt at one. */
  down: [SessionFailure & { readonly peer: Address }]
}

/** An active route that must not be advertised any more. */
interface Expired {
  readonly announced: AnnouncedRoute
  readonly cause: Explanation<WithheldReason>
}

/** Announces host routes. Its sessions start when it is made, so that they are established before the first route. */
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
  /** What PeerRoutes.check() has encoded already. */
  readonly #encoded = new Map<string, string>()
  readonly #timer: DeadlineTimer
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
    const due = (peer: PeerRoutes): void => run(peer.reconcile(this.#desired()))
    const sent: PeerRoutesOptions['sent'] = event => this.#emit('sent', event)
    const unsendable: PeerRoutesOptions['unsendable'] = event => this.#emit('unsendable', event)
    this.#peers = peers.map(
      config =>
        new PeerRoutes(sessionOf(config, clock), {
          due,
          sent,
          unsendable,
          nextHop: config.nextHop,
          advertisementInterval,
          clock,
          log,
        }),
    )
    const ends = this.#peers.map(({ session }) => `${session.config.peer.address} port ${session.config.peer.port}`)
    const twice = ends.find((end, at) => ends.indexOf(end) < at)
    if (twice !== undefined)
      throw new OptionError('peers', twice, 'listed once: a router takes one session from an address')
    this.sessions = this.#peers.map(({ session }) => new AnnouncerSession(session, log))
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
    rejectUnknown(options, [...optionNames(announceOptions), 'signal', 'gate'], '')
    const { signal, ttl, gate, ...given } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new OptionError('signal', signal, 'an AbortSignal')
    signal?.throwIfAborted()
    if (this.#ending) throw new Error('the announcer is draining or stopped')
    const route = hostRoute(prefix)
    if (this.#announced.has(route.prefix))
      throw new OptionError('prefix', prefix, `another one, because ${route.prefix} is announced already`)
    if (this.#announced.size >= this.#maxPrefixes)
      throw new OptionError('prefix', prefix, `left out, because maxPrefixes is ${this.#maxPrefixes}`)
    if (ttl !== undefined) numberOption(announceOptions, 'ttl', ttl)
    if (gate !== undefined && !(gate instanceof HealthGate)) throw new OptionError('gate', gate, 'a HealthGate')
    const announced = new AnnouncedRoute(route, this.#checked(route, given), options, this.#clock.now())
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
    const now = this.#clock.now()
    const desired = this.#desired()
    const byPrefix = <value>(read: (announced: AnnouncedRoute) => value | undefined): Record<Prefix, value> =>
      omitUndefined(
        Object.fromEntries([...this.#announced].map(([prefix, announced]) => [prefix, read(announced)])),
      ) as Record<Prefix, value>
    return {
      announcements: desired.map(({ route }) => route.prefix),
      withheld: byPrefix(announced => announced.withheld(now)),
      leases: byPrefix(announced => announced.secondsLeft(now)),
      peers: this.#peers.map(peer => ({ ...peer.session.status(), ...peer.report(desired) })),
    }
  }

  // ---- the desired routes, and how they change

  /** The routes that the peers should have now. A lease that has run out counts at once, even if its timer has not run. */
  #desired(): readonly DesiredRoute[] {
    return this.#divided().desired
  }
  #expireLeases(): void {
    if (this.#divided().expired.length > 0) run(this.#sync())
  }
  /** The announced routes that may be advertised now, and the active ones that must not any more. */
  #divided(): { readonly desired: readonly AnnouncedRoute[]; readonly expired: readonly Expired[] } {
    const now = this.#clock.now()
    const desired: AnnouncedRoute[] = []
    const expired: Expired[] = []
    for (const announced of this.#announced.values()) {
      const cause = announced.withheld(now)
      if (cause === undefined) desired.push(announced)
      else if (announced.isActive) expired.push({ announced, cause })
    }
    return { desired, expired }
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
    this.#arm()
    return lines
  }
  #arm(): void {
    let next = Number.POSITIVE_INFINITY
    for (const { isActive, leaseUntil } of this.#announced.values()) if (isActive) next = Math.min(next, leaseUntil)
    this.#timer.set(next === Number.POSITIVE_INFINITY ? undefined : next)
  }
  /** Emits after the step that caused the event. */
  #emit<name extends keyof AnnouncerEvents>(name: name, ...event: AnnouncerEvents[name]): void {
    queueMicrotask(() => notify(this, this.#log, name, ...event))
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
        assertObject(change, 'preference', 'an object')
        announced.preference = this.#checked(route, { ...preference, ...change })
        run(this.#sync())
      },
      renew: () => {
        if (!announced.hasLease)
          throw new OptionError('ttl', undefined, 'given to announce(), because renew() restarts that lease')
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

  /** Throws for each mistake of the caller, before anything is sent. */
  #checked(route: HostRoute, preference: Preference): ResolvedPreference {
    rejectUnknown(preference, optionNames(preferenceOptions), '')
    const carriers = this.#peers.filter(peer => peer.carries(route))
    if (carriers.length === 0) {
      const { peer, families } = this.sessions[0]!.config // there is at least one
      const allowed = `of a family that a session carries (with ${peer.address}: ${families.join(', ')}); or give the option families with ${route.family} in it`
      throw new OptionError('prefix', route.prefix, allowed)
    }
    if (preference.localPref !== undefined && carriers.every(peer => peer.external))
      throw new OptionError(
        'localPref',
        preference.localPref,
        'left out: no peer is internal, and an external one ignores it (RFC 4271 §5.1.5)',
      )
    if (preference.prepend !== undefined && carriers.every(peer => !peer.external))
      throw new OptionError(
        'prepend',
        preference.prepend,
        'left out: no peer is external, and to an internal one it is a loop (RFC 4271 §9.1.2)',
      )
    const resolved = resolve(preference)
    const contents = this.#gracefulShutdownTime > 0 ? [withGracefulShutdown(resolved), resolved] : [resolved]
    for (const content of contents) for (const peer of this.#peers) peer.check(route, content, this.#encoded)
    return resolved
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
