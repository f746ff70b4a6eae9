import { describe, expect, it } from 'vitest'
import { Writer } from './bytes.ts'
import { checkPrefixes, type Prefix, parsePrefix, readPrefixes, writePrefix } from './prefix.ts'

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
  it.each([
    ...['198.51.100.10/', '198.51.100.10/-1', '198.51.100.10/3 2', '198.51.100.10/:', '198.51.100.10/033'],
    ...['0.0.0.0/', '0.0.0.0/00', '0.0.0.0/0008', '0.0.0.0/33', '0.0.0.0/1000', '10.0.0.0/1.', '10.0.0.0/8/8'],
    ...['198.51.100.10', '32', '', '::/', '::/129', '2001:db8::', '2001:db8::/1e'],
  ])("refuses '%s'", text =>
    expect(() => parsePrefix(text, 'prefix')).toThrow(`prefix: '${text}' is not allowed, it must be a prefix such as`),
  )
  it.each(['/32', 'x/32', '10.0.0/8', '2001:db8/32'])("refuses '%s', whose address is none", text => {
    const given = `prefix: '${text.slice(0, text.indexOf('/'))}' is not allowed`
    expect(() => parsePrefix(text, 'prefix')).toThrow(`${given}, it must be an IPv4 or IPv6 address`)
  })
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

describe('checkPrefixes()', () => {
  const check =
    (octets: 4 | 16, pathIds: boolean, ...bytes: readonly number[]) =>
    () =>
      checkPrefixes(Uint8Array.from([255, ...bytes, 255, 255, 255, 255, 255]), 1, 1 + bytes.length, octets, pathIds)
  const cutShort = 'the last prefix is cut short'

  it.each([
    ['nothing', check(4, false), undefined],
    ['a default route', check(4, false, 0), undefined],
    ['prefixes of 8, 9 and 32 bits', check(4, false, 8, 10, 9, 10, 0, 32, 192, 0, 2, 1), undefined],
    ['33 bits of IPv4', check(4, false, 33, 1, 2, 3, 4, 5), 'prefix length 33, it must be at most 32'],
    ['128 bits of IPv6', check(16, false, 128, ...new Uint8Array(16)), undefined],
    ['129 bits of IPv6', check(16, false, 129, ...new Uint8Array(17)), 'prefix length 129, it must be at most 128'],
    ['a prefix without its last octet', check(4, false, 8, 10, 9, 10), cutShort],
    ['a path identifier and a prefix', check(4, true, 0, 0, 0, 7, 8, 10), undefined],
    ['a path identifier without a prefix', check(4, true, 0, 0, 0, 7), cutShort],
    ['half a path identifier', check(4, true, 0, 0), cutShort],
    ['a path identifier and half a prefix', check(4, true, 0, 0, 0, 7, 16, 10), cutShort],
    ['a path identifier and 33 bits', check(4, true, 0, 0, 0, 7, 33), 'prefix length 33, it must be at most 32'],
  ])('finds what is wrong with %s', (_, run, expected) => {
    expect(run()).toBe(expected)
  })
})

describe('writePrefix()', () => {
  const write = (prefix: Prefix, octets: 4 | 16, pathIds: boolean) => {
    const w = new Writer()
    writePrefix(w, prefix, octets, pathIds, 'announced')
    return w.done()
  }
  /** Prefixes of every length, with bits up to the last one. */
  const all = (octets: 4 | 16) =>
    Array.from({ length: octets * 8 + 1 }, (_, length) => {
      const address = Uint8Array.from(
        { length: octets },
        (_, at) => 0xff00 >> Math.min(Math.max(length - at * 8, 0), 8),
      )
      return readPrefixes(Uint8Array.of(length, ...address), 0, 1 + Math.ceil(length / 8), octets, false)[0] ?? ''
    })

  it.each([4, 16] as const)('writes what readPrefixes() reads, of %i octets and every length', octets => {
    for (const prefix of all(octets)) {
      const length = Number(prefix.split('/')[1])
      const bytes = write(prefix, octets, false)
      expect(bytes).toHaveLength(1 + Math.ceil(length / 8))
      expect(readPrefixes(bytes, 0, bytes.length, octets, false)).toEqual([prefix])
      for (const id of [0, 7, 0xffffffff]) {
        const withId = write(`${prefix}#${id}`, octets, true)
        expect(checkPrefixes(withId, 0, withId.length, octets, true)).toBeUndefined()
        expect(readPrefixes(withId, 0, withId.length, octets, true)).toEqual([`${prefix}#${id}`])
      }
    }
  })
  it('reads prefixes with path identifiers one after another', () => {
    const bytes = Buffer.concat(['10.0.0.0/8#1', '192.0.2.0/25#2'].map(prefix => write(prefix, 4, true)))
    expect(readPrefixes(bytes, 0, bytes.length, 4, true)).toEqual(['10.0.0.0/8#1', '192.0.2.0/25#2'])
  })
  it.each([
    ['10.0.0.1/8', false, 'a prefix without bits set beyond its length'],
    ['128.0.0.0/0', false, 'a prefix without bits set beyond its length'],
    ['0.0.0.0/', false, 'a prefix such as'],
    ['0.0.0.0/x', false, 'a prefix such as'],
    ['10.0.0.0/33', false, 'a prefix such as'],
    ['10.0.0.0', false, 'a prefix such as'],
    ['10.0.0.0/8', true, 'a prefix with a path identifier'],
    ['10.0.0.0/8#', true, 'a prefix with a path identifier'],
    ['10.0.0.0/8#+1', true, 'a prefix with a path identifier'],
    ['10.0.0.0/8#01', true, 'a prefix with a path identifier'],
    ['10.0.0.0/8#1 ', true, 'a prefix with a path identifier'],
    ['10.0.0.0/8#1#2', true, 'a prefix with a path identifier'],
    ['10.0.0.0/8#4294967296', true, 'a prefix with a path identifier'],
    ['x#1', true, 'a prefix such as'],
    ['10.0.0.0/8#1', false, 'a prefix such as'],
    ['2001:db8::/32', false, 'an IPv4 prefix'],
  ])('throws for %s', (prefix, pathIds, allowed) => {
    expect(() => write(prefix, 4, pathIds)).toThrow(/^announced: '.*' is not allowed, it must be /)
    expect(() => write(prefix, 4, pathIds)).toThrow(allowed)
  })
  it.each(['x/32', '/0', '256.0.0.0/8'])('throws for %s, whose address is none', prefix =>
    expect(() => write(prefix, 4, false)).toThrow('an IPv4 or IPv6 address'),
  )
  it('throws for an IPv4 prefix among IPv6 prefixes', () =>
    expect(() => write('10.0.0.0/8', 16, false)).toThrow("announced: '10.0.0.0/8' is not allowed, it must be an IPv6"))
  it('an error shows what was given if that is no text', () =>
    expect(() => write(7 as never, 4, false)).toThrow('announced: 7 is not allowed'))
})
