import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { attributesIn, encodeMessage, messagesIn, readText, readUint32, uint32 } from './netlink-message.ts'

const octets = (maxLength: number) => fc.uint8Array({ maxLength })
const message = fc.record({
  type: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  sequence: fc.nat(0xffffffff),
  body: octets(40).map(body => body.subarray(0, body.length & ~3)),
})
const attributes = fc.uniqueArray(fc.tuple(fc.nat(0x3fff), octets(20)), { selector: ([type]) => type })

it('a message has the octets of struct nlmsghdr', () => {
  const body = Uint8Array.of(2, 32, 0, 254, 7)
  const encoded = encodeMessage({ type: 20, flags: 0x505, sequence: 0x01020304, body }, [
    [2, Uint8Array.of(203, 0, 113)],
  ])
  expect(encoded).toHaveLength(32)
  expect(new Uint32Array(encoded.buffer, encoded.byteOffset)[0]).toBe(32)
  expect([...new Uint16Array(encoded.buffer, encoded.byteOffset + 4, 2)]).toEqual([20, 0x505])
  expect([...new Uint32Array(encoded.buffer, encoded.byteOffset + 8, 2)]).toEqual([0x01020304, 0])
  expect([...encoded.subarray(16, 24)]).toEqual([2, 32, 0, 254, 7, 0, 0, 0])
  expect([...new Uint16Array(encoded.buffer, encoded.byteOffset + 24, 2)]).toEqual([7, 2])
  expect([...encoded.subarray(28)]).toEqual([203, 0, 113, 0])
})
it('each message and attribute is read as it was encoded', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(message, attributes), { maxLength: 5 }), list => {
      const read = messagesIn(Buffer.concat(list.map(([head, values]) => encodeMessage(head, values))))
      expect(read).toHaveLength(list.length)
      list.forEach(([head, values], at) => {
        const { body, ...rest } = read?.[at] ?? { body: new Uint8Array() }
        expect(rest).toEqual({ type: head.type, flags: head.flags, sequence: head.sequence })
        const found = attributesIn(body.subarray(head.body.length))
        expect(new Map([...(found ?? [])].map(([type, value]) => [type, [...value]]))).toEqual(
          new Map(values.map(([type, value]) => [type, [...value]])),
        )
      })
    }),
  )
})

describe('octets that are no messages', () => {
  const one = encodeMessage({ type: 3, flags: 2, sequence: 1, body: uint32(0) })
  it('a message that is cut off makes the datagram undefined', () => {
    for (let length = 1; length < one.length; length++) expect(messagesIn(one.subarray(0, length))).toBeUndefined()
    expect(messagesIn(Buffer.concat([one, one.subarray(0, 5)]))).toBeUndefined()
    expect(messagesIn(new Uint8Array())).toEqual([])
  })
  it('a length below that of the header makes the datagram undefined', () => {
    expect(messagesIn(new Uint8Array(64))).toBeUndefined()
    expect(attributesIn(new Uint8Array(8))).toBeUndefined()
  })
  it('every datagram is read to its end', () => {
    fc.assert(
      fc.property(octets(200), datagram => {
        const size = (messagesIn(datagram) ?? []).reduce((sum, { body }) => sum + 16 + body.length, 0)
        expect(size).toBeLessThanOrEqual(datagram.length)
        for (const value of attributesIn(datagram)?.values() ?? []) expect(value.length).toBeLessThan(datagram.length)
      }),
    )
  })
})

it('values of the wrong length are undefined', () => {
  expect([readUint32(uint32(7)), readUint32(Uint8Array.of(1)), readUint32(undefined)]).toEqual([
    7,
    undefined,
    undefined,
  ])
  expect([readText(Buffer.from('eth0\0\0')), readText(undefined)]).toEqual(['eth0', undefined])
})
