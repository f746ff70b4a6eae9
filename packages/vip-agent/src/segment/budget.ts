/**
 * What the agent sends on the segment unasked: the frame budget of docs/leases.md as data. Times are milliseconds. `step.ts`
 * sends by these numbers, and a test holds the page to them.
 */

/** Before a claim (RFC 5227 §2.1.1 has three probes in two seconds, which is too slow for a take-over). */
export const PROBES = { count: 2, spacing: 50, decideAfter: 150 } as const
/** When the announcements of a burst are sent, from its start. Kernels before Linux 4.11 ignore a second one within 1 s. */
export const BURST = [0, 1100, 3000, 7000] as const
/** Between the starts of two bursts: DEFEND_INTERVAL of RFC 5227. */
export const BURST_INTERVAL = 10_000
/** After the last announcement: switches forget a MAC address sooner than hosts forget an entry. */
export const REFRESH_INTERVAL = 60_000
/** Between the starts of two claims. */
export const CLAIM_INTERVAL = 1000
/** After a claim that was blocked. */
export const BLOCKED_INTERVAL = 10_000
/** The Lease is asked so often at most because another node claims a VIP. */
export const LOOK_INTERVAL = 10_000
/** Of one announcement: ARP has a request and a reply, because some devices take one of them only. */
export const FRAMES = { arp: 2, ndp: 1 } as const

/**
 * The most frames for one VIP within a time, which includes its first moment and not its last, with so many claims that begin
 * in it. The frames of one that began before may be late.
 */
export function mostFrames(milliseconds: number, claims: number, protocol: keyof typeof FRAMES): number {
  const ofBursts = BURST.length * Math.ceil(milliseconds / BURST_INTERVAL)
  const announcements = ofBursts + Math.ceil(milliseconds / REFRESH_INTERVAL) + claims + 1
  return announcements * FRAMES[protocol] + (claims + 1) * PROBES.count
}
