import { describe, expect, it } from 'vitest'
import { parsePrefix, readPrefixes } from './prefix.ts'

describe('parsePrefix()', () => {
  it('parses a host route of either family', () => {
    expect(parsePrefix('198.51.100.10/32', 'prefix')).toEqual({ address: Uint8Array.of(198, 51, 100, 10), length: 32 })
    expect(parsePrefix('2001:db8::10/128', 'prefix').length).toBe(128)
  })
  it('parses a default route', () => {
    expect(parsePrefix('0.0.0.0/0', 'prefix').length).toBe(0)
    expect(parsePrefix('::/0', 'prefix').length).toBe(0)
  })
  it.each([
    '198.51.100.11/31',
    '198.51.100.0/8',
    '2001:db8::1/64',
    '128.0.0.0/0',
    '10.0.0.128/12',
    '2001:db8:0:8000::/36',
  ])('throws for %s, which has bits beyond its length', text => {
    expect(() => parsePrefix(text, 'prefix')).toThrow(
      `prefix: '${text}' is not allowed, it must be a prefix without bits set beyond its length`,
    )
  })
  it.each(['198.51.100.10/', '198.51.100.10/-1', '198.51.100.10/3 2', '::/129', '/32', '10.0.0.0/8/8', ''])(
    "refuses '%s'",
    text => expect(() => parsePrefix(text, 'prefix')).toThrow(/^prefix: '.*' is not allowed, it must be /),
  )
})

describe('readPrefixes()', () => {
  it.each([4, 16] as const)(
    'reads bits beyond the length of a prefix as zero, of %i octets (RFC 4271 §4.3)',
    octets => {
      for (let length = 0; length <= octets * 8; length++) {
        const sent = Uint8Array.of(length, ...new Uint8Array(Math.ceil(length / 8)).fill(0xff))
        const [prefix = '', ...rest] = readPrefixes(sent, 0, sent.length, octets, false)
        expect(rest).toEqual([])
        const read = parsePrefix(prefix, 'prefix') // which refuses bits beyond the length
        expect(read.length).toBe(length)
        const bits = Array.from(read.address, octet => octet.toString(2).padStart(8, '0')).join('')
        expect(bits).toBe('1'.repeat(length).padEnd(octets * 8, '0'))
      }
    },
  )
})
