import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { configure } from './config.ts'
import type { SessionOptions } from './options.ts'
import { conflictingConnection } from './preflight.ts'
import { Session } from './session.ts'

/** Connections to the router and to another service, and two that a router made. */
const all = [
  { local: { address: '192.0.2.1', port: 40000 }, remote: { address: '192.0.2.254', port: 179 } },
  { local: { address: '192.0.2.1', port: 40002 }, remote: { address: '198.51.100.10', port: 443 } },
  { local: { address: '2001:db8:1::1', port: 179 }, remote: { address: '2001:db8:1::fe', port: 54321 } },
  { local: { address: '192.0.2.1', port: 179 }, remote: { address: '192.0.2.252', port: 54322 } },
]

describe('a conflicting connection', () => {
  const found = (peer: Partial<SessionOptions['peer']>, address?: string) =>
    conflictingConnection(
      configure({
        local: { as: 65001, id: '192.0.2.1', ...(address !== undefined && { address }) },
        peer: { as: 65000, address: '192.0.2.254', ...peer },
      }),
      all,
    )
  it('a connection to the same peer from the same address conflicts', () => {
    expect(found({}, '192.0.2.1')).toBe(all[0])
  })
  it('a connection from any address conflicts if local.address is not set', () => {
    expect(found({})).toBe(all[0])
  })
  it('a connection that the peer made conflicts', () => {
    expect(found({ address: '2001:DB8:1:0::fe' }, '2001:db8:1::1')).toBe(all[2])
    expect(found({ address: '192.0.2.252' })).toBe(all[3])
  })
  it('a connection to a link-local peer conflicts on its interface only', () => {
    const address = 'fe80::1%eth0'
    const other = { local: { address: 'fe80::2', port: 40000 }, remote: { address: 'fe80::1', port: 179 } }
    const config = (own: string) =>
      configure({ local: { as: 65001, id: '192.0.2.1', address: own }, peer: { as: 65000, address } })
    const on = (zone: string) => (_: string, wanted: string) => wanted === zone
    expect(conflictingConnection(config('fe80::2'), [other], on('eth0'))).toBe(other)
    expect(conflictingConnection(config('fe80::2'), [other], on('eth1'))).toBeUndefined()
    expect(conflictingConnection(config('fe80::3'), [other], on('eth0'))).toBeUndefined()
  })
  it.each([
    ['from another address', {}, '192.0.2.9'],
    ['to another router', { address: '192.0.2.7' }, undefined],
    ['to another port', { port: 1179 }, undefined],
    ['that is closing', { address: '192.0.2.253' }, undefined],
    ['to another port of another host', { address: '198.51.100.10' }, undefined],
  ])('a connection %s does not conflict', (_, peer, address) => {
    expect(found(peer, address)).toBeUndefined()
  })
})

describe('start()', () => {
  async function warnings(already: boolean): Promise<object[]> {
    await using server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    const other = connect(port, '127.0.0.1')
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(other, 'connect')])
    if (!already) {
      other.destroy()
      await once(accepted.resume(), 'close')
    }
    const lines: object[] = []
    const quiet = () => {}
    const warn = (fields: object, text: string) => void lines.push({ ...fields, text })
    const session = new Session({
      local: { as: 65001, id: '192.0.2.1' },
      peer: { as: 65002, address: '127.0.0.1', port },
      log: { debug: quiet, info: quiet, error: quiet, warn },
    })
    session.start().start()
    await session.stop()
    other.destroy()
    accepted.destroy()
    return lines
  }
  it.runIf(process.platform === 'linux')('start() warns once of a connection that another process has', async () => {
    expect(await warnings(true)).toEqual([
      {
        peer: '127.0.0.1',
        connection: expect.stringMatching(/^127\.0\.0\.1 port \d+ to 127\.0\.0\.1 port \d+$/),
        hint: 'look for another BGP speaker on this host, and give one of the two another local address',
        text: 'this host already has a connection to the peer, and a router accepts one session per address',
      },
    ])
  })
  it('start() logs no warning without such a connection', async () => {
    expect(await warnings(false)).toEqual([])
  })
})
