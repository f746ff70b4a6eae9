/** Which connections are kept, and how many requests each may have; with a server that does not listen. */
import { EventEmitter } from 'node:events'
import { Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Connections, mostConnections } from './connections.ts'

class FakeSocket extends Duplex {
  readonly remoteAddress: string
  constructor(remoteAddress: string) {
    super()
    this.remoteAddress = remoteAddress
  }
  override _read(): void {}
  override _write(): void {} // its client reads nothing
}

function serving(max?: number) {
  const server = new Server()
  const served: Duplex[] = []
  server.removeAllListeners('connection').on('connection', connection => void served.push(connection))
  const connections = new Connections(server, ...(max === undefined ? [] : [max]))
  const sockets: FakeSocket[] = []
  return {
    ...{ server, connections, served, sockets },
    /** A new client, as the server gets it. */
    connect(address = '192.0.2.1'): Duplex {
      const socket = new FakeSocket(address)
      sockets.push(socket)
      server.emit('connection', socket as unknown as Socket)
      return served.at(-1)! // it was just added
    },
    /** Which clients are still connected, by their number. */
    open: () => sockets.flatMap(({ destroyed }, at) => (destroyed ? [] : [at])),
    request(connection: Duplex) {
      const response = new EventEmitter()
      const accepted = connections.begin(connection, response as ServerResponse)
      return { accepted, end: () => response.emit('close') }
    },
  }
}

describe('Connections', () => {
  it('sets the limits of the server that no option of it has', () => {
    const { server } = serving()
    expect(server).toMatchObject({ maxHeadersCount: 100, maxRequestsPerSocket: 100, timeout: 10_000 })
  })
  it('closes a connection that sends more requests than it may', () => {
    const { server } = serving()
    const socket = new FakeSocket('192.0.2.1')
    server.emit('dropRequest', undefined as never, socket as unknown as Socket)
    expect(socket.destroyed).toBe(true)
  })
  it.each([
    [undefined, 16],
    [Number.POSITIVE_INFINITY, 16],
    [1024, 16],
    [128, 16],
    [127, 15],
    [64, 8],
    [20, 2],
    [8, 2],
  ])('of %s descriptors has at most %i by itself', (descriptors, most) => {
    expect(mostConnections(descriptors)).toBe(most)
    const lab = serving(mostConnections(descriptors))
    for (let at = 0; at < 40; at++) lab.connect()
    expect([lab.connections.count, lab.open().length]).toEqual([most, most])
  })
  it('passes each connection to the server once', () => {
    const lab = serving()
    const connections = [lab.connect(), lab.connect()]
    expect(lab.served).toEqual(connections)
  })
  it('closes the longest idle one for a new one', () => {
    const lab = serving(3)
    for (let at = 0; at < 5; at++) lab.connect()
    expect(lab.open()).toEqual([2, 3, 4])
    expect(lab.connections.count).toBe(3)
  })
  it('one that was used is not the longest idle one any more', () => {
    const lab = serving(3)
    const [first] = [lab.connect(), lab.connect(), lab.connect()]
    lab.request(first).end()
    lab.connect()
    expect(lab.open()).toEqual([0, 2, 3])
  })
  it('closes one that waits for no answer before one that does', () => {
    const lab = serving(3)
    const [first, second] = [lab.connect(), lab.connect(), lab.connect()]
    lab.request(second)
    lab.request(first)
    lab.connect()
    expect(lab.open()).toEqual([0, 1, 3])
  })
  it('closes the longest idle one even if one that waits was used before it', () => {
    const lab = serving(3)
    const [first, second, third] = [lab.connect(), lab.connect(), lab.connect()]
    lab.request(first)
    lab.request(second).end()
    lab.request(third).end()
    lab.connect()
    expect(lab.open()).toEqual([0, 2, 3])
  })
  it('closes the least recently used one if each waits for an answer', () => {
    const lab = serving(2)
    const [first, second] = [lab.connect(), lab.connect()]
    lab.request(second)
    lab.request(first)
    lab.connect()
    expect(lab.open()).toEqual([0, 2])
  })
  it('closes one of the address that has the most', () => {
    const lab = serving(4)
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.2', '192.0.2.1', '192.0.2.2', '192.0.2.3'])
      lab.connect(address)
    expect(lab.open()).toEqual([2, 3, 4, 5])
  })
  it('a connection that ended has its place no more', async () => {
    const lab = serving(2)
    lab.connect()
    lab.connect()
    lab.sockets[1]?.destroy()
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
    expect(lab.connections.count).toBe(1)
    lab.connect()
    expect(lab.open()).toEqual([0, 2])
  })

  it('a fifth request without an answer closes the connection', () => {
    const lab = serving()
    const connection = lab.connect()
    for (let at = 0; at < 4; at++) expect(lab.request(connection).accepted).toBe(true)
    expect(lab.connections.count).toBe(1)
    expect(lab.request(connection).accepted).toBe(false)
    expect([connection.destroyed, lab.connections.count]).toEqual([true, 0])
    expect(lab.request(connection).accepted, 'it is closed').toBe(false)
  })
  it('one answer makes room for one request', () => {
    const lab = serving()
    const connection = lab.connect()
    const [first] = [1, 2, 3, 4].map(() => lab.request(connection))
    first?.end()
    expect(lab.request(connection).accepted).toBe(true)
    expect(lab.request(connection).accepted).toBe(false)
  })
  it('an answer makes room for the next request', () => {
    const lab = serving()
    const connection = lab.connect()
    for (let at = 0; at < 20; at++) {
      const one = lab.request(connection)
      expect(one.accepted).toBe(true)
      one.end()
    }
    expect(connection.destroyed).toBe(false)
  })
  it('an answer that ends after its connection does not bring it back', () => {
    const lab = serving()
    const connection = lab.connect()
    const [first] = [1, 2, 3, 4, 5].map(() => lab.request(connection))
    first?.end()
    expect(lab.connections.count).toBe(0)
  })

  it('counts the octets that clients have not read', () => {
    const lab = serving()
    expect(lab.connections.queued).toBe(0)
    lab.connect().write('three')
    lab.connect().write('four')
    expect(lab.connections.queued).toBe(2 * 'three'.length + 2 * 'four'.length)
  })
})
