/** Capabilities (RFC 5492), one row per code. Codes without a row are kept as bytes. */
import { type Reader, Writer } from './bytes.ts'
import { refuse, WireError } from './error.ts'

export type Capability =
  /** RFC 4760 §8: routes of this family are welcome. */
  | { readonly name: 'multiprotocol'; readonly afi: number; readonly safi: number }
  /** RFC 2918. */
  | { readonly name: 'route-refresh' }
  /** RFC 8950 §4: these families' routes may have a next hop of another address family. */
  | { readonly name: 'extended-next-hop'; readonly families: readonly ExtendedNextHop[] }
  /** RFC 6793 §3. */
  | { readonly name: 'four-octet-as'; readonly as: number }
  /** RFC 7313 §3.1. */
  | { readonly name: 'enhanced-route-refresh' }
  | { readonly name: 'unknown'; readonly code: number; readonly value: Uint8Array }

export interface ExtendedNextHop {
  readonly afi: number
  readonly safi: number
  readonly nextHopAfi: number
}

type Known = Exclude<Capability, { name: 'unknown' }>

interface Row<capability> {
  readonly code: number
  /** Octets of the value, or the size of one of its equal parts. */
  readonly length: number
  readonly repeated?: true
  read(r: Reader): capability
  write?(w: Writer, capability: capability): void
}

const table: { readonly [name in Known['name']]: Row<Extract<Known, { name: name }>> } = {
  multiprotocol: {
    code: 1,
    length: 4,
    read: r => ({ name: 'multiprotocol', afi: r.u16(), safi: r.u16() & 0xff }), // a reserved octet, then the SAFI
    write: (w, { afi, safi }) => w.u16(afi, 'afi').u8(0).u8(safi, 'safi'),
  },
  'route-refresh': { code: 2, length: 0, read: () => ({ name: 'route-refresh' }) },
  'extended-next-hop': {
    code: 5,
    length: 6,
    repeated: true,
    read(r) {
      const families: ExtendedNextHop[] = []
      while (r.left > 0) families.push({ afi: r.u16(), safi: r.u16(), nextHopAfi: r.u16() })
      return { name: 'extended-next-hop', families }
    },
    write(w, { families }) {
      for (const { afi, safi, nextHopAfi } of families)
        w.u16(afi, 'afi').u16(safi, 'safi').u16(nextHopAfi, 'next hop afi')
    },
  },
  'four-octet-as': {
    code: 65,
    length: 4,
    read: r => ({ name: 'four-octet-as', as: r.u32() }),
    write: (w, { as }) => w.u32(as, 'as'),
  },
  'enhanced-route-refresh': { code: 70, length: 0, read: () => ({ name: 'enhanced-route-refresh' }) },
}

const byCode = new Map<number, Row<Capability>>(Object.values(table).map(row => [row.code, row as Row<Capability>]))

export function readCapability(r: Reader): Capability {
  const code = r.u8()
  const value = r.sub(r.u8())
  const row = byCode.get(code)
  const { left } = value
  // One that only says "I can" says so whatever follows it; the octets are kept.
  if (row === undefined || (row.length === 0 && left > 0)) return { name: 'unknown', code, value: value.take(left) }
  if (row.repeated ? left % row.length !== 0 : left !== row.length)
    throw new WireError(2, 0, `capability ${code} is ${left} octets long`)
  return row.read(value)
}

export function writeCapability(w: Writer, capability: Capability): void {
  if (capability.name === 'unknown') {
    w.u8(capability.code, 'capability code').u8(capability.value.length, 'capability length').put(capability.value)
    return
  }
  const row = table[capability.name] as Row<Capability> | undefined
  if (row === undefined) refuse('capabilities', capability.name, `one of ${Object.keys(table).join(', ')}, unknown`)
  w.u8(row.code)
  const at = w.length
  w.u8(0)
  row.write?.(w, capability)
  w.close(at, 1)
}

/** A capability as it stands in an OPEN: code, length, value. NOTIFICATION 2/7 carries those that are missing so (RFC 5492 §5). */
export function encodeCapability(capability: Capability): Uint8Array {
  const w = new Writer()
  writeCapability(w, capability)
  return w.done()
}
