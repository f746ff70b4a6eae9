import { afterEach, describe, expect, it, vi } from 'vitest'
import { configure, type Settings } from './config.ts'
import { findKernel, type Kernel, linux, outOfReach } from './kernel.ts'
import { Listener } from './listener.ts'
import { Md5Key } from './md5-key.ts'
import { Session } from './session.ts'
import {
  connectionOptions,
  keyOptions,
  listeningOptions,
  md5Signature,
  requireKernel,
  type SocketOption,
  setDscp,
  setOptions,
  setUserTimeout,
  sockaddr,
} from './socket-options.ts'

const given: Settings = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
const asking: readonly Partial<Settings>[] = [
  { tcpMd5Key: 'secret' },
  { ttlSecurity: 1 },
  { multihop: 2 },
  { bindDevice: 'lo' },
]

describe('struct tcp_md5sig, as linux/tcp.h has it (RFC 2385)', () => {
  const key = new Md5Key('sésame')
  it('for an IPv4 peer', () => {
    const struct = md5Signature('192.0.2.2', key, linux.AF_INET)
    expect(struct).toHaveLength(216)
    expect(new Uint16Array(struct.buffer)[0], 'family').toBe(2)
    expect([...struct.slice(2, 8)], 'port, which is not asked, and address').toEqual([0, 0, 192, 0, 2, 2])
    expect([...struct.slice(8, 130)], 'the rest of sockaddr_storage, flags, prefix length').toEqual(Array(122).fill(0))
    expect(new Uint16Array(struct.buffer)[65], 'key length, in octets').toBe(7)
    expect([...struct.slice(132, 136)], 'interface').toEqual([0, 0, 0, 0])
    expect(new TextDecoder().decode(struct.slice(136, 143))).toBe('sésame')
    expect([...struct.slice(143)]).toEqual(Array(73).fill(0))
  })
  it('for an IPv6 peer', () => {
    const struct = md5Signature('2001:db8::2', key, linux.AF_INET6)
    expect(new Uint16Array(struct.buffer)[0]).toBe(10)
    expect([...struct.slice(2, 8)], 'port and flow').toEqual([0, 0, 0, 0, 0, 0])
    expect(hex(struct.slice(8, 24))).toBe('20010db8000000000000000000000002')
    expect(new Uint16Array(struct.buffer)[65]).toBe(7)
  })
  it('for an IPv4 peer of a socket that carries both: its mapped address (RFC 4291 §2.5.5.2)', () => {
    const struct = md5Signature('192.0.2.2', key, linux.AF_INET6)
    expect(new Uint16Array(struct.buffer)[0]).toBe(10)
    expect(hex(struct.slice(8, 24))).toBe('00000000000000000000ffffc0000202')
  })
  it('takes the longest key to its last octet', () => {
    const struct = md5Signature('192.0.2.2', new Md5Key('k'.repeat(80)), linux.AF_INET)
    expect(new Uint16Array(struct.buffer)[65]).toBe(80)
    expect(struct[215]).toBe('k'.charCodeAt(0))
  })
  it('there is none for an IPv6 peer on a socket of IPv4, and that is no silence', () => {
    const config = configure({ ...given, peer: { as: 1, address: '2001:db8::2' }, tcpMd5Key: 'secret' })
    expect(() => keyOptions(config, linux.AF_INET)).toThrow('tcpMd5Key: there is no key for 2001:db8::2')
  })
})

it('an address to bind to has its port in network order', () => {
  expect(hex(sockaddr('192.0.2.1', 179, linux.AF_INET).slice(2))).toBe('00b3c00002010000000000000000')
  expect(sockaddr('::', 179, linux.AF_INET6)).toHaveLength(28)
})

