import { afterEach, beforeEach, describe, expect, it, type Mock, vi } from 'vitest'
import * as linux from './constants.ts'
import { type Libc, libc, linuxSupport } from './libc.ts'
import { sockaddr } from './sockaddr.ts'
import { bindToDevice, setDscp, setMinTtl, setTcpMd5Key, setTtl, setUserTimeout, tcpMd5Sig } from './socket-options.ts'
import type { TcpSocket } from './tcp-socket.ts'

const ipv4: TcpSocket = { fd: 7, family: 'ipv4' }
const ipv6: TcpSocket = { fd: 8, family: 'ipv6' }
const peer = Uint8Array.of(192, 0, 2, 2)
const peer6 = Uint8Array.from(Buffer.from('20010db8000000000000000000000002', 'hex'))

describe.runIf(linuxSupport().supported)('each option is one setsockopt(2) per family', () => {
  let setsockopt: Mock<Libc['setsockopt']>
  beforeEach(() => void (setsockopt = vi.spyOn(libc(), 'setsockopt').mockReturnValue(undefined)))
  afterEach(() => vi.restoreAllMocks())
  const numbers = () =>
    setsockopt.mock.calls.map(([fd, level, name, value]) => [fd, level, name, new Int32Array(value.buffer)[0]])

  it('setTtl sets the TTL, and the hop limit on a socket that carries both families', () => {
    setTtl(ipv4, 255)
    setTtl(ipv6, 3)
    expect(numbers()).toEqual([
      [7, linux.IPPROTO_IP, linux.IP_TTL, 255],
      [8, linux.IPPROTO_IP, linux.IP_TTL, 3],
      [8, linux.IPPROTO_IPV6, linux.IPV6_UNICAST_HOPS, 3],
    ])
  })
  it('setMinTtl sets the lowest TTL and hop limit accepted (RFC 5082 §3)', () => {
    setMinTtl(ipv4, 255)
    setMinTtl(ipv6, 254)
    expect(numbers()).toEqual([
      [7, linux.IPPROTO_IP, linux.IP_MINTTL, 255],
      [8, linux.IPPROTO_IP, linux.IP_MINTTL, 254],
      [8, linux.IPPROTO_IPV6, linux.IPV6_MINHOPCOUNT, 254],
    ])
  })
  it('setDscp puts the codepoint in the upper six bits of the octet (RFC 2474 §3)', () => {
    setDscp(ipv4, 48)
    setDscp(ipv6, 48)
    expect(numbers()).toEqual([
      [7, linux.IPPROTO_IP, linux.IP_TOS, 192],
      [8, linux.IPPROTO_IP, linux.IP_TOS, 192],
      [8, linux.IPPROTO_IPV6, linux.IPV6_TCLASS, 192],
    ])
  })
  it('setUserTimeout rounds milliseconds up (RFC 5482)', () => {
    setUserTimeout(ipv4, 100_000.5)
    expect(numbers()).toEqual([[7, linux.IPPROTO_TCP, 18, 100_001]])
  })
  it('bindToDevice takes the whole name of the interface', () => {
    bindToDevice(ipv6, 'bond0.4094')
    const [[fd, level, name, value] = []] = setsockopt.mock.calls
    expect([fd, level, name]).toEqual([8, linux.SOL_SOCKET, linux.SO_BINDTODEVICE])
    expect(new TextDecoder().decode(value)).toBe('bond0.4094')
  })
  it('setTcpMd5Key sets the key of one peer (RFC 2385)', () => {
    setTcpMd5Key(ipv4, peer, Buffer.from('secret'))
    expect(setsockopt.mock.calls).toEqual([
      [7, linux.IPPROTO_TCP, linux.TCP_MD5SIG, tcpMd5Sig('ipv4', peer, Buffer.from('secret'))],
    ])
  })
})

describe('struct tcp_md5sig, as linux/tcp.h has it (RFC 2385)', () => {
  const key = new TextEncoder().encode('sésame')
  it('tcp_md5sig has the fields of linux/tcp.h for an IPv4 peer', () => {
    const struct = tcpMd5Sig('ipv4', peer, key)
    expect(struct).toHaveLength(216)
    expect(new Uint16Array(struct.buffer)[0], 'family').toBe(2)
    expect([...struct.slice(2, 8)], 'port, which is not used, and address').toEqual([0, 0, 192, 0, 2, 2])
    expect([...struct.slice(8, 130)], 'the rest of sockaddr_storage, flags, prefix length').toEqual(Array(122).fill(0))
    expect(new Uint16Array(struct.buffer)[65], 'key length, in octets').toBe(7)
    expect([...struct.slice(132, 136)], 'interface').toEqual([0, 0, 0, 0])
    expect(new TextDecoder().decode(struct.slice(136, 143))).toBe('sésame')
    expect([...struct.slice(143)]).toEqual(Array(73).fill(0))
  })
  it('tcp_md5sig has the fields of linux/tcp.h for an IPv6 peer', () => {
    const struct = tcpMd5Sig('ipv6', peer6, key)
    expect(new Uint16Array(struct.buffer)[0]).toBe(10)
    expect([...struct.slice(2, 8)], 'port and flow').toEqual([0, 0, 0, 0, 0, 0])
    expect(hex(struct.slice(8, 24))).toBe('20010db8000000000000000000000002')
    expect(new Uint16Array(struct.buffer)[65]).toBe(7)
  })
  it('tcp_md5sig has the mapped address of an IPv4 peer on an IPv6 socket', () => {
    const struct = tcpMd5Sig('ipv6', peer, key)
    expect(new Uint16Array(struct.buffer)[0]).toBe(10)
    expect(hex(struct.slice(8, 24))).toBe('00000000000000000000ffffc0000202')
  })
  it('tcp_md5sig has all octets of the longest key', () => {
    const struct = tcpMd5Sig('ipv4', peer, Buffer.from('k'.repeat(80)))
    expect(new Uint16Array(struct.buffer)[65]).toBe(80)
    expect(struct[215]).toBe('k'.charCodeAt(0))
  })
  it('tcpMd5Sig() throws for an IPv6 peer on an IPv4 socket', () => {
    expect(() => tcpMd5Sig('ipv4', peer6, key)).toThrow('an IPv4 socket has no IPv6 address')
  })
})

it('a sockaddr has its port in network byte order', () => {
  expect(hex(sockaddr('ipv4', Uint8Array.of(192, 0, 2, 1), 179).slice(2))).toBe('00b3c00002010000000000000000')
  expect(sockaddr('ipv6', new Uint8Array(16), 179)).toHaveLength(28)
})

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}
