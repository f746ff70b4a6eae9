/**
 * BGP messages out of an MRT file (RFC 6396 §4.4, RFC 8050 §3): what route collectors write.
 *
 * Our own reader, since npm has none that is kept. Tables and state changes are passed over, and counted.
 */
import { decode, formatAddress } from '@softspoken/wire'
import { type Entry, InputError, type PassedOver } from './entry.ts'

const HEADER = 12
const BGP4MP = 16
const BGP4MP_ET = 17 // the same, with microseconds (RFC 6396 §3)
const types: readonly number[] = [11, 12, 13, BGP4MP, BGP4MP_ET, 32, 33, 48, 49]

interface MessageKind {
  readonly fourOctetAs: boolean
  /** Sent by the collector itself; else by its peer. */
  readonly local: boolean
  /** Routes carry path identifiers. */
  readonly addPath: boolean
}
/** One row per subtype that holds a message. */
const subtypes: { readonly [subtype: number]: MessageKind } = {
  1: { fourOctetAs: false, local: false, addPath: false },
  4: { fourOctetAs: true, local: false, addPath: false },
  6: { fourOctetAs: false, local: true, addPath: false },
  7: { fourOctetAs: true, local: true, addPath: false },
  8: { fourOctetAs: false, local: false, addPath: true },
  9: { fourOctetAs: true, local: false, addPath: true },
  10: { fourOctetAs: false, local: true, addPath: true },
  11: { fourOctetAs: true, local: true, addPath: true },
}

/** MRT has no magic number: a known type, and a first record that fits. */
export function isMrt(file: Uint8Array): boolean {
  if (file.length < HEADER) return false
  const view = viewOf(file, 0, file.length)
  return types.includes(view.getUint16(4)) && HEADER + view.getUint32(8) <= file.length
}

/** @throws InputError where the file ends within a record, or a record does not hold what it says. */
export function* readMrt(file: Uint8Array, passedOver: PassedOver): Generator<Entry> {
  for (let at = 0; at < file.length; ) {
    if (file.length - at < HEADER) throw new InputError(`the file is cut short within the MRT record at octet ${at}`)
    const view = viewOf(file, at, file.length)
    const type = view.getUint16(4)
    const subtype = view.getUint16(6)
    const body = at + HEADER
    const end = body + view.getUint32(8)
    if (end > file.length) throw new InputError(`the file is cut short within the MRT record at octet ${at}`)
    const kind = type === BGP4MP || type === BGP4MP_ET ? subtypes[subtype] : undefined
    if (kind === undefined) passedOver.add(`MRT records of type ${type} subtype ${subtype}`)
    else {
      const micro = type === BGP4MP_ET && end - body >= 4 ? view.getUint32(HEADER) : 0
      yield readMessage(file, body + (type === BGP4MP_ET ? 4 : 0), end, view.getUint32(0) + micro / 1e6, kind)
    }
    at = end
  }
}

/** Two AS numbers, an interface, the address family, two addresses, the message: the peer first, then the collector. */
function readMessage(file: Uint8Array, at: number, end: number, time: number, kind: MessageKind): Entry {
  const { fourOctetAs, local, addPath } = kind
  const view = viewOf(file, at, Math.max(at, end))
  const asOctets = fourOctetAs ? 4 : 2
  const families = asOctets * 2 + 2
  const afi = view.byteLength >= families + 2 ? view.getUint16(families) : undefined
  const octets = { 1: 4, 2: 16 }[afi ?? 0]
  if (octets === undefined)
    throw new InputError(
      `the MRT record before octet ${at} ${afi === undefined ? 'is cut short' : `has addresses of family ${afi}`}`,
    )
  const addresses = at + families + 2
  const offset = addresses + octets * 2
  if (offset > end) throw new InputError(`the MRT record before octet ${at} is cut short`)
  const [peer, collector] = [0, 1].map(which => ({
    address: formatAddress(file.subarray(addresses + which * octets, addresses + (which + 1) * octets)),
    as: fourOctetAs ? view.getUint32(which * 4) : view.getUint16(which * 2),
  }))
  const bytes = file.subarray(offset, end)
  const result = decode(bytes, {
    fourOctetAs,
    external: peer?.as !== collector?.as,
    extendedMessage: true, // whoever wrote it down has read it
    addPath: addPath ? ['ipv4-unicast', 'ipv6-unicast', 'ipv4-multicast', 'ipv6-multicast'] : [],
  })
  const [from, to] = local ? [collector, peer] : [peer, collector]
  return { time, from, to, offset, of: 'file', bytes, result }
}

function viewOf(file: Uint8Array, at: number, end: number): DataView {
  return new DataView(file.buffer, file.byteOffset + at, end - at)
}
