/** Damages messages at random. Equal random numbers cause equal damage. */

const HEADER = 19

/** A number from 0 up to 1, as of Math.random(). */
export type Chance = () => number

/** Mulberry32: small, fast, and the same everywhere. */
export function chance(seed: number): Chance {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
export function below(limit: number, random: Chance): number {
  return Math.floor(random() * limit)
}
export function pick<item>(items: readonly item[], random: Chance): item {
  const item = items[below(items.length, random)]
  if (item === undefined) throw new RangeError('there is nothing to pick from')
  return item
}

/** A copy with one fault or a few. Some faults insert a part of `other`. */
export function damage(bytes: Uint8Array, other: Uint8Array, random: Chance): Uint8Array {
  let result: Uint8Array = bytes.slice()
  for (let wounds = 1 + below(2, random) * below(4, random); wounds > 0; wounds--)
    result = pick(damages, random)(result, random, other)
  return result
}

/** Gives a message a header that fits it, so that the decoder reaches the damage in the body. */
export function mend(bytes: Uint8Array): Uint8Array {
  if (bytes.length < HEADER) return bytes
  bytes.fill(0xff, 0, 16)
  bytes[16] = bytes.length >> 8
  bytes[17] = bytes.length
  return bytes
}

const interesting = [0x00, 0x01, 0x02, 0x04, 0x0e, 0x0f, 0x10, 0x20, 0x40, 0x7f, 0x80, 0x90, 0xc0, 0xfe, 0xff]
const damages: readonly ((bytes: Uint8Array, random: Chance, other: Uint8Array) => Uint8Array)[] = [
  function flipBit(bytes, random) {
    bytes[place(bytes, random)]! ^= 1 << below(8, random) // one beyond the end is not stored
    return bytes
  },
  function setOctet(bytes, random) {
    bytes[place(bytes, random)] = random() < 0.5 ? pick(interesting, random) : below(256, random)
    return bytes
  },
  /** Changes an octet by a little, because any octet may be a length. */
  function nudge(bytes, random) {
    const by = 1 + below(8, random)
    bytes[place(bytes, random)]! += random() < 0.5 ? by : -by
    return bytes
  },
  /** Withdrawn Routes Length, or the sixteen bits anywhere. */
  function setLength(bytes, random) {
    const at = random() < 0.5 ? HEADER : place(bytes, random)
    const value = below(bytes.length * 2, random)
    bytes[at] = value >> 8
    bytes[at + 1] = value
    return bytes
  },
  function cutEnd(bytes, random) {
    return bytes.slice(0, place(bytes, random))
  },
  function cutMiddle(bytes, random) {
    const at = place(bytes, random)
    return splice(bytes, at, at + 1 + below(16, random), new Uint8Array())
  },
  function insert(bytes, random) {
    const at = place(bytes, random)
    const length = 1 + below(16, random)
    return splice(
      bytes,
      at,
      at,
      Uint8Array.from({ length }, () => below(256, random)),
    )
  },
  /** Inserts a part of the message again, which sometimes repeats an attribute. */
  function repeat(bytes, random) {
    const from = place(bytes, random)
    const at = place(bytes, random)
    return splice(bytes, at, at, bytes.slice(from, from + 1 + below(64, random)))
  },
  /** A piece of the other message. */
  function lend(bytes, random, other) {
    const from = place(other, random)
    const at = place(bytes, random)
    return splice(bytes, at, at, other.slice(from, from + 1 + below(64, random)))
  },
  /** The rest comes from the other message. */
  function cross(bytes, random, other) {
    return splice(bytes, place(bytes, random), bytes.length, other.slice(place(other, random)))
  },
  function changeType(bytes, random) {
    if (bytes.length >= HEADER && below(4, random) === 0) bytes[18] = 1 + below(6, random)
    return bytes
  },
]

/** Usually in the body, sometimes in the header. */
function place({ length }: Uint8Array, random: Chance): number {
  return length <= HEADER || below(32, random) === 0
    ? below(length + 1, random)
    : HEADER + below(length - HEADER + 1, random)
}
function splice(bytes: Uint8Array, from: number, to: number, piece: Uint8Array): Uint8Array {
  const tail = bytes.subarray(to)
  const result = new Uint8Array(from + piece.length + tail.length)
  result.set(bytes.subarray(0, from))
  result.set(piece, from)
  result.set(tail, from + piece.length)
  return result
}
