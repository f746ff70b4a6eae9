/** Which messages may be longer than 4096 octets, and up to what length (RFC 8654 §4). */

import { message, number, refusal, sound } from '@softspoken/test-support/by-hand'
import { Decoder, decode, encode, type Message } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

const filler = (octets: number) => '00'.repeat(octets)

/** Unknown capabilities of this many octets in all. */
function capabilities(octets: number): string {
  if (octets <= 257) return `c8 ${number(octets - 2, 1)} ${filler(octets - 2)}`
  return `c8 ff ${filler(255)} ${capabilities(octets - 257)}`
}
/** A message of each type with this length; its contents are valid. */
const ofLength = {
  open: (length: number) =>
    message(1, `${sound} ff ff ${number(length - 32, 2)} 02 ${number(length - 35, 2)} ${capabilities(length - 35)}`),
  update: (length: number) =>
    message(2, `0000 ${number(length - 23, 2)} d0 63 ${number(length - 27, 2)} ${filler(length - 27)}`),
  notification: (length: number) => message(3, `06 02 ${filler(length - 21)}`),
  keepalive: (length: number) => message(4, filler(length - 19)),
  'route-refresh': (length: number) => message(5, `0001 00 01 ${filler(length - 23)}`),
} satisfies { readonly [type in Message['type']]: (length: number) => Uint8Array }

/** The result of decode(), which a Decoder must also return, from one chunk and from several. */
function answer(bytes: Uint8Array, extendedMessage: boolean): string {
  const result = decode(bytes, { extendedMessage })
  expect([...new Decoder({ extendedMessage }).push(bytes)].map(one => one.ok)).toEqual([result.ok])
  const decoder = new Decoder({ extendedMessage })
  const edges = [0, 10, 25, 4100, bytes.length]
  const pieces = edges.slice(1).map((edge, i) => bytes.subarray(edges[i], edge))
  expect(pieces.flatMap(piece => [...decoder.push(piece)]).map(one => one.ok)).toEqual([result.ok])
  return result.ok ? result.value.type : refusal(result).toString()
}
const badLength = (length: number) => `1,2,${number(length, 2)}`

describe.each(['update', 'notification', 'route-refresh'] as const)('%s', type => {
  const make = ofLength[type]
  it(`${type} has at most 4096 octets by default (RFC 4271 §4.1)`, () => {
    expect(answer(make(4096), false)).toBe(type)
    for (const length of [4097, 5000, 65535]) expect(answer(make(length), false)).toBe(badLength(length))
  })
  it(`${type} has at most 65535 octets if both sides sent extended-message (RFC 8654)`, () => {
    for (const length of [4096, 4097, 5000, 65535]) expect(answer(make(length), true)).toBe(type)
  })
  it(`${type} is encoded up to the same lengths`, () => {
    for (const [extendedMessage, most] of [
      [false, 4096],
      [true, 65535],
    ] as const) {
      const longest = decode(make(most), { extendedMessage })
      if (!longest.ok) throw new Error(longest.detail)
      expect(Buffer.compare(encode(longest.value, { extendedMessage }), make(most))).toBe(0)
    }
    const longer = decode(make(4097), { extendedMessage: true })
    if (!longer.ok) throw new Error(longer.detail)
    expect(() => encode(longer.value)).toThrow(`${type} length: 4097 is not allowed, it must be at most 4096 octets`)
  })
})

describe('an OPEN', () => {
  it.each([false, true])('OPEN has at most 4096 octets, with extended messages negotiated: %s (RFC 8654)', extended => {
    expect(answer(ofLength.open(4096), extended)).toBe('open')
    for (const length of [4097, 4367, 65535]) expect(answer(ofLength.open(length), extended)).toBe(badLength(length))
  })
})

describe('a KEEPALIVE', () => {
  it.each([false, true])('KEEPALIVE has 19 octets, with extended messages negotiated: %s (RFC 8654 §4)', extended => {
    expect(answer(ofLength.keepalive(19), extended)).toBe('keepalive')
    for (const length of [20, 4096, 4097, 65535])
      expect(answer(ofLength.keepalive(length), extended)).toBe(badLength(length))
  })
})

describe('a message of unknown type', () => {
  it('an unknown type is rejected for its length, or else its type (RFC 4271 §6.1)', () => {
    const long = message(9, filler(5000 - 19))
    expect(answer(long, false)).toBe(badLength(5000))
    expect(answer(long, true)).toBe('1,3,09')
    expect(answer(message(9, ''), false)).toBe('1,3,09')
  })
})
