/** The routes of one peer: sends the difference between its Adj-RIB-Out and what is desired, and reports what cannot be sent. */
import type { Clock, Logger, Session } from '@softspoken/session'
import { DeadlineTimer, errorText, RateLimit } from '@softspoken/session/internal'
import type { Address, Prefix } from '@softspoken/wire'
import { type AdjRibOut, emptyAdjRibOut, requestRefresh, restore } from './adj-rib-out.ts'
import { type DesiredRoute, endOfRib, withdrawal } from './advertise.ts'
import type { AnnouncerEvents } from './events.ts'
import { type Established, establishedWith, PeerUpdates, type Unsendable } from './peer-updates.ts'
import type { PerFamily } from './per-family.ts'
import { unsendableReason } from './reasons.ts'
import { reconcile } from './reconcile.ts'
import type { QueuedChange, SentRoutes } from './status.ts'

/** A log call, which runs after every peer has been sent its messages. */
export type LogLine = () => void

export interface PeerRoutesOptions {
  /** The peer may have to be sent something: call reconcile(). */
  readonly due: (peer: PeerRoutes) => void
  readonly emit: <name extends 'sent' | 'unsendable'>(name: name, event: AnnouncerEvents[name][0]) => void
  readonly nextHop: Address | PerFamily | undefined
  /** In seconds; undefined for the default. */
  readonly advertisementInterval: number | undefined
  readonly clock: Clock
  readonly log: Logger | undefined
}

/** The default MRAI in seconds (MinRouteAdvertisementIntervalTimer, RFC 4271 §10). */
const advertisementIntervals = { external: 30, internal: 5 } as const
const LOOK_AGAIN = 5000 // milliseconds until this host's addresses are read again
const TRY_AGAIN = 1000 // milliseconds until a withdrawal that could not be sent is tried once more

export class PeerRoutes {
  readonly session: Session
  readonly updates: PeerUpdates
  readonly #options: PeerRoutesOptions
  readonly #interval: number
  /** Set by the event `established`, and undefined again after `down`. */
  #established: Established | undefined
  #ribOut: AdjRibOut = emptyAdjRibOut
  /** End-of-RIB has been sent, if the peer supports it. */
  #complete = false
  #withdrawnAt = Number.NEGATIVE_INFINITY
  /** What a peer causes, with a new session or a ROUTE-REFRESH, is logged 20 times at once, then once in 6 s. The rest has level debug. */
  readonly #causedByPeer = new RateLimit(20, 6)
  #isNewSession = false
  /** The prefixes that this session has logged as unsendable. */
  #loggedUnsendable: readonly Prefix[] = []
  /** What could not be sent the last time, and why. */
  #failed: Readonly<Record<Prefix, Unsendable>> = {}
  /** The last error because of which nothing was sent. It is logged once. */
  #loggedError: string | undefined
  readonly #timer: DeadlineTimer

  constructor(session: Session, options: PeerRoutesOptions) {
    this.session = session
    this.#options = options
    this.#timer = new DeadlineTimer(options.clock, () => options.due(this))
    this.updates = new PeerUpdates(session.config, options.nextHop)
    const { external, internal } = advertisementIntervals
    this.#interval = (options.advertisementInterval ?? (this.updates.external ? external : internal)) * 1000
    session.on('established', ({ negotiated }) => {
      this.#established = establishedWith(negotiated, session.status().local.address)
      this.#isNewSession = true
      options.due(this)
    })
    session.on('writable', () => options.due(this))
    session.on('refresh', ({ family }) => {
      this.#ribOut = requestRefresh(this.#ribOut, family)
      options.due(this)
    })
    session.on('down', () => {
      this.#established = undefined
      this.#ribOut = emptyAdjRibOut
      this.#withdrawnAt = Number.NEGATIVE_INFINITY
      this.#loggedUnsendable = []
      this.#failed = {}
      this.#complete = false
    })
  }

  /** Its Adj-RIB-Out is not empty. */
  get hasRoutes(): boolean {
    return this.#ribOut.advertised.size > 0
  }

  /** When a withdrawal was last sent on this session, in milliseconds on the clock; now, if it waits because the peer does not read. */
  get withdrawnAt(): number {
    return this.session.backlogged ? this.#options.clock.now() : this.#withdrawnAt
  }

  /** Sends what is due. Returns the log calls, to run after every other peer has been sent its messages. It never throws. */
  reconcile(desired: readonly DesiredRoute[]): LogLine[] {
    const { clock, log } = this.#options
    try {
      const lines = this.#reconcile(desired)
      this.#loggedError = undefined
      return lines
    } catch (error) {
      const cause = unsendableReason('send-failed', errorText(error))
      const isNews = cause.detail !== this.#loggedError
      this.#loggedError = cause.detail
      this.#timer.set(clock.now() + TRY_AGAIN)
      const peer = this.session.config.peer.address
      return isNews ? [() => log?.error({ peer, ...cause }, 'route cannot be sent')] : []
    }
  }

