/** AGGREGATOR and AS4_AGGREGATOR with AS numbers at the borders of their two encodings. */
import { describe, expect, it } from 'vitest'
import { decode, encode } from '../message.ts'
import type { Update } from '../update.ts'
import type { Attributes } from './registry.ts'

const address = '192.0.2.2'
function announce(attributes: Attributes): Update {
  const route = { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' } as const
  return { type: 'update', withdrawn: [], attributes: { ...route, ...attributes }, announced: ['198.51.100.10/32'] }
}
function read(bytes: Uint8Array, fourOctetAs: boolean): Update {
  const result = decode(bytes, { fourOctetAs })
  if (!result.ok || result.value.type !== 'update') throw new Error('no UPDATE')
  return result.value
}

describe('an aggregator', () => {
  it.each([
    [1, true],
    [65535, true],
    [65536, true],
    [0xffffffff, true],
    [1, false],
    [65535, false],
  ])('AS %i is read as it was written; with four octets: %s', (as, fourOctetAs) => {
    const update = announce({ aggregator: { as, address } })
    expect(read(encode(update, { fourOctetAs }), fourOctetAs).attributes.aggregator).toEqual({ as, address })
  })
  it('AS 65536 is AS_TRANS in two octets, and read as itself (RFC 6793 §4.2.2)', () => {
    const bytes = encode(announce({ aggregator: { as: 65536, address } }), { fourOctetAs: false })
    expect(Buffer.from(bytes).includes(Buffer.from('c007065ba0c0000202', 'hex'))).toBe(true)
    expect(read(bytes, false).attributes.aggregator).toEqual({ as: 65536, address })
  })
})

describe('an aggregator of a peer', () => {
  const issues = (code: number, value: readonly number[], fourOctetAs: boolean) => {
    const unknown = [{ code: 99, flags: 0xc0, value: Uint8Array.from(value) }]
    const bytes = encode(announce({ unknown }), { fourOctetAs })
    const at = bytes.lastIndexOf(99)
    bytes[at] = code
    const result = decode(bytes, { fourOctetAs })
    return result.ok && result.value.type === 'update' && (result.value.issues ?? []).map(({ detail }) => detail)
  }
  const zero = expect.stringContaining('AS 0 (RFC 7607 §2)')
  it.each<[string, number, readonly number[], boolean, unknown]>([
    ['AS 65536', 7, [0, 1, 0, 0, 1, 1, 1, 1], true, []],
    ['AS 1', 7, [0, 0, 0, 1, 1, 1, 1, 1], true, []],
    ['AS 0', 7, [0, 0, 0, 0, 1, 1, 1, 1], true, [zero]],
    ['AS 0 in two octets', 7, [0, 0, 1, 1, 1, 1], false, [zero]],
    ['AS 256 in two octets', 7, [1, 0, 0, 0, 0, 0], false, []],
    ['six octets', 7, [0, 1, 1, 1, 1, 1], true, [expect.stringContaining('6 octets long, it must be 8')]],
    [
      'AS4_AGGREGATOR',
      18,
      [0, 0, 0, 1, 1, 1, 1, 1],
      true,
      [expect.stringContaining('comes with four-octet AS numbers')],
    ],
  ])('what is found: %s', (_, code, value, fourOctetAs, expected) => {
    expect(issues(code, value, fourOctetAs)).toEqual(expected)
  })
})

describe('mistakes of the caller name the field', () => {
  it.each<[string, Attributes]>([
    ['as4Aggregator.as: 0 is not allowed, it must be other than zero', { as4Aggregator: { as: 0, address } }],
    ['as4Aggregator.as: 4294967296 is not allowed', { as4Aggregator: { as: 2 ** 32, address } }],
    ["as4Aggregator.address: 'x' is not allowed", { as4Aggregator: { as: 1, address: 'x' } }],
    ['aggregator.as: -1 is not allowed', { aggregator: { as: -1, address } }],
    ['aggregator.as: 1.5 is not allowed', { aggregator: { as: 1.5, address } }],
  ])('%s', (text, attributes) => {
    expect(() => encode(announce(attributes), { fourOctetAs: false })).toThrow(text)
  })
})
