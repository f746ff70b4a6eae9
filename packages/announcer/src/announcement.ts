/** One announcement: what the caller gave, and whether it may be advertised now. */
import type { OptionTable } from '@softspoken/session/internal'
import type { Prefix } from '@softspoken/wire'
import { type DesiredRoute, type Preference, preferenceOptions, type ResolvedPreference } from './advertise.ts'
import type { HostRoute } from './host-route.ts'
import { type Explanation, type GateReason, type WithheldReason, withheldReason } from './reasons.ts'

/** Options of announce(). */
export interface AnnounceOptions extends Preference {
  /** Aborting it withdraws the route. */
  signal?: AbortSignal
  /**
   * Seconds that the route is announced unless renew() is called; 2 to 3600. Default: until it is withdrawn. Time passes
   * while the process is stopped, but not while the whole machine sleeps.
   */
  ttl?: number
  /**
   * Announces the route only while this gate is up. The gate's own `ttl` is a lease that each check renews, beside the one
   * given here. One gate may drive several announcements; stopping it withdraws them, and is up to the caller.
   */
  gate?: Gate
}

/** Decides whether routes are announced. A HealthGate is one; a caller may make another, which emits `up` and `down`. */
export interface Gate {
  readonly up: boolean
  /** While it is down, why; while it is up, how many seconds are left of its lease. */
  status(): { readonly detail?: string; readonly secondsLeft?: number; readonly withheld?: GateReason }
  /** As that of an EventEmitter: the announcement listens before others, so that a route is withdrawn first. */
  prependListener(event: 'up' | 'down', listener: () => void): this
  /** As that of an EventEmitter. */
  off(event: 'up' | 'down', listener: () => void): this
}

/** A lease is from twice the shortest interval of a health check to an hour. */
export const announceOptions = {
  ...preferenceOptions,
  ttl: { type: 'number', min: 2, max: 3600, unit: ' seconds' },
} as const satisfies OptionTable<Omit<AnnounceOptions, 'signal' | 'gate'>>

/** A route that is announced until it is withdrawn. */
export interface Announcement extends Disposable {
  readonly prefix: Prefix
  /**
   * Announces the same prefix with another preference; an equal one sends nothing. What is left out is as in announce().
   * @throws OptionError as announce() does, and then nothing has changed; Error once it is withdrawn.
   */
  update(preference: Preference): void
  /**
   * Restarts the lease: `ttl` from now. If it has run out, the route is announced again as soon as the advertisement
   * interval allows. Returns false, and changes nothing, once the announcement is withdrawn: the two may race.
   * @throws OptionError if announce() was given no `ttl`.
   */
  renew(): boolean
  /** Sends the withdrawal to every established peer at once. Disposing and aborting the signal do the same. Safe to call twice. */
  withdraw(): void
}

/** The announcer's side of an Announcement. */
export class AnnouncedRoute implements DesiredRoute {
  readonly route: HostRoute
  preference: ResolvedPreference
  readonly gate: Gate | undefined
  readonly #ttl: number | undefined
  /** When the caller's lease runs out; Infinity if there is none. */
  leaseUntil = Number.POSITIVE_INFINITY
  /** It is advertised, or will be as soon as a session allows; `withdrawn` has not been emitted since. */
  isActive: boolean

  /** Removes the listeners of the signal and of the gate. */
  release: () => void = () => {}

  /** `ttl` is in seconds. */
  constructor(route: HostRoute, preference: ResolvedPreference, { ttl, gate }: AnnounceOptions, now: number) {
    this.route = route
    this.preference = preference
    this.gate = gate
    this.#ttl = ttl
    this.isActive = gate?.up ?? true
    if (ttl !== undefined) this.renew(now)
  }

  get hasLease(): boolean {
    return this.#ttl !== undefined
  }

  renew(now: number): void {
    if (this.#ttl !== undefined) this.leaseUntil = now + this.#ttl * 1000
  }

  /** Why it must not be advertised now, even if no timer has run; undefined if it may be. */
  withheld(now: number): Explanation<WithheldReason> | undefined {
    if (this.#ttl !== undefined && now >= this.leaseUntil) return withheldReason('lease-expired', this.#ttl)
    if (this.gate === undefined || this.gate.up) return undefined
    const { detail = '', withheld = 'unhealthy' } = this.gate.status() // it is down, so it has a detail
    return withheldReason(withheld, detail)
  }

  /** Until the earlier of its leases, the caller's and the gate's, runs out; undefined if it has none. */
  secondsLeft(now: number): number | undefined {
    if (this.#ttl === undefined && this.gate === undefined) return undefined
    const own = (this.leaseUntil - now) / 1000
    const health = this.gate ? (this.gate.status().secondsLeft ?? 0) : Number.POSITIVE_INFINITY
    return Math.max(0, Math.min(own, health))
  }
}
