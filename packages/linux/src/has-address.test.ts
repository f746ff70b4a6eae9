import { closeSync, openSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hasAddress, isInIfInet6, isLocalInFibTrie } from './has-address.ts'
import { ipv4Addresses } from './ipv4-addresses.ts'
import { libc, linuxSupport } from './libc.ts'
import { encodeMessage, type NetlinkAttribute } from './netlink-message.ts'

const { supported } = linuxSupport()
afterEach(() => {
  vi.restoreAllMocks()
  for (const module of ['node:fs', './libc.ts']) vi.doUnmock(module)
  vi.resetModules()
})

describe.runIf(process.platform === 'linux')('on Linux', () => {
  const all = Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => [address, device] as const),
  )
  it.each(all)('hasAddress() finds %s of %s', address => {
    expect(hasAddress(octets(address))).toBe(true)
  })
  it.each(['203.0.113.77', '127.0.0.77', '0.0.0.0'])('hasAddress() does not find %s', address => {
    expect(hasAddress(octets(address))).toBe(false)
  })
  const loopback = Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? 1 : 0))
  it.runIf(networkInterfaces().lo?.some(({ address }) => address === '::1'))(
    'hasAddress() finds ::1 on lo only',
    () => {
      expect([hasAddress(loopback), hasAddress(loopback, 'lo'), hasAddress(loopback, 'eth9')]).toEqual([
        true,
        true,
        false,
      ])
    },
  )
  it('hasAddress() does not find an IPv6 address that no interface has', () => {
    expect(hasAddress(loopback.map(octet => octet + 0x20))).toBe(false)
  })
  it.runIf(supported)('hasAddress() leaves no descriptor open', () => {
    const lowest = () => {
      const free = openSync('/dev/null', 'r')
      closeSync(free)
      return free
    }
    const before = lowest()
    for (let looks = 0; looks < 100; looks++) for (const address of [octets('127.0.0.1'), loopback]) hasAddress(address)
    expect(lowest()).toBe(before)
  })
  it.runIf(supported)('/proc/net/fib_trie has the same addresses as rtnetlink', () => {
    const trie = readFileSync('/proc/net/fib_trie', 'latin1')
    const listed = [...ipv4Addresses()]
    expect(listed.length).toBeGreaterThan(0)
    for (const address of listed) expect(isLocalInFibTrie(trie, address)).toBe(true)
    expect(isLocalInFibTrie(trie, '203.0.113.77')).toBe(false)
  })
})

it('hasAddress() returns undefined for octets that are not an address', () => {
  for (const length of [0, 3, 5, 15, 17]) expect(hasAddress(new Uint8Array(length))).toBeUndefined()
})
it.runIf(supported)('hasAddress() returns undefined if rtnetlink does not answer', () => {
  vi.spyOn(libc(), 'socket').mockImplementation(() => {
    throw new Error('socket EPERM: operation not permitted')
  })
  expect(hasAddress(octets('127.0.0.1'))).toBeUndefined()
})

describe('without koffi', () => {
  /** hasAddress() of a program without koffi, and with these octets in each file of /proc. */
  async function hasAddressWith(file: Uint8Array): Promise<typeof hasAddress> {
    vi.resetModules()
    vi.doMock('./libc.ts', () => ({ linuxSupport: () => ({ supported: false }) }))
    let at = 0
    const readSync = (_fd: number, octets: Uint8Array, from: number, length: number) => {
      const read = file.subarray(at, at + Math.min(length, 4096)) // /proc returns a page at most
      octets.set(read, from)
      at += read.length
      return read.length
    }
    const openSync = () => {
      at = 0
      return 1
    }
    vi.doMock('node:fs', () => ({ openSync, readSync, closeSync: () => {} }))
    return (await import('./has-address.ts')).hasAddress
  }
  const [first, last] = [octets('192.0.2.1'), octets('192.0.2.2')]
  const trieOf = (...addresses: readonly Uint8Array[]) =>
    addresses.map(address => `  |-- ${address.join('.')}\n     /32 host LOCAL\n`).join('')

  it('hasAddress() looks in the table of routes', async () => {
    const look = await hasAddressWith(Buffer.from(trieOf(first)))
    expect([look(first), look(last)]).toEqual([true, false])
  })
  it('hasAddress() returns undefined if only a part of a long table was searched', async () => {
    const routes = '  |-- 198.51.100.0\n     /24 universe UNICAST\n'.repeat(10_000)
    const look = await hasAddressWith(Buffer.from(trieOf(first) + routes + trieOf(last)))
    expect([look(first), look(last)]).toEqual([true, undefined])
  })
})

