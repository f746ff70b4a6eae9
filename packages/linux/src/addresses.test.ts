import { openSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { hasAddress, isInIfInet6, isLocalInFibTrie } from './addresses.ts'
import { libc, linuxSupport } from './libc.ts'
import { addressesIn, ipv4Addresses } from './rtnetlink.ts'

const { supported } = linuxSupport()
afterEach(() => vi.restoreAllMocks())

describe.runIf(process.platform === 'linux')('on Linux', () => {
  const all = Object.entries(networkInterfaces()).flatMap(([device, addresses = []]) =>
    addresses.filter(({ family }) => family === 'IPv4').map(({ address }) => [address, device] as const),
  )
  it.each(all)('finds %s of %s', address => {
    expect(hasAddress(octets(address))).toBe(true)
  })
  it.each(['203.0.113.77', '127.0.0.77', '0.0.0.0'])('does not find %s', address => {
    expect(hasAddress(octets(address))).toBe(false)
  })
  const loopback = Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? 1 : 0))
  it.runIf(networkInterfaces().lo?.some(({ address }) => address === '::1'))('finds ::1 on lo only', () => {
    expect([hasAddress(loopback), hasAddress(loopback, 'lo'), hasAddress(loopback, 'eth9')]).toEqual([
      true,
      true,
      false,
    ])
  })
  it('does not find an IPv6 address that no interface has', () => {
    expect(hasAddress(loopback.map(octet => octet + 0x20))).toBe(false)
  })
  it.runIf(supported)('leaves no descriptor open', () => {
    const lowest = () => Number(openSync('/dev/null', 'r'))
    const before = lowest()
    for (let looks = 0; looks < 100; looks++) for (const address of [octets('127.0.0.1'), loopback]) hasAddress(address)
    expect(lowest()).toBe(before + 1)
  })
  it.runIf(supported)('/proc/net/fib_trie has the same addresses as rtnetlink', () => {
    const trie = readFileSync('/proc/net/fib_trie', 'latin1')
    const listed = [...ipv4Addresses()]
    expect(listed.length).toBeGreaterThan(0)
    for (const address of listed) expect(isLocalInFibTrie(trie, address)).toBe(true)
    expect(isLocalInFibTrie(trie, '203.0.113.77')).toBe(false)
  })
})

it('returns undefined for octets that are not an address', () => {
  for (const length of [0, 3, 5, 15, 17]) expect(hasAddress(new Uint8Array(length))).toBeUndefined()
})
it.runIf(supported)('returns undefined if rtnetlink does not answer', () => {
  vi.spyOn(libc(), 'socket').mockImplementation(() => {
    throw new Error('socket EPERM: operation not permitted')
  })
  expect(hasAddress(octets('127.0.0.1'))).toBeUndefined()
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

describe('the answer of rtnetlink', () => {
  /** struct nlmsghdr, struct ifaddrmsg and attributes, in this machine's order. */
  const part = (
    type: number,
    attributes: readonly (readonly [number, readonly number[]])[] = [],
    index = 2,
  ): Buffer => {
    const body = attributes.flatMap(([kind, octets]) => [
      ...new Uint8Array(Uint16Array.of(4 + octets.length, kind).buffer),
      ...octets,
      ...Array<number>((4 - (octets.length % 4)) % 4).fill(0),
    ])
    const head = new Uint8Array(Uint32Array.of(24 + body.length, 0, 0, 0).buffer)
    head.set(new Uint8Array(Uint16Array.of(type).buffer), 4)
    return Buffer.concat([head, Uint8Array.of(2, 24, 0, 0, index, 0, 0, 0), Uint8Array.from(body)])
  }
  const addresses = (...parts: readonly Uint8Array[]) => [...addressesIn(Buffer.concat(parts))]
  const done = part(3)
  const [LOCAL, ADDRESS, LABEL] = [2, 1, 3]

  it('rtnetlink: takes our own end of each link', () => {
    const near: readonly [number, number[]] = [LOCAL, [192, 0, 2, 1]]
    const far: readonly [number, number[]] = [ADDRESS, [192, 0, 2, 254]]
    expect(addresses(part(20, [far, near, [LABEL, [101, 116, 104, 48, 0]]]), done)).toEqual(['192.0.2.1'])
    expect(addresses(part(20, [far]), part(16, [near]), part(20, [[LABEL, [0]]]), done)).toEqual(['192.0.2.254'])
  })
  it('rtnetlink: throws for an error or an incomplete answer', () => {
    const whole = part(20, [[LOCAL, [192, 0, 2, 1]]])
    for (const parts of [[], [whole], [whole.subarray(0, 20)], [whole, part(2)], [Buffer.alloc(64)], [Buffer.alloc(3)]])
      expect(() => addresses(...parts)).toThrow('rtnetlink: the list of addresses is not complete')
  })
})

function octets(address: string): Uint8Array {
  return Uint8Array.from(address.split('.').map(Number))
}
