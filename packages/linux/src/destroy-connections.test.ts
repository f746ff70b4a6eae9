import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { hasNamespaces, inNetworkNamespace, setUp } from '../test/network-namespace.ts'
import { removeAddress, setAddress } from './addresses.ts'
import { destroyConnections, encodeDestroy, encodeList } from './destroy-connections.ts'
import { linuxSupport } from './libc.ts'
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
      // The kernel makes the route to an IPv6 address a moment after the address.
      const clients = [await vi.waitFor(() => open(port, host, other))]
      for (const remote of [host, other]) clients.push(await open(port, remote, other))
      const [first, second, third] = clients
      const ends = [first, second].map(client => client && once(client, 'error'))
      expect(destroyConnections(address)).toBe(2)
      expect(await Promise.all(ends)).toMatchObject([[{ code: 'ECONNRESET' }], [{ code: 'ECONNRESET' }]])
      expect(destroyConnections(address)).toBe(0)
      expect(server.listening && third?.readyState).toBe('open')
      const later = await open(port, host, other)
      removeAddress({ interface: 'lo', address, prefixLength: address.length * 8 })
      expect(destroyConnections(address), 'after the address').toBe(1)
      for (const client of [...clients, later]) client.destroy()
    }),
  )
})

/** A connection whose near end has another address than its far end. */
async function open(port: number, host: string, localAddress: string): Promise<Socket> {
  const client = connect({ port, host, localAddress })
  await once(client, 'connect')
  return client
}
