/**
 * Compares what a peer has been sent with what it should have: a pure function that returns what to send now and when to
 * look again. A withdrawal is never delayed. Two advertisements of one prefix are at least the minimum route advertisement
 * interval apart (MRAI, MinRouteAdvertisementIntervalTimer, RFC 4271 §9.2.1.1). Times are in milliseconds.
 */
import type { Family, Prefix } from '@softspoken/wire'
import type { AdjRibOut, RouteContent } from './adj-rib-out.ts'
import type { HostRoute } from './host-route.ts'

export interface Plan {
  readonly withdraw: readonly HostRoute[]
  /** Includes those of a family in `refresh`. */
  readonly advertise: readonly Prefix[]
  /** Families whose requested refresh is answered now, with all of their prefixes in `advertise`. */
  readonly refresh: readonly Family[]
  /** When to send more; Infinity if nothing waits. */
  readonly wakeAt: number
  /** The Adj-RIB-Out once all of this is sent. */
  readonly next: AdjRibOut
}

export function reconcile(
  rib: AdjRibOut,
  desired: ReadonlyMap<Prefix, RouteContent>,
  now: number,
  interval: number,
): Plan {
  const advertised = new Map(rib.advertised)
  const advertisedAt = new Map<Prefix, number>()
  for (const [prefix, at] of rib.advertisedAt) if (now < at + interval) advertisedAt.set(prefix, at)
  const refreshes = dueRefreshes(rib, desired, now, interval)
  const withdraw: HostRoute[] = []
  for (const [prefix, { route }] of rib.advertised)
    if (!desired.has(prefix)) {
      withdraw.push(route)
      advertised.delete(prefix)
    }
  const advertise: Prefix[] = []
  let { wakeAt } = refreshes
  for (const [prefix, one] of desired) {
    const last = advertised.get(prefix)
    if (last?.content === one.content && !refreshes.due.includes(one.route.family)) continue
    const tooRecent = advertisedAt.get(prefix)
    if (tooRecent !== undefined) {
      wakeAt = Math.min(wakeAt, tooRecent + interval)
      continue
    }
    advertise.push(prefix)
    advertised.set(prefix, one)
    advertisedAt.set(prefix, now)
  }
  const next = { advertised, advertisedAt, requested: new Set(refreshes.later) }
  return { withdraw, advertise, refresh: refreshes.due, wakeAt, next }
}

/**
 * Which requested families can be sent once more now. All of a family or none of it: after the end of a marked refresh the
 * peer deletes what was not in it (RFC 7313 §4), so it waits until the interval allows the last of its prefixes.
 */
function dueRefreshes(
  { requested, advertised, advertisedAt }: AdjRibOut,
  desired: ReadonlyMap<Prefix, RouteContent>,
  now: number,
  interval: number,
): { readonly due: readonly Family[]; readonly later: readonly Family[]; readonly wakeAt: number } {
  const due: Family[] = []
  const later: Family[] = []
  let wakeAt = Number.POSITIVE_INFINITY
  for (const family of requested) {
    let at = now
    for (const [prefix, { route }] of advertised)
      if (route.family === family && desired.has(prefix))
        at = Math.max(at, (advertisedAt.get(prefix) ?? Number.NEGATIVE_INFINITY) + interval)
    if (at <= now) due.push(family)
    else {
      later.push(family)
      wakeAt = Math.min(wakeAt, at)
    }
  }
  return { due, later, wakeAt }
}
