/** Which of the announced routes the peers should have now, and which must not be advertised any more. */
import type { AnnouncedRoute } from './announcement.ts'
import type { Explanation, WithheldReason } from './reasons.ts'

export interface DividedRoutes {
  readonly desired: readonly AnnouncedRoute[]
  readonly expired: readonly Expired[]
}

/** An active route that must not be advertised any more. */
interface Expired {
  readonly announced: AnnouncedRoute
  readonly cause: Explanation<WithheldReason>
}

/** The announced routes that may be advertised now, and the active ones that must not any more. */
export function divide(all: Iterable<AnnouncedRoute>, now: number): DividedRoutes {
  const desired: AnnouncedRoute[] = []
  const expired: Expired[] = []
  for (const announced of all) {
    const cause = announced.withheld(now)
    if (cause === undefined) desired.push(announced)
    else if (announced.isActive) expired.push({ announced, cause })
  }
  return { desired, expired }
}

/** When the earliest lease of an active route runs out; Infinity if none has one. */
export function nextLeaseEnd(all: Iterable<AnnouncedRoute>): number {
  let next = Number.POSITIVE_INFINITY
  for (const { isActive, leaseUntil } of all) if (isActive) next = Math.min(next, leaseUntil)
  return next
}
