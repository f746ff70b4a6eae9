/**
 * BGP messages in an MRT file (RFC 6396 §4.4, RFC 8050 §3), as route collectors write them. RIB tables and state
 * changes are skipped and counted. Our own reader, because npm has none that is maintained.
 */
import { decode, formatAddress } from '@softspoken/wire'
import { bounds } from './bounds.ts'
import { type Entry, InputError, type Skipped } from './entry.ts'
import { type Input, viewOf } from './input.ts'

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
/** One row per subtype that contains a message. */
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

/** MRT has no magic number: checks for a known type and a plausible length of the first record. */
export function isMrt(start: Uint8Array): boolean {
  if (start.length < HEADER) return false
  const view = viewOf(start)
  return types.includes(view.getUint16(4)) && view.getUint32(8) <= bounds.mrtFirstRecord
}

export class MrtReader {
  readonly #input: Input
  readonly #skipped: Skipped

  constructor(input: Input, skipped: Skipped) {
    this.#input = input
    this.#skipped = skipped
  }

  /**
   * Undefined until the whole next message has arrived.
   * @throws InputError if a record is malformed, or is longer than any message makes it.
   */
  next(): Entry | undefined {
    for (;;) {
      const header = this.#input.peek(HEADER)
      if (header === undefined) return undefined
      const view = viewOf(header)
      const type = view.getUint16(4)
      const subtype = view.getUint16(6)
      const length = view.getUint32(8)
      const at = this.#input.offset
      const kind = type === BGP4MP || type === BGP4MP_ET ? subtypes[subtype] : undefined
      if (kind === undefined) {
        this.#skipped.add(`MRT records of type ${type} subtype ${subtype}`)
        this.#input.skip(HEADER + length)
        continue
      }
      if (length > bounds.mrtMessage)
        throw new InputError(`the MRT record at octet ${at} has a length of ${length} octets, which no message has`)
      const record = this.#input.peek(HEADER + length)
      if (record === undefined) return undefined
      this.#input.skip(HEADER + length)
      const micro = type === BGP4MP_ET && length >= 4 ? viewOf(record).getUint32(HEADER) : 0
      const body = Math.min(HEADER + (type === BGP4MP_ET ? 4 : 0), record.length)
      return readMessage(record.subarray(body), at + body, view.getUint32(0) + micro / 1e6, kind)
    }
  }

  /** @throws InputError if the file ends within a record. */
  end(): void {
    const { offset, held, owed } = this.#input
    if (held > 0 || owed > 0)
      throw new InputError(
        `the file is cut short within the MRT record ${owed > 0 ? `before octet ${offset}` : `at octet ${offset}`}`,
      )
  }
}

/** Two AS numbers, an interface, the address family, two addresses, the message: the peer first, then the collector. */
function readMessage(body: Uint8Array, at: number, time: number, kind: MessageKind): Entry {
  const { fourOctetAs, local, addPath } = kind
  const view = viewOf(body)
  const asOctets = fourOctetAs ? 4 : 2
  const families = asOctets * 2 + 2
  const afi = body.length >= families + 2 ? view.getUint16(families) : undefined
  const octets = { 1: 4, 2: 16 }[afi ?? 0]
  if (octets === undefined)
    throw new InputError(
      `the MRT record before octet ${at} ${afi === undefined ? 'is cut short' : `has addresses of family ${afi}`}`,
    )
  const addresses = families + 2
  const begin = addresses + octets * 2
  if (begin > body.length) throw new InputError(`the MRT record before octet ${at} is cut short`)
  const [peer, collector] = [0, 1].map(which => ({
    address: formatAddress(body.subarray(addresses + which * octets, addresses + (which + 1) * octets)),
    as: fourOctetAs ? view.getUint32(which * 4) : view.getUint16(which * 2),
  }))
  const bytes = body.subarray(begin)
  const offset = at + begin
  const result = decode(bytes, {
    fourOctetAs,
    external: peer?.as !== collector?.as,
    extendedMessage: true, // the collector has accepted the message
    addPath: addPath ? ['ipv4-unicast', 'ipv6-unicast', 'ipv4-multicast', 'ipv6-multicast'] : [],
  })
  const [from, to] = local ? [collector, peer] : [peer, collector]
  return { time, from, to, offset, of: 'file', bytes, result }
}