describe('the tables of /proc', () => {
  const trie = `Main:
  +-- 0.0.0.0/0 3 0 4
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 1
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.1
           /32 host LOCAL
        |-- 192.0.2.11
           /32 universe UNICAST
        |-- 192.0.2.128
           /25 link UNICAST
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
`
  it.each(['192.0.2.1', '192.0.2.128'])('fib_trie has %s as a local address', address => {
    expect(isLocalInFibTrie(trie, address)).toBe(true)
  })
  it.each(['192.0.2.0', '192.0.2.11', '192.0.2.12', '192.0.2.255', '92.0.2.1', '192.0.2', '192.0.201'])(
    'fib_trie does not have %s as a local address',
    address => {
      expect(isLocalInFibTrie(trie, address)).toBe(false)
    },
  )
  const table = `fe800000000000000000000000000001 02 40 20 80     eth0
20010db8000000000000000000000010 02 40 00 80     eth0
`
  it('if_inet6 has an address on its interface', () => {
    const [global, link] = ['20010db8000000000000000000000010', 'fe800000000000000000000000000001']
    expect([isInIfInet6(table, global, undefined), isInIfInet6(table, link, 'eth0')]).toEqual([true, true])
    expect([isInIfInet6(table, link, 'eth1'), isInIfInet6(table, `${global.slice(0, -1)}1`, undefined)]).toEqual([
      false,
      false,
    ])
  })
})

describe.runIf(supported)('the answer of rtnetlink', () => {
  const [DONE, ERROR, NEWADDR] = [3, 2, 20]
  const [LOCAL, ADDRESS, LABEL] = [2, 1, 3]
  const part = (type: number, ...attributes: NetlinkAttribute[]) =>
    encodeMessage({ type, flags: 0, sequence: 0, body: Uint8Array.of(2, 24, 0, 0, 2, 0, 0, 0) }, attributes)
  const near: NetlinkAttribute = [LOCAL, Uint8Array.of(192, 0, 2, 1)]
  const near2: NetlinkAttribute = [LOCAL, Uint8Array.of(192, 0, 2, 2)]
  const far: NetlinkAttribute = [ADDRESS, Uint8Array.of(192, 0, 2, 254)]
  const read = (...parts: readonly Uint8Array[]) => {
    let next = 0
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const octets = parts[next++]
      if (octets === undefined) throw new Error('EAGAIN')
      buffer.set(octets)
      return octets.length
    })
    return [...ipv4Addresses()]
  }

  it('the answer of rtnetlink has our own end of each link', () => {
    const first = Buffer.concat([part(NEWADDR, far, near, [LABEL, Buffer.from('eth0\0')]), part(NEWADDR, near2)])
    expect(read(first, part(DONE))).toEqual(['192.0.2.1', '192.0.2.2'])
  })
  it('the answer of rtnetlink ends with NLMSG_DONE', () => {
    expect(read(part(NEWADDR, near), Buffer.concat([part(DONE), part(NEWADDR, near2)]))).toEqual(['192.0.2.1'])
  })
  it.each([
    ['an error', part(ERROR)],
    ['cut off', part(NEWADDR, near2).subarray(0, 20)],
    ['no message', new Uint8Array(64)],
    ['empty', new Uint8Array()],
  ])('the answer of rtnetlink is not complete if its last part is %s', (_, last) => {
    expect(() => read(part(NEWADDR, near), last)).toThrow('EAGAIN')
  })
})

function octets(address: string): Uint8Array {
  return Uint8Array.from(address.split('.').map(Number))
}
