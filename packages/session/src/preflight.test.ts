import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { configure, type Settings } from './config.ts'
import { readConnections, rival } from './preflight.ts'
import { Session } from './session.ts'

/** As a little-endian Linux writes it: a listener, a connection to the router, one that is closing, and one of others. */
const tcp = `
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:00B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 23031 1 0000000000000000 100 0 0 10 0
   1: 010200C0:9C40 FE0200C0:00B3 01 00000000:00000000 02:0000052B 00000000     0        0 23032 2 0000000000000000 20 4 30 10 -1
   2: 020200C0:9C41 FD0200C0:00B3 06 00000000:00000000 03:0000052B 00000000     0        0 0 3 0000000000000000
   3: 010200C0:9C42 0A6433C6:01BB 01 00000000:00000000 02:0000052B 00000000  1000        0 23034 2 0000000000000000 20 4 30 10 -1
`
const tcp6 = `
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120000001000000000001000000:00B3 B80D01200000010000000000FE000000:D431 01 00000000:00000000 00:00000000 00000000     0        0 23035 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF0000010200C0:00B3 0000000000000000FFFF0000FC0200C0:D432 01 00000000:00000000 00:00000000 00000000     0        0 23036 1 0000000000000000 20 4 30 10 -1
`
const all = [...readConnections(tcp, true), ...readConnections(tcp6, true)]

describe('what Linux says of its connections', () => {
  it('is read, those that stand, IPv4 as such wherever it is written', () => {
    expect(all).toEqual([
      { local: { address: '192.0.2.1', port: 40000 }, remote: { address: '192.0.2.254', port: 179 } },
      { local: { address: '192.0.2.1', port: 40002 }, remote: { address: '198.51.100.10', port: 443 } },
      { local: { address: '2001:db8:1::1', port: 179 }, remote: { address: '2001:db8:1::fe', port: 54321 } },
      { local: { address: '192.0.2.1', port: 179 }, remote: { address: '192.0.2.252', port: 54322 } },
    ])
  })
  it('is read on a big-endian machine too', () => {
    const table = '  1: C0000201:9C40 C00002FE:00B3 01 00000000:00000000'
    expect(readConnections(table, false)).toEqual(all.slice(0, 1))
  })
  it.each(['', 'nonsense', '1: 2: 3: 01', '  1: 010200C0 FE0200C0 01', '  1: XX0200C0:9C40 FE0200C0:00B3 01'])(
    'is not guessed at: %j',
    text => {
      expect(readConnections(text, true)).toEqual([])
    },
  )
})

describe('a rival', () => {
  const found = (peer: Partial<Settings['peer']>, address?: string) =>
    rival(
      configure({
        local: { as: 65001, id: '192.0.2.1', ...(address !== undefined && { address }) },
        peer: { as: 65000, address: '192.0.2.254', ...peer },
      }),
      all,
    )
  it('is a connection to the same router, from the same address', () => {
    expect(found({}, '192.0.2.1')).toBe(all[0])
  })
  it('is one from any address, where ours is the system’s choice', () => {
    expect(found({})).toBe(all[0])
  })
  it('is one that the router made', () => {
    expect(found({ address: '2001:DB8:1:0::fe' }, '2001:db8:1::1')).toBe(all[2])
    expect(found({ address: '192.0.2.252' })).toBe(all[3])
  })
  it('is one to a link-local peer from its interface, which the system does not say', () => {
    const address = 'fe80::1%eth0'
    const [other] = readConnections(
      '  1: 000080FE000000000000000002000000:9C40 000080FE000000000000000001000000:00B3 01',
      true,
    )
    const config = (own: string) =>
      configure({ local: { as: 65001, id: '192.0.2.1', address: own }, peer: { as: 65000, address } })
    const on = (zone: string) => (_: string, wanted: string) => wanted === zone
    expect(rival(config('fe80::2'), [other!], on('eth0'))).toBe(other) // the line has one
    expect(rival(config('fe80::2'), [other!], on('eth1'))).toBeUndefined()
    expect(rival(config('fe80::3'), [other!], on('eth0'))).toBeUndefined()
  })
  it.each([
    ['from another address', {}, '192.0.2.9'],
    ['to another router', { address: '192.0.2.7' }, undefined],
    ['to another port', { port: 1179 }, undefined],
    ['that is closing', { address: '192.0.2.253' }, undefined],
    ['that is no BGP', { address: '198.51.100.10' }, undefined],
  ])('is not a connection %s', (_, peer, address) => {
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
  it.runIf(process.platform === 'linux')('warns once of a connection that another process has', async () => {
    expect(await warnings(true)).toEqual([
      {
        peer: '127.0.0.1',
        connection: expect.stringMatching(/^127\.0\.0\.1 port \d+ to 127\.0\.0\.1 port \d+$/),
        hint: 'look for another BGP speaker on this host, and give one of the two another local address',
        text: 'this host already has a connection to the peer, and a router takes one session from an address',
      },
    ])
  })
  it('says nothing where there is none', async () => {
    expect(await warnings(false)).toEqual([])
  })
})
