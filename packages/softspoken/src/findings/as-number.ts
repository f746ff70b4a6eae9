/** Whether our AS number may be another network's: a router that accepts it would then spread a wrong origin. */

/** For documentation (RFC 5398), and for private use (RFC 6996). */
const free = [
  [64496, 64511],
  [64512, 65534],
  [65536, 65551],
  [4_200_000_000, 4_294_967_294],
] as const

/** `place`: where it was given. */
export function asWarnings(localAs: number | undefined, place = 'localAs'): readonly string[] {
  if (localAs === undefined || free.some(([first, last]) => localAs >= first && localAs <= last)) return []
  return [
    `${place}: AS ${localAs} is a public AS number; is it yours? For private use there are 64512 to 65534 and 4200000000 to 4294967294 (RFC 6996)`,
  ]
}
