import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hasNamespaces, inNetworkNamespace, setUp } from '../test/network-namespace.ts'
import { removeAddress, setAddress } from './addresses.ts'
import { destroyConnections, encodeDestroy, encodeList } from './destroy-connections.ts'
import { libc, linuxSupport } from './libc.ts'
import { encodeMessage, messagesIn } from './netlink-message.ts'
import { littleEndian } from './sockaddr.ts'

const vip = Uint8Array.of(203, 0, 113, 100)
const vip6 = Uint8Array.from(Buffer.from('20010db8000000000000000000000100', 'hex'))

describe('the requests of sock_diag(7)', () => {
  it('the first request lists connections of one address, in all but three states', () => {
    const { body, attributes: [[type, code] = []] = [] } = encodeList(10, vip)
    expect(body).toHaveLength(56)
    expect([...body.subarray(0, 4)], 'family and protocol').toEqual([10, 6, 0, 0])
    expect(new Uint32Array(body.buffer)[1], 'states').toBe(0x1ffe & ~(1 << 6) & ~(1 << 7) & ~(1 << 10))
    expect(type).toBe(1)
    expect(code?.[littleEndian ? 2 : 3], 'where it goes on if the address is another').toBe(20)
    expect([...(code?.subarray(0, 2) ?? []), ...(code?.subarray(4) ?? [])]).toEqual([
      ...[7, 16], // INET_DIAG_BC_S_COND, and the end of the code if the address is the same
      ...[2, 32, 0, 0, 255, 255, 255, 255, ...vip], // family, prefix length, any port
    ])
  })
  it('the second request ends the connection of the answer, by its identity', () => {
    const identity = Uint8Array.from({ length: 48 }, (_, at) => at)
    const answer = Buffer.concat([Uint8Array.of(10, 1, 0, 0), identity, new Uint8Array(20)])
    const { body, flags } = encodeDestroy(answer)
    expect([...body]).toEqual([10, 6, 0, 0, 0, 0, 0, 0, ...identity])
    expect(flags).toBe(4)
    expect(() => encodeDestroy(answer.subarray(0, 51))).toThrow(expect.objectContaining({ code: 'EPROTO' }))
  })
})

it.runIf(linuxSupport().supported)('destroyConnections() throws for octets that are no address', () => {
  expect(() => destroyConnections(new Uint8Array(3))).toThrow(RangeError)
})

describe.runIf(linuxSupport().supported)('the answers of the kernel', () => {
  afterEach(() => vi.restoreAllMocks())
  const [LIST, DESTROY, ERROR, DONE] = [20, 21, 2, 3]
  /** A kernel that lists connections by family, and answers the end of each with an error number. Returns what it ended. */
  function kernelWith(
    listed: Readonly<Record<number, readonly number[]>>,
    errors: Readonly<Record<number, number>> = {},
  ) {
    const ended: number[] = []
    let answer = new Uint8Array()
    const message = (type: number, sequence: number, body: Uint8Array) =>
      encodeMessage({ type, flags: 0, sequence, body })
    vi.spyOn(libc(), 'send').mockImplementation((_, octets) => {
      const [request] = messagesIn(octets) ?? []
      const { type, sequence, body } = request ?? { type: 0, sequence: 0, body: new Uint8Array() }
      const connection = body[ID_IN_REQUEST] ?? 0
      if (type === DESTROY) ended.push(connection)
      const entries = listed[body[0] ?? 0]?.map(name =>
        message(LIST, sequence, Uint8Array.of(body[0] ?? 0, 1, 0, 0, name, ...new Uint8Array(67))),
      )
      answer =
        type === DESTROY
          ? Buffer.concat([message(ERROR, sequence, int32s(-(errors[connection] ?? 0), 0, 0, 0, 0))])
          : Buffer.concat([...(entries ?? []), message(DONE, sequence, int32s(0))])
    })
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      buffer.set(answer)
      return answer.length
    })
    return ended
  }
  const ID_IN_REQUEST = 8
  const [AF_INET, AF_INET6] = [2, 10]

  it('connections of both families are ended for an IPv4 address', () => {
    const ended = kernelWith({ [AF_INET]: [1, 2], [AF_INET6]: [3] })
    expect([destroyConnections(vip), ended]).toEqual([3, [1, 2, 3]])
  })
  it('connections of one family are ended for an IPv6 address', () => {
    const ended = kernelWith({ [AF_INET]: [1, 2], [AF_INET6]: [3] })
    expect([destroyConnections(vip6), ended]).toEqual([1, [3]])
  })
  it('a connection that ended meanwhile does not count', () => {
    const [ENOENT, ESTALE] = [2, 116]
    const ended = kernelWith({ [AF_INET]: [1, 2, 3] }, { 1: ENOENT, 2: ESTALE })
    expect([destroyConnections(vip), ended]).toEqual([1, [1, 2, 3]])
  })
  it('an error of one connection is thrown after the others are ended', () => {
    const [EPERM, ENOTSUP] = [1, 95]
    const ended = kernelWith({ [AF_INET]: [1, 2, 3] }, { 1: EPERM, 2: ENOTSUP })
    expect(() => destroyConnections(vip)).toThrow(expect.objectContaining({ code: 'EPERM', syscall: 'SOCK_DESTROY' }))
    expect(ended).toEqual([1, 2, 3])
  })
  it('an error of the list has the name of its request', () => {
    vi.spyOn(libc(), 'send').mockReturnValue(undefined)
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const answer = encodeMessage({ type: ERROR, flags: 0, sequence: 1, body: int32s(-2, 0, 0, 0, 0) })
      buffer.set(answer)
      return answer.length
    })
    expect(() => destroyConnections(vip)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'SOCK_DIAG_BY_FAMILY' }),
    )
  })
})

describe.runIf(hasNamespaces)('the kernel, in a network namespace (needs root)', () => {
  it.each([
    ['IPv4', vip, '203.0.113.100', '127.0.0.1'],
    ['IPv6', vip6, '2001:db8::100', '::1'],
  ])('destroyConnections() resets each %s connection of the address, and no other', (_, address, host, other) =>
    inNetworkNamespace(async () => {
      setUp('lo')
      setAddress({ interface: 'lo', address, validLifetime: 60 })
      await using server = createServer(socket => socket.on('error', () => {}))
      server.listen(0, '::') // of both families, as many API servers are
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo // a TCP server's address has one
      const clients: Socket[] = []
      const open = async (remote: string, localAddress: string): Promise<void> => {
        const client = connect({ port, host: remote, localAddress })
        clients.push(client)
        await once(client, 'connect')
      }
      try {
        // The kernel makes the route to an IPv6 address a moment after the address.
        await vi.waitFor(() => open(host, other))
        for (const remote of [host, other]) await open(remote, other)
        const [first, second, third] = clients.slice(-3)
        const ends = [first, second].map(client => client && once(client, 'error'))
        expect(destroyConnections(address)).toBe(2)
        expect(await Promise.all(ends)).toMatchObject([[{ code: 'ECONNRESET' }], [{ code: 'ECONNRESET' }]])
        expect(destroyConnections(address)).toBe(0)
        expect(server.listening && third?.readyState).toBe('open')
        await open(host, other)
        removeAddress({ interface: 'lo', address, prefixLength: address.length * 8 })
        expect(destroyConnections(address), 'after the address').toBe(1)
      } finally {
        for (const client of clients) client.destroy() // the server ends after them
      }
    }),
  )
})

function int32s(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer)
}