describe('the options of a connection', () => {
  it('none unless asked for', () => {
    expect(connectionOptions(configure(given), linux.AF_INET6)).toEqual([])
  })
  it.each([
    [1, 255],
    [2, 254],
    [254, 2],
  ])('TTL security of %d hops: sent with 255, taken from %d on (RFC 5082 §3)', (ttlSecurity, least) => {
    const config = configure({ ...given, ttlSecurity })
    expect(rows(connectionOptions(config, linux.AF_INET))).toEqual([
      ['IPPROTO_IP', 'IP_TTL', 255],
      ['IPPROTO_IP', 'IP_MINTTL', least],
    ])
    expect(rows(connectionOptions(config, linux.AF_INET6))).toEqual([
      ['IPPROTO_IP', 'IP_TTL', 255],
      ['IPPROTO_IPV6', 'IPV6_UNICAST_HOPS', 255],
      ['IPPROTO_IP', 'IP_MINTTL', least],
      ['IPPROTO_IPV6', 'IPV6_MINHOPCOUNT', least],
    ])
  })
  it('multihop: sent with that TTL, and taken from anywhere', () => {
    expect(rows(connectionOptions(configure({ ...given, multihop: 3 }), linux.AF_INET))).toEqual([
      ['IPPROTO_IP', 'IP_TTL', 3],
    ])
  })
  it('bindDevice: the whole name of the interface, in the octets of UTF-8', () => {
    const [option, ...rest] = connectionOptions(configure({ ...given, bindDevice: 'bond0.4094' }), linux.AF_INET)
    expect(rest).toEqual([])
    expect(option).toMatchObject({ level: linux.SOL_SOCKET, name: linux.SO_BINDTODEVICE })
    expect(new TextDecoder().decode(option?.value)).toBe('bond0.4094')
  })
})

describe('DSCP (RFC 4594 §3.1)', () => {
  const ipv4 = [linux.IPPROTO_IP, linux.IP_TOS, 192]
  const ipv6 = [linux.IPPROTO_IPV6, linux.IPV6_TCLASS, 192]
  it.each([
    ['IPv4', linux.AF_INET, [ipv4]],
    ['both families', linux.AF_INET6, [ipv4, ipv6]],
  ])('is CS6, 48 in the upper six bits of the octet, on a socket of %s', (_, domain, options) => {
    const setsockopt = vi.fn<Kernel['setsockopt']>()
    setDscp({ setsockopt } as unknown as Kernel, 7, domain) // it calls nothing else
    const set = setsockopt.mock.calls.map(([, level, name, value]) => [level, name, new Int32Array(value.buffer)[0]])
    expect(set).toEqual(options)
  })
})

describe('how long the system waits for an acknowledgement (RFC 5482)', () => {
  const set = (change: Partial<Settings>, setsockopt = vi.fn<Kernel['setsockopt']>()) => {
    setUserTimeout({ setsockopt } as unknown as Kernel, 7, configure({ ...given, ...change })) // it calls nothing else
    return setsockopt.mock.calls.map(([fd, level, name, value]) => [fd, level, name, new Int32Array(value.buffer)[0]])
  }
  it.each([
    [{}, 480_000],
    [{ holdTime: 240 }, 480_000],
    [{ holdTime: 300 }, 600_000],
    [{ holdTime: 65535 }, 131_070_000],
    [{ sendHoldTime: 100.0005 }, 100_001],
  ])('is the send hold time of %j, in milliseconds: %d', (change, milliseconds) => {
    expect(set(change)).toEqual([[7, linux.IPPROTO_TCP, 18, milliseconds]])
  })
  it('is a courtesy: a system that refuses it costs no dial', () => {
    const refuse = vi.fn<Kernel['setsockopt']>(() => {
      throw Object.assign(new Error('setsockopt ENOPROTOOPT'), { code: 'ENOPROTOOPT' })
    })
    expect(() => set({}, refuse)).not.toThrow()
    expect(refuse).toHaveBeenCalled()
  })
})

describe('the options of a listening socket', () => {
  const one = configure({ ...given, ttlSecurity: 1 })
  const two = configure({ ...given, ttlSecurity: 2, tcpMd5Key: 'secret' })
  it('let in what the most lenient session takes, so that no stricter one keeps its peer out (RFC 5082 §3)', () => {
    const least = (configs: Parameters<typeof listeningOptions>[0]) =>
      rows(listeningOptions(configs, linux.AF_INET)).find(([, name]) => name === 'IP_MINTTL')?.[2]
    expect(least([one])).toBe(255)
    expect(least([one, two])).toBe(254)
    expect(least([one, two, configure(given)])).toBe(0)
    expect(least([configure(given)])).toBeUndefined()
    expect(least([])).toBeUndefined()
  })
  it('have a key for each peer that wants one (RFC 2385)', () => {
    const third = configure({ ...given, peer: { as: 1, address: '192.0.2.3' }, tcpMd5Key: 'other' })
    const keys = listeningOptions([one, two, third], linux.AF_INET).filter(({ name }) => name === linux.TCP_MD5SIG)
    expect(keys.map(({ value }) => [...value.slice(4, 8)])).toEqual([
      [192, 0, 2, 2],
      [192, 0, 2, 3],
    ])
  })
})

