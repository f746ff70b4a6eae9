import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { listAddresses, removeAddress, setAddress } from './addresses.ts'
import { destroyConnections } from './destroy-connections.ts'
import { listInterfaces } from './interfaces.ts'
import { libc, linuxSupport } from './libc.ts'
import { readAnswer } from './netlink-answer.ts'
import { encodeAttribute, encodeMessage, uint32 } from './netlink-message.ts'
import { NETLINK_ROUTE, NetlinkSocket, NLM_F_DUMP } from './netlink-socket.ts'

const NEWADDR = 20
const vip = Uint8Array.of(203, 0, 113, 100)
const [ERROR, DONE] = [2, 3]
const [MULTI, DUMP_INTR, ACK_TLVS] = [0x2, 0x10, 0x200]
const part = (type: number, body: Uint8Array, sequence = 1, flags = MULTI) =>
  encodeMessage({ type, flags, sequence, body })
const error = (errno: number) => int32s(-errno, 0, 0, 0, 0)
const entry = (value: number) => part(NEWADDR, uint32(value))
const done = part(DONE, int32s(0))
const read = (...parts: readonly Uint8Array[]) => readAnswer(Buffer.concat(parts), 1, 'RTM_GETADDR')

describe('one part of an answer', () => {
  it('a part of an answer has its messages, and is the last with NLMSG_DONE', () => {
    expect(read(entry(1), entry(2))).toMatchObject({ messages: [{ type: NEWADDR }, { type: NEWADDR }], isLast: false })
    expect(read(entry(1), done)).toMatchObject({ messages: [{ type: NEWADDR }], isLast: true, isInconsistent: false })
  })
  it('a part is the last one if it is an acknowledgement', () => {
    expect(read(part(ERROR, error(0)))).toMatchObject({ messages: [], isLast: true })
  })
  it('a part has no message of another request', () => {
    expect(read(part(NEWADDR, uint32(1), 2), part(ERROR, error(1), 2), part(DONE, int32s(0), 0))).toEqual({
      messages: [],
      isLast: false,
      isInconsistent: false,
    })
  })
  it('a part is inconsistent if the kernel marks one of its messages', () => {
    expect(read(entry(1), part(DONE, int32s(0), 1, MULTI | DUMP_INTR))).toMatchObject({ isInconsistent: true })
  })
})

describe('the error of a request', () => {
  const caught = (...parts: readonly Uint8Array[]) => {
    try {
      read(...parts)
      return undefined
    } catch (thrown) {
      return thrown
    }
  }
  it('an error has code, errno and the name of the request', () => {
    const system = { code: 'EPERM', errno: -1, syscall: 'RTM_GETADDR' }
    expect(caught(part(ERROR, error(1)))).toMatchObject({
      message: 'RTM_GETADDR EPERM: operation not permitted',
      ...system,
    })
    // A kernel without CONFIG_INET_DIAG_DESTROY answers EOPNOTSUPP, which is the same number.
    expect(caught(part(ERROR, error(95)))).toMatchObject({ code: 'ENOTSUP', errno: -95 })
    expect(caught(entry(1), part(DONE, int32s(-1)))).toMatchObject(system)
  })
  it('an error has the words of the kernel', () => {
    const words = encodeAttribute([1, Buffer.from('ipv6: Invalid address\0')])
    const body = Buffer.concat([error(99), words])
    expect(caught(part(ERROR, body, 1, ACK_TLVS))).toMatchObject({
      message: 'RTM_GETADDR EADDRNOTAVAIL: address not available (ipv6: Invalid address)',
    })
    expect(caught(part(ERROR, body))).toMatchObject({ message: 'RTM_GETADDR EADDRNOTAVAIL: address not available' })
  })
  it.each([
    ['a datagram that is cut off', entry(1).subarray(0, 18)],
    ['an error without a number', part(ERROR, new Uint8Array())],
    ['an end without a number', part(DONE, new Uint8Array())],
  ])('the error is EPROTO for %s', (_, octets) => {
    expect(caught(octets)).toMatchObject({ code: 'EPROTO', errno: -71, syscall: 'RTM_GETADDR' })
  })
  it('readAnswer() throws nothing but such errors, whatever the octets', () => {
    const any = fc.uint8Array({ maxLength: 60 })
    const typed = fc
      .tuple(fc.constantFrom(ERROR, DONE, NEWADDR), any, fc.nat(0xffff))
      .map(([type, body, flags]) => part(type, body, 1, flags))
    fc.assert(
      fc.property(fc.array(fc.oneof(any, typed), { maxLength: 4 }), parts => {
        const thrown = caught(...parts)
        if (thrown !== undefined) expect(thrown).toMatchObject({ code: expect.any(String), syscall: 'RTM_GETADDR' })
      }),
    )
  })
})