  #reconcile(desired: readonly DesiredRoute[]): LogLine[] {
    const lines: LogLine[] = []
    const { clock, log } = this.#options
    this.#timer.set()
    const { session } = this
    const established = this.#current
    // A peer that reads too slowly gets the desired routes after `writable`.
    if (established === undefined || session.backlogged) return lines
    const { updates, unsendable, mayCome } = this.updates.sendable(desired, established)
    const now = clock.now()
    const before = this.#ribOut
    const plan = reconcile(before, updates, now, this.#interval)
    this.#ribOut = plan.next
    let { wakeAt } = plan
    const isCausedByPeer = this.#isNewSession || plan.refresh.length > 0
    const isLogged = !isCausedByPeer || this.#causedByPeer.take(now)
    this.#isNewSession = false
    const failed: Record<Prefix, Unsendable> = {}
    /** Runs a send. If it throws, the Adj-RIB-Out of these prefixes is as it was, and they are reported. */
    const attempt = (prefixes: readonly Prefix[], run: () => void): boolean => {
      try {
        run()
        return true
      } catch (error) {
        for (const prefix of prefixes) {
          failed[prefix] = unsendableReason('send-failed', errorText(error))
          wakeAt = Math.min(wakeAt, now + this.#interval)
        }
        this.#ribOut = restore(this.#ribOut, before, prefixes)
        return false
      }
    }
    const peer = session.config.peer.address
    for (const route of plan.withdraw) {
      const { prefix, family } = route
      if (attempt([prefix], () => session.send(withdrawal(family, [prefix])))) {
        this.#withdrawnAt = now
        lines.push(() => log?.info({ peer, prefix }, 'withdrawal sent'))
      } else wakeAt = Math.min(wakeAt, now + TRY_AGAIN)
    }
    const planned = plan.advertise.map(prefix => updates.get(prefix)!) // planned from these
    for (const family of plan.refresh) {
      const all = planned.filter(({ route }) => route.family === family)
      const prefixes = all.map(({ route }) => route.prefix)
      const again = all.map(({ update }) => update)
      if (!attempt(prefixes, () => session.resend(family, again))) this.#ribOut = requestRefresh(this.#ribOut, family)
    }
    for (const { route, update } of planned) {
      const { prefix, family } = route
      if (prefix in failed) continue
      if (!plan.refresh.includes(family) && !attempt([prefix], () => session.send(update))) continue
      lines.push(() => log?.[isLogged ? 'info' : 'debug']({ peer, prefix, ...update.attributes }, 'route sent'))
      this.#options.emit('sent', { prefix, peer, attributes: update.attributes })
    }
    if (!this.#complete) attempt([], () => this.#endOfRib(established))
    this.#failed = failed
    if (mayCome) wakeAt = Math.min(wakeAt, now + LOOK_AGAIN)
    lines.push(...this.#reportUnsendable({ ...unsendable, ...failed }, isLogged))
    this.#timer.set(wakeAt)
    return lines
  }

  /** Reports each prefix once on each session. */
  #reportUnsendable(unsendable: Readonly<Record<Prefix, Unsendable>>, isLogged: boolean): LogLine[] {
    const { log } = this.#options
    const peer = this.session.config.peer.address
    const lines: LogLine[] = []
    const all = Object.entries(unsendable)
    for (const [prefix, cause] of all) {
      if (this.#loggedUnsendable.includes(prefix)) continue
      this.#options.emit('unsendable', { peer, prefix, ...cause })
      lines.push(() => log?.[isLogged ? 'error' : 'debug']({ peer, prefix, ...cause }, 'route cannot be sent'))
    }
    this.#loggedUnsendable = all.map(([prefix]) => prefix)
    return lines
  }

  /** Sent once per session, after the first routes, to a peer that supports it (RFC 4724 §2, §4.1). */
  #endOfRib({ negotiated }: Established): void {
    this.#complete = true
    if (negotiated.endOfRib) for (const family of negotiated.families) this.session.send(endOfRib(family))
  }

  report(desired: readonly DesiredRoute[]): SentRoutes {
    const sent: Prefix[] = []
    const queued: Record<Prefix, QueuedChange> = {}
    const unsendable = { ...this.updates.notCarried(desired) }
    const established = this.#current
    if (established) {
      const sendable = this.updates.sendable(desired, established)
      Object.assign(unsendable, sendable.unsendable, this.#failed)
      const { advertised, advertisedAt } = this.#ribOut
      for (const [prefix, { content, update }] of sendable.updates) {
        const last = advertised.get(prefix)
        if (!last) continue
        sent.push(prefix)
        if (last.content === content) continue
        const left = (advertisedAt.get(prefix) ?? 0) + this.#interval - this.#options.clock.now()
        queued[prefix] = {
          sent: last.update.attributes,
          next: update.attributes,
          secondsLeft: Math.max(0, left / 1000),
        }
      }
    }
    return { sent, queued, unsendable }
  }

  /** Undefined unless the session is established and has emitted `established`. */
  get #current(): Established | undefined {
    return this.session.state === 'Established' ? this.#established : undefined
  }
}
