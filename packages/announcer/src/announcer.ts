/** Keeps host routes announced to one or more peers: what each has been told follows the desired set, always. */
import { EventEmitter } from 'node:events'
import {
  type Clock,
  guardLog,
  type Logger,
  notify,
  realTime,
  Session,
  type SessionStatus,
  type StopOptions,
} from '@softspoken/session'
import { type Address, OptionError, type Prefix } from '@softspoken/wire'
import { lastResort, type Preference, type Resolved, resolve } from './advertise.ts'
import { AnnouncerSession } from './announcer-session.ts'
import { assertObject, assertRange, rejectUnknown } from './checks.ts'
import { type AnnouncerOptions, configure } from './config.ts'
import { HealthGate } from './health/gate.ts'
import { type HostRoute, hostRoute } from './host-route.ts'
import { hasRunOut, type Lease, leaseFrom, leasesFirst, ttlBounds } from './lease.ts'
import { PeerView, type Route } from './peer-view.ts'
import {
  type Explanation,
  type UnsendableReason,
  type WithdrawnReason,
  type WithheldReason,
  withdrawnReason,
  withheldReason,
} from './reasons.ts'

export interface AnnounceOptions extends Preference {
  /** Aborting it withdraws the route. */
  signal?: AbortSignal
  /**
   * Seconds that the announcement stands unless renew() is called; 2 to 3600. Default: it stands until it is withdrawn.
   * Time counts on while the process is stopped, but not while the whole machine sleeps.
   */
  ttl?: number
  /**
   * Announces only while this gate is up. Its own `ttl` is a lease that each check renews, beside the one given here.
   * One gate may drive several announcements; stopping it withdraws them, and is up to the caller.
   */
  gate?: HealthGate
}

/** A route that is to be announced, until it is withdrawn. */
export interface Announcement extends Disposable {
  readonly prefix: Prefix
  /**
   * Announces the same prefix in another way; an equal one sends nothing. Preferences left out are as in announce().
   * @throws OptionError as announce() does, Error once withdrawn; the former preference then stands.
   */
  update(preference: Preference): void
  /**
   * Lets the lease run for `ttl` from now. Where it has run out, the route is announced again, as soon as the
   * advertisement interval allows. False, and nothing happens, once the announcement is withdrawn: the two may race.
   * @throws Error where announce() was given no `ttl`.
   */
  renew(): boolean
  /** Tells every established peer at once. Disposing, and aborting the signal, do the same. Safe to call twice. */
  withdraw(): void
}

/** A snapshot: each peer's session, and what it has been sent. That it took it is more than BGP can tell. */
export interface AnnouncerStatus {
  /** What the peers should have now. */
  readonly announcements: readonly Prefix[]
  /** Why a prefix that was given to announce(), and not withdrawn, is not announced now. */
  readonly withheld: Readonly<Record<Prefix, Explanation<WithheldReason>>>
  /** Seconds until each lease runs out, the caller's or the gate's, where there is one; 0 where it has. */
  readonly leases: Readonly<Record<Prefix, number>>
  readonly peers: readonly (SessionStatus & {
    /** Prefixes whose present content has been sent on this session; one that waits for the interval is not among them. */
    readonly sent: readonly Prefix[]
    /** Why prefixes cannot be sent to this peer, by prefix. */
    readonly unsendable: Readonly<Record<Prefix, Explanation<UnsendableReason>>>
  })[]
}

/** What an announcer tells. Each comes after the step that caused it, so a listener may call back. */
export interface AnnouncerEvents {
  /**
   * No peer is told this route any more, and every established one has been sent its withdrawal: now an address may go.
   * Comes once each time a route stops being announced, whether or not a session stood.
   */
  withdrawn: [Explanation<WithdrawnReason> & { readonly prefix: Prefix }]
  /** The route has been sent to this peer. That it took it is more than BGP can tell. */
  sent: [{ readonly prefix: Prefix; readonly peer: Address }]
}

