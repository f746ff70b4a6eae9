import { type AfiSafi, defineCapability, parts } from './spec.ts'

/** The sender takes routes of this family: RFC 4760 §8. */
export const multiprotocol = defineCapability<AfiSafi>({
  code: 1,
  length: 4,
  strictLength: true,
  read: r => ({ afi: r.u16(), safi: r.u16() & 0xff }), // a reserved octet, then the SAFI
  write: (w, { afi, safi }) => w.u16(afi, 'afi').u8(0).u8(safi, 'safi'),
})

/** The sender takes routes of this family with a next hop of another address family. */
export interface ExtendedNextHop extends AfiSafi {
  readonly nextHopAfi: number
}

/** RFC 8950 §4. */
export const extendedNextHop = defineCapability<{ readonly families: readonly ExtendedNextHop[] }>({
  code: 5,
  length: 0,
  part: 6,
  strictLength: true,
  read: r => ({ families: parts(r, () => ({ afi: r.u16(), safi: r.u16(), nextHopAfi: r.u16() })) }),
  write(w, { families }) {
    for (const { afi, safi, nextHopAfi } of families)
      w.u16(afi, 'afi').u16(safi, 'safi').u16(nextHopAfi, 'next hop afi')
  },
})