describe('a system that refuses an option', () => {
  const refused = Object.assign(new Error('setsockopt EPERM: operation not permitted'), { code: 'EPERM' })
  const kernel: Kernel = {
    socket: () => 3,
    bind: () => {},
    setsockopt: () => {
      throw refused
    },
    close: () => {},
    rtnetlink: () => new Uint8Array(),
  }
  it('makes an error that names the setting and keeps the code of the system', () => {
    const set = () => setOptions(kernel, 3, connectionOptions(configure({ ...given, bindDevice: 'lo' }), linux.AF_INET))
    expect(set).toThrow('bindDevice: the system refused it, setsockopt EPERM: operation not permitted')
    expect(set).toThrow(expect.objectContaining({ code: 'EPERM' }))
  })
  it('costs nothing where the option is DSCP alone (RFC 4594 §3.1)', () => {
    expect(() => setDscp(kernel, 3, linux.AF_INET6)).not.toThrow()
  })
})

describe('what cannot be kept is refused', () => {
  const missing = new Error("Cannot find module 'koffi'")
  const without = () =>
    findKernel(() => {
      throw missing
    })

  it.runIf(outOfReach() === undefined).each(asking)('%j without koffi', settings => {
    const [name] = Object.keys(settings)
    const refused = () => requireKernel(configure({ ...given, ...settings }), without())
    expect(refused).toThrow(
      `${name}: not possible here, it needs Linux and the package koffi, and koffi could not be loaded, npm install koffi adds it`,
    )
    expect(refused).toThrow(expect.objectContaining({ cause: missing }))
  })
  it.each(asking)('%j of a Session on another system than Linux', settings => {
    const [name] = Object.keys(settings)
    on('darwin')
    expect(() => new Session({ ...given, ...settings })).toThrow(
      new Error(`${name}: not possible here, it needs Linux and the package koffi, and this is darwin`),
    )
  })
  it.runIf(outOfReach() === undefined).each(asking)('%j through a listener that cannot keep it', async settings => {
    const session = new Session({ ...given, ...settings })
    on('darwin')
    await using listener = new Listener({ address: '127.0.0.1', port: 0 })
    expect(() => listener.serve(session)).toThrow('not possible here, it needs Linux and the package koffi')
    await listener.listen()
    on('linux')
    expect(() => listener.serve(session)).toThrow('and this listener began without them')
  })
  it.runIf(process.platform === 'linux')('where Deno or Bun would make a socket without it', () => {
    expect(outOfReach({ v8: '13', deno: '2.9.6' })).toBe('this is deno, which takes no socket made elsewhere')
    expect(outOfReach({ bun: '1.4.5' })).toBe('this is bun, which takes no socket made elsewhere')
    expect(outOfReach({ node: '24.21.0', v8: '13' })).toBeUndefined()
  })
  it('a session that asks for nothing of it goes on without', () => {
    expect(() => requireKernel(configure(given), without())).not.toThrow()
    on('darwin')
    expect(new Session(given).state).toBe('Idle')
  })
})

// ---- the stage

const platform = process.platform
afterEach(() => on(platform))
function on(platform: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: platform })
}
function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex')
}
/** By the names that the system's headers give them. */
function rows(options: readonly SocketOption[]): [string | undefined, string | undefined, number | undefined][] {
  const nameOf = (prefix: RegExp, number: number) =>
    Object.entries(linux).find(([name, value]) => prefix.test(name) && value === number)?.[0]
  return options.map(({ level, name, value }) => [
    nameOf(/^IPPROTO_/, level),
    nameOf(level === linux.IPPROTO_IP ? /^IP_/ : /^IPV6_/, name),
    new Int32Array(value.buffer)[0],
  ])
}
