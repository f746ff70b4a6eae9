import { openSync, readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { findKernel, type Kernel, outOfReach } from './kernel.ts'
import { isIpv6In, isLocalIn, lookFor } from './own-address.ts'
import { ipv4Addresses } from './rtnetlink.ts'

afterEach(() => vi.restoreAllMocks())

describe.runIf(process.platform === 'linux')('on Linux', () => {
  const all = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.map(({ address }) => (/^fe80:/.test(address) ? `${address}%${name}` : address)),
  )
  it.each(all)('%s is here', address => {
    expect(lookFor(address)).toBe('here')
  })
  it.each(['203.0.113.77', '127.0.0.77', '0.0.0.0', '2001:db8::77', '::ffff:203.0.113.77', 'fe80::77%lo'])(
    '%s is not',
    address => {
      expect(lookFor(address)).toBe('gone')
    },
  )
  it('an IPv4 address is itself where it is mapped into IPv6', () => {
    expect(lookFor('::ffff:127.0.0.1')).toBe('here')
  })
  it.runIf(outOfReach() === undefined)('leaves no descriptor open, however often it looks', () => {
    const lowest = () => Number(openSync('/dev/null', 'r'))
    const before = lowest()
    for (let looks = 0; looks < 100; looks++) for (const address of ['127.0.0.1', '::1']) lookFor(address)
    expect(lowest()).toBe(before + 1)
  })
  it.runIf(outOfReach() === undefined)('without koffi, /proc/net/fib_trie says the same', () => {
    const trie = readFileSync('/proc/net/fib_trie', 'latin1')
    const listed = [...ipv4Addresses(findKernel().kernel!)] // it is in reach
    expect(listed.length).toBeGreaterThan(0)
    for (const address of listed) expect(isLocalIn(trie, address)).toBe(true)
    expect(isLocalIn(trie, '203.0.113.77')).toBe(false)
  })
})

it.each(['', 'router', 'fe80::1%', '192.0.2.1/24', '::1%lo%x'])("'%s' is not known, and nothing is thrown", address => {
  expect(lookFor(address)).toMatch(/^(unknown|gone)$/)
})
it.runIf(outOfReach() === undefined)('a system that does not answer over rtnetlink is not known to have it', () => {
  const refused = new Error('socket EPERM: operation not permitted')
  const kernel = findKernel().kernel! // it is in reach
  vi.spyOn(kernel, 'rtnetlink').mockImplementation(() => {
    throw refused
  })
  expect(lookFor('127.0.0.1')).toBe('unknown')
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
  it.each(['192.0.2.1', '192.0.2.128'])('fib_trie: %s is local', address => {
    expect(isLocalIn(trie, address)).toBe(true)
  })
  it.each(['192.0.2.0', '192.0.2.11', '192.0.2.12', '192.0.2.255', '92.0.2.1', '192.0.2', '192.0.201'])(
    'fib_trie: %s is not',
    address => {
      expect(isLocalIn(trie, address)).toBe(false)
    },
  )
  const table = `fe800000000000000000000000000001 02 40 20 80     eth0
20010db8000000000000000000000010 02 40 00 80     eth0
`
  it('if_inet6: an address, and on its interface where it is link-local', () => {
    const [global, link] = ['20010db8000000000000000000000010', 'fe800000000000000000000000000001']
    expect([isIpv6In(table, global, undefined), isIpv6In(table, link, 'eth0')]).toEqual([true, true])
    expect([isIpv6In(table, link, 'eth1'), isIpv6In(table, `${global.slice(0, -1)}1`, undefined)]).toEqual([
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
  const addresses = (...parts: readonly Uint8Array[]) => [
    ...ipv4Addresses({ rtnetlink: () => Buffer.concat(parts) } as unknown as Kernel),
  ] // it calls nothing else
  const done = part(3)
  const [LOCAL, ADDRESS, LABEL] = [2, 1, 3]

  it('has our own end of each link, whatever stands beside it', () => {
    const near: readonly [number, number[]] = [LOCAL, [192, 0, 2, 1]]
    const far: readonly [number, number[]] = [ADDRESS, [192, 0, 2, 254]]
    expect(addresses(part(20, [far, near, [LABEL, [101, 116, 104, 48, 0]]]), done)).toEqual(['192.0.2.1'])
    expect(addresses(part(20, [far]), part(16, [near]), part(20, [[LABEL, [0]]]), done)).toEqual(['192.0.2.254'])
  })
  it('that is not whole, or an error, says nothing', () => {
    const whole = part(20, [[LOCAL, [192, 0, 2, 1]]])
    for (const parts of [[], [whole], [whole.subarray(0, 20)], [whole, part(2)], [Buffer.alloc(64)], [Buffer.alloc(3)]])
      expect(() => addresses(...parts)).toThrow('rtnetlink: the list of addresses is not whole')
  })
})
