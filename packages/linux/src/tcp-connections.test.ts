import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { littleEndian } from './sockaddr.ts'
import { type Endpoint, establishedConnections, readConnections } from './tcp-connections.ts'

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
const all = () => [...readConnections(tcp, true), ...readConnections(tcp6, true)]

describe('the tables of Linux', () => {
  it('a table of /proc lists the established connections', () => {
    expect(all().map(({ local, remote }) => [asHex(local), asHex(remote)])).toEqual([
      ['c0000201 40000', 'c00002fe 179'],
      ['c0000201 40002', 'c633640a 443'],
      ['20010db8000100000000000000000001 179', '20010db80001000000000000000000fe 54321'],
      ['00000000000000000000ffffc0000201 179', '00000000000000000000ffffc00002fc 54322'],
    ])
  })
  it('a table of a big-endian machine is read', () => {
    const table = '  1: C0000201:9C40 C00002FE:00B3 01 00000000:00000000'
    expect(readConnections(table, false)).toEqual(all().slice(0, 1))
  })
  it('a line of another state has no connection', () => {
    for (const state of ['02', '06', '0A', '1'])
      expect(readConnections(`  1: 010200C0:9C40 FE0200C0:00B3 ${state} 0`, true)).toEqual([])
  })
  it.each(['x010200C0:9C40', '010200C0:9C40x', '010200C0FE0200C0:9C40', '01:9C40', '010200C0:9C4'])(
    'a line with the address %s has no connection',
    address => {
      expect(readConnections(`  1: ${address} FE0200C0:00B3 01 0`, true)).toEqual([])
      expect(readConnections(`  1: FE0200C0:00B3 ${address} 01 0`, true)).toEqual([])
    },
  )
  it('columns may have more spaces between them', () => {
    expect(readConnections('  1:   010200C0:9C40    FE0200C0:00B3   01', true)).toEqual(all().slice(0, 1))
  })
  it.each(['', 'nonsense', '1: 2: 3: 01', '  1: 010200C0 FE0200C0 01', '  1: XX0200C0:9C40 FE0200C0:00B3 01'])(
    'a line like %j has no connection',
    text => {
      expect(readConnections(text, true)).toEqual([])
    },
  )
})

it.runIf(process.platform === 'linux')('a connection of this process is among those of the host', async () => {
  await using server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server's address has one
  const client = connect(port, '127.0.0.1')
  await once(client, 'connect')
  const remotes = establishedConnections().map(({ remote }) => asHex(remote))
  client.destroy()
  expect(remotes).toContain(`7f000001 ${port}`)
})

describe('the files of Linux', () => {
  afterEach(() => {
    vi.doUnmock('node:fs')
    vi.resetModules()
  })
  const connectionsWith = async (files: Readonly<Record<string, string>>) => {
    vi.resetModules()
    const readFileSync = (file: string) => {
      if (files[file] === undefined) throw new Error(`ENOENT: ${file}`)
      return files[file]
    }
    vi.doMock('node:fs', () => ({ readFileSync }))
    const fresh = await import('./tcp-connections.ts')
    return fresh.establishedConnections()
  }

  it.runIf(littleEndian)('connections of both families are listed', async () => {
    expect(await connectionsWith({ '/proc/net/tcp': tcp, '/proc/net/tcp6': tcp6 })).toEqual(all())
  })
  it.runIf(littleEndian)('connections of IPv4 are listed if the kernel has no IPv6', async () => {
    expect(await connectionsWith({ '/proc/net/tcp': tcp })).toEqual(readConnections(tcp, true))
  })
  it('no connection is listed without /proc', async () => {
    expect(await connectionsWith({})).toEqual([])
  })
})

function asHex({ address, port }: Endpoint): string {
  return `${Buffer.from(address).toString('hex')} ${port}`
}