/** What was given to announce(), until it is withdrawn. */
interface Wanted extends Route {
  preference: Resolved
  lease: Lease | undefined
  readonly gate: HealthGate | undefined
  /** It is announced, as far as listeners have been told. */
  stands: boolean
  /** Lets go of whatever could have withdrawn it. */
  readonly release: () => void
}

/** Sessions start with the announcer, so that they stand before the first route is wanted. */
export class Announcer extends EventEmitter<AnnouncerEvents> implements AsyncDisposable {
  /** One for each peer, in their order; for their events, and for a Listener. */
  readonly sessions: readonly AnnouncerSession[]
  readonly #peers: readonly PeerView[]
  readonly #wanted = new Map<Prefix, Wanted>()
  readonly #maxPrefixes: number
  readonly #drainTime: number
  readonly #gracefulShutdownTime: number
  readonly #clock: Clock
  readonly #log: Logger | undefined
  #timer: unknown
  #ending: Promise<void> | undefined
  #stopping: Promise<void> | undefined

  /** @throws OptionError */
  constructor(options: AnnouncerOptions) {
    super()
    const { sessionOptions, maxPrefixes, drainTime, gracefulShutdownTime, nextHop, advertisementInterval } =
      configure(options)
    this.#maxPrefixes = maxPrefixes
    this.#drainTime = drainTime
    this.#gracefulShutdownTime = gracefulShutdownTime
    this.#clock = options.clock ?? realTime
    this.#log = options.log && guardLog(options.log)
    const clock = leasesFirst(this.#clock, () => this.#look())
    this.#peers = sessionOptions.map(
      given =>
        new PeerView(new Session({ ...given, clock }), {
          wanted: () => this.#standing(),
          sent: event => this.#tell('sent', event),
          nextHop,
          advertisementInterval,
          clock,
          log: this.#log,
        }),
    )
    const ends = this.#peers.map(({ session }) => `${session.config.peer.address} port ${session.config.peer.port}`)
    const twice = ends.find((end, at) => ends.indexOf(end) < at)
    if (twice !== undefined)
      throw new OptionError('peers', twice, 'listed once: a router takes one session from an address')
    this.sessions = this.#peers.map(({ session }) => new AnnouncerSession(session, this.#log))
    for (const { session } of this.#peers) session.start()
  }

  /**
   * Wants a host route announced from now on: sent at once to every established peer, and to each other one when its
   * session stands.
   * @throws OptionError if the prefix is no host route or an option is not allowed; Error if the prefix is announced
   * already, maxPrefixes is reached, or the announcer is draining or stopped.
   */
  announce(prefix: string, options: AnnounceOptions = {}): Announcement {
    assertObject(options, 'options', 'an object')
    const { signal, ttl, gate, ...given } = options
    if (signal !== undefined && !(signal instanceof AbortSignal))
      throw new OptionError('signal', signal, 'an AbortSignal')
    signal?.throwIfAborted()
    if (this.#ending) throw new Error('the announcer is draining or stopped, it announces nothing more')
    const route = hostRoute(prefix)
    if (this.#wanted.has(route.prefix)) throw new Error(`prefix: ${route.prefix} is announced already`)
    if (this.#wanted.size >= this.#maxPrefixes)
      throw new Error(`prefix: ${route.prefix} would be more than maxPrefixes, ${this.#maxPrefixes}, allows`)
    if (ttl !== undefined) assertRange(ttl, ttlBounds.min, ttlBounds.max, 'ttl', ' seconds')
    if (gate !== undefined && !(gate instanceof HealthGate)) throw new OptionError('gate', gate, 'a HealthGate')
    const preference = this.#checked(route, given)
    const aborted = (): void => this.#withdraw(wanted, 'signal-aborted')
    const opened = (): void => this.#stand(wanted)
    const closed = (): void => {
      const lines = this.#send() // the gate logs first why
      queueMicrotask(() => {
        for (const line of lines) line()
      })
    }
    const wanted: Wanted = {
      route,
      preference,
      lease: ttl === undefined ? undefined : leaseFrom(this.#clock.now(), ttl * 1000),
      gate,
      stands: gate?.up ?? true,
      release() {
        signal?.removeEventListener('abort', aborted)
        gate?.off('up', opened).off('down', closed)
      },
    }
    signal?.addEventListener('abort', aborted, { once: true })
    gate?.prependListener('up', opened).prependListener('down', closed) // the peers before other listeners
    this.#wanted.set(route.prefix, wanted)
    this.#follow()
    const withdraw = (): void => this.#withdraw(wanted, 'withdraw-called')
    return {
      prefix: route.prefix,
      update: change => {
        if (!this.#has(wanted)) throw new Error(`prefix: ${route.prefix} is withdrawn`)
        if (this.#ending) throw new Error('the announcer is draining, it changes nothing more')
        assertObject(change, 'preference', 'an object')
        wanted.preference = this.#checked(route, { ...preference, ...change })
        this.#follow()
      },
      renew: () => {
        if (ttl === undefined)
          throw new Error(`renew: ${route.prefix} has no lease to renew, announce() was given no ttl`)
        if (!this.#has(wanted)) return false
        this.#grant(wanted, ttl * 1000)
        return true
      },
      withdraw,
      [Symbol.dispose]: withdraw,
    }
  }

  /**
   * Takes nothing new, says GRACEFUL_SHUTDOWN for `gracefulShutdownTime` where that is given, and withdraws everything,
   * with the sessions left standing. Leases and gates go on until then, and withdraw() is heard at once as ever. Resolves
   * when `drainTime` has passed since the last withdrawal was sent, by this call or before it; at once where there was none.
   */
  drain(): Promise<void> {
    this.#ending ??= this.#drain()
    return this.#ending
  }

  /**
   * Drains, then ends each session with Cease and the communication (RFC 9003). At most gracefulShutdownTime, drainTime
   * and about a second, whatever the peers do. Safe to call twice.
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
    const all = [...this.#wanted]
    return {
      announcements: this.#standing().map(({ route }) => route.prefix),
      withheld: Object.fromEntries(
        all.flatMap(([prefix, wanted]) => {
          const cause = withheld(wanted, now)
          return cause === undefined ? [] : [[prefix, cause]]
        }),
      ),
      leases: Object.fromEntries(
        all.flatMap(([prefix, wanted]) => {
          const left = secondsLeft(wanted, now)
          return left === undefined ? [] : [[prefix, left]]
        }),
      ),
      peers: this.#peers.map(peer => ({ ...peer.session.status(), ...peer.report() })),
    }
  }

  #has(wanted: Wanted): boolean {
    return this.#wanted.get(wanted.route.prefix) === wanted
  }
  /** What the peers should have at this moment, whether or not any timer has run that should have. */
  #standing(): readonly Wanted[] {
    const now = this.#clock.now()
    return [...this.#wanted.values()].filter(wanted => withheld(wanted, now) === undefined)
  }

  #withdraw(wanted: Wanted, reason: 'signal-aborted' | 'withdraw-called'): void {
    if (!this.#has(wanted)) return
    this.#wanted.delete(wanted.route.prefix)
    wanted.release()
    this.#follow()
    if (wanted.stands) this.#tell('withdrawn', { prefix: wanted.route.prefix, ...withdrawnReason(reason) })
  }
  /** A lease that has run out is withdrawn first, however late we are to see it. */
  #grant(wanted: Wanted, ttl: number): void {
    this.#look()
    wanted.lease = leaseFrom(this.#clock.now(), ttl)
    this.#stand(wanted)
  }
  #stand(wanted: Wanted): void {
    wanted.stands ||= withheld(wanted, this.#clock.now()) === undefined
    this.#follow()
  }

  #look(): void {
    if (this.#overdue().length > 0) this.#follow()
  }
  #overdue(): readonly { readonly wanted: Wanted; readonly cause: Explanation<WithheldReason> }[] {
    const now = this.#clock.now()
    return [...this.#wanted.values()].flatMap(wanted => {
      const cause = wanted.stands ? withheld(wanted, now) : undefined
      return cause === undefined ? [] : [{ wanted, cause }]
    })
  }
  #follow(): void {
    for (const line of this.#send()) line()
  }
  /** Every peer is sent its own, then the alarm for the next lease is set. Returns the log lines; listeners follow by themselves. */
  #send(): (() => void)[] {
    const overdue = this.#overdue()
    const lines = this.#peers.flatMap(peer => peer.send())
    for (const { wanted, cause } of overdue) {
      const { prefix } = wanted.route
      wanted.stands = false
      lines.push(() => this.#log?.warn({ prefix, ...cause }, 'route withheld'))
      this.#tell('withdrawn', { prefix, ...cause })
    }
    this.#arm()
    return lines
  }
  #arm(): void {
    this.#clock.clearTimeout(this.#timer)
    const standing = [...this.#wanted.values()].filter(({ stands }) => stands)
    const next = Math.min(...standing.map(({ lease }) => lease?.until ?? Number.POSITIVE_INFINITY))
    if (next === Number.POSITIVE_INFINITY) return
    const rest = Math.max(0, Math.ceil(next - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => this.#follow(), rest)
  }
  #tell<name extends keyof AnnouncerEvents>(name: name, ...event: AnnouncerEvents[name]): void {
    queueMicrotask(() => notify(this, this.#log, name, ...event))
  }

  async #drain(): Promise<void> {
    if (this.#gracefulShutdownTime > 0 && this.#peers.some(peer => peer.knowsOfUs)) {
      for (const wanted of this.#wanted.values()) wanted.preference = lastResort(wanted.preference)
      this.#follow()
      await this.#pause(this.#gracefulShutdownTime * 1000)
    }
    const all = [...this.#wanted.values()]
    this.#wanted.clear()
    this.#follow()
    for (const { route, stands, release } of all) {
      release()
      if (stands) this.#tell('withdrawn', { prefix: route.prefix, ...withdrawnReason('draining') })
    }
    const drained = Math.max(...this.#peers.map(peer => peer.withdrawnAt)) + this.#drainTime * 1000
    await this.#pause(drained - this.#clock.now())
  }
  async #pause(milliseconds: number): Promise<void> {
    if (milliseconds > 0) await new Promise<void>(done => this.#clock.setTimeout(done, Math.ceil(milliseconds)))
  }

  /** Everything that can be known to be wrong now throws now, before anything is sent. A copy of the rest. */
  #checked(route: HostRoute, preference: Preference): Resolved {
    rejectUnknown(preference, preferenceNames, '')
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
    const contents = this.#gracefulShutdownTime > 0 ? [resolved, lastResort(resolved)] : [resolved]
    for (const peer of this.#peers) for (const content of contents) peer.check(route, content)
    return resolved
  }
}

const preferenceNames = ['med', 'localPref', 'communities', 'largeCommunities', 'prepend']

/** Why a route that nobody has withdrawn must not be announced. */
function withheld({ lease, gate }: Wanted, now: number): Explanation<WithheldReason> | undefined {
  if (lease !== undefined && hasRunOut(lease, now)) return withheldReason('lease-expired', lease.ttl / 1000)
  const { detail } = gate?.status() ?? {}
  return detail === undefined ? undefined : withheldReason('unhealthy', detail)
}

/** Until the earlier of its leases runs out; undefined where it has none. */
function secondsLeft({ lease, gate }: Wanted, now: number): number | undefined {
  if (lease === undefined && gate === undefined) return undefined
  const own = lease ? (lease.until - now) / 1000 : Number.POSITIVE_INFINITY
  const health = gate ? (gate.status().secondsLeft ?? 0) : Number.POSITIVE_INFINITY
  return Math.max(0, Math.min(own, health))
}
