/** ROUTE-REFRESH (RFC 2918, RFC 7313): a request for a family's routes, or a mark at the beginning or end of the answer. */
import type { Reader, Writer } from './bytes.ts'
import { assertOctets } from './error.ts'

/** A request for the routes of a family, or a mark in the answer to it (RFC 2918 §3, RFC 7313 §3.2). */
export interface RouteRefresh {
  readonly type: 'route-refresh'
  readonly afi: number
  readonly safi: number
  /** 0 request, 1 beginning of the refresh (BoRR), 2 end of the refresh (EoRR). A receiver ignores others (RFC 7313 §4). */
  readonly subtype: number
  /** Outbound route filters (RFC 5291), kept as octets. */
  readonly filters?: Uint8Array
}

export function readRouteRefresh(r: Reader): RouteRefresh {
  const afi = r.u16()
  const subtype = r.u8()
  const safi = r.u8()
  return { type: 'route-refresh', afi, safi, subtype, ...(r.left > 0 && { filters: r.take(r.left) }) }
}
export function writeRouteRefresh(w: Writer, { afi, safi, subtype, filters }: RouteRefresh): void {
  w.u16(afi, 'afi').u8(subtype, 'subtype').u8(safi, 'safi')
  if (filters === undefined) return
  assertOctets('filters', filters)
  w.put(filters)
}