describe.runIf(linuxSupport().supported)('a request', () => {
  afterEach(() => vi.restoreAllMocks())
  const list = { name: 'RTM_GETADDR', type: 22, flags: NLM_F_DUMP, body: new Uint8Array(8) }
  /** The answers of a kernel, each part for the number of the request. After the last part comes the first again. */
  function requestWith(...parts: readonly ((sequence: number) => Uint8Array)[]) {
    let sent = 0
    let received = 0
    vi.spyOn(libc(), 'send').mockImplementation((_, octets) => void (sent = octets[8] ?? 0)) // the numbers are small
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const octets = parts[received++ % parts.length]?.(sent) ?? new Uint8Array()
      buffer.set(octets)
      return octets.length
    })
    const socket = new NetlinkSocket(NETLINK_ROUTE)
    try {
      return socket.request(list).map(({ body }) => body[0])
    } finally {
      socket.close()
    }
  }
  const entries =
    (...values: readonly number[]) =>
    (sequence: number) =>
      Buffer.concat(values.map(value => part(NEWADDR, Uint8Array.of(value, 0, 0, 0), sequence)))
  const end = (sequence: number) => part(DONE, int32s(0), sequence)
  const interrupted = (sequence: number) => part(DONE, int32s(0), sequence, MULTI | DUMP_INTR)

  it.each([
    ['RTM_GETADDR', listAddresses],
    ['RTM_GETLINK', listInterfaces],
    ['RTM_NEWADDR', () => setAddress({ interface: 'lo', address: vip, validLifetime: 15 })],
    ['RTM_DELADDR', () => removeAddress({ interface: 'lo', address: vip, prefixLength: 32 })],
    ['SOCK_DIAG_BY_FAMILY', () => destroyConnections(vip)],
  ])('a refused request is named by its error: %s', (name, run) => {
    let sent = 0
    const close = vi.spyOn(libc(), 'close')
    vi.spyOn(libc(), 'send').mockImplementation((_, octets) => void (sent = octets[8] ?? 0))
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const octets = part(ERROR, error(1), sent)
      buffer.set(octets)
      return octets.length
    })
    expect(run).toThrow(`${name} EPERM: operation not permitted`)
    expect(close).toHaveBeenCalledTimes(1)
  })
  it('a request collects the parts of the answer up to its end', () => {
    expect(requestWith(entries(1, 2), entries(3), end, entries(9))).toEqual([1, 2, 3])
  })
  it('a request is sent again if the table changed meanwhile', () => {
    expect(requestWith(entries(1), interrupted, entries(2, 3), end)).toEqual([2, 3])
  })
  it('a request throws if the table changes each time', () => {
    expect(() => requestWith(entries(1), interrupted)).toThrow(expect.objectContaining({ code: 'EAGAIN' }))
  })
  it('a request throws for an answer without an end', () => {
    expect(() => requestWith(entries(1))).toThrow(expect.objectContaining({ code: 'EPROTO' }))
  })
  it('a request throws EAGAIN if the kernel has no answer', () => {
    vi.spyOn(libc(), 'send').mockReturnValue(undefined)
    const socket = new NetlinkSocket(NETLINK_ROUTE)
    expect(() => socket.request(list)).toThrow(expect.objectContaining({ code: 'EAGAIN', syscall: 'recv' }))
    expect(socket.receive()).toBeUndefined()
    socket.close()
  })
})

function int32s(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}
