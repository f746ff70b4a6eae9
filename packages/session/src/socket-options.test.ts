import {
  bindToDevice,
  type LinuxSupport,
  linuxSupport,
  setDscp,
  setMinTtl,
  setTcpMd5Key,
  setTtl,
  setUserTimeout,
  type TcpSocket,
} from '@softspoken/linux'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configure, type SessionOptions } from './config.ts'
import { Listener } from './listener.ts'
import { Session } from './session.ts'
import {
  connectionOptions,
  keyOptions,
  limitUnacknowledged,
  listeningOptions,
  requireLinux,
  type SocketOption,
  setOptions,
  setPrecedence,
} from './socket-options.ts'

const given: SessionOptions = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
const asking: readonly Partial<SessionOptions>[] = [
  { tcpMd5Key: 'secret' },
  { ttlSecurity: 1 },
  { multihop: 2 },
  { bindDevice: 'lo' },
]

vi.mock('@softspoken/linux', { spy: true })
const setters = { bindToDevice, setDscp, setMinTtl, setTcpMd5Key, setTtl, setUserTimeout }
beforeEach(() => {
  for (const setter of Object.values(setters)) vi.mocked(setter).mockReset().mockReturnValue()
})
const socket: TcpSocket = { fd: 7, family: 'ipv4' }
const { supported } = linuxSupport()

describe('the options of a connection', () => {
  it('are none unless asked for', () => {
    expect(connectionOptions(configure(given))).toEqual([])
  })
  it.each([
    [1, 255],
    [2, 254],
    [254, 2],
  ])('for TTL security of %d hops send 255 and accept from %d on (RFC 5082 §3)', (ttlSecurity, min) => {
    expect(calls(connectionOptions(configure({ ...given, ttlSecurity })))).toEqual([
      ['setTtl', 255],
      ['setMinTtl', min],
    ])
  })
  it('for multihop send that TTL, and accept any', () => {
    expect(calls(connectionOptions(configure({ ...given, multihop: 3 })))).toEqual([['setTtl', 3]])
  })
  it('for bindDevice have the name of the interface', () => {
    const options = connectionOptions(configure({ ...given, bindDevice: 'bond0.4094' }))
    expect(calls(options)).toEqual([['bindToDevice', 'bond0.4094']])
  })
  it('have no key for an IPv6 peer on a socket of IPv4: that throws', () => {
    const config = configure({ ...given, peer: { as: 1, address: '2001:db8::2' }, tcpMd5Key: 'secret' })
    expect(() => keyOptions(config, 'ipv4')).toThrow('tcpMd5Key: there is no key for 2001:db8::2')
  })
})

it('DSCP is CS6 (RFC 4594 §3.1)', () => {
  setPrecedence(socket)
  expect(setDscp).toHaveBeenCalledExactlyOnceWith(socket, 48)
})

describe('how long the system waits for an acknowledgement (RFC 5482)', () => {
  it.each([
    [{}, 480_000],
    [{ holdTime: 240 }, 480_000],
    [{ holdTime: 300 }, 600_000],
    [{ holdTime: 65535 }, 131_070_000],
    [{ sendHoldTime: 100.5 }, 100_500],
  ])('is the send hold time of %j, in milliseconds: %d', (change, milliseconds) => {
    limitUnacknowledged(socket, configure({ ...given, ...change }))
    expect(setUserTimeout).toHaveBeenCalledExactlyOnceWith(socket, milliseconds)
  })
})

describe('the options of a listening socket', () => {
  const one = configure({ ...given, ttlSecurity: 1 })
  const two = configure({ ...given, ttlSecurity: 2, tcpMd5Key: 'secret' })
  it('accept what the most lenient session accepts (RFC 5082 §3)', () => {
    const least = (configs: Parameters<typeof listeningOptions>[0]) =>
      calls(listeningOptions(configs, 'ipv4')).find(([name]) => name === 'setMinTtl')?.[1]
    expect(least([one])).toBe(255)
    expect(least([one, two])).toBe(254)
    expect(least([one, two, configure(given)])).toBe(0)
    expect(least([configure(given)])).toBeUndefined()
    expect(least([])).toBeUndefined()
  })
  it('have a key for each peer that wants one (RFC 2385)', () => {
    const third = configure({ ...given, peer: { as: 1, address: '192.0.2.3' }, tcpMd5Key: 'other' })
    const keys = calls(listeningOptions([one, two, third], 'ipv4')).filter(([name]) => name === 'setTcpMd5Key')
    expect(keys).toEqual([
      ['setTcpMd5Key', Uint8Array.of(192, 0, 2, 2), new TextEncoder().encode('secret')],
      ['setTcpMd5Key', Uint8Array.of(192, 0, 2, 3), new TextEncoder().encode('other')],
    ])
  })
})

describe('a system that refuses an option', () => {
  beforeEach(() => {
    for (const setter of Object.values(setters))
      vi.mocked(setter).mockImplementation(() => {
        throw Object.assign(new Error('setsockopt EPERM: operation not permitted'), { code: 'EPERM' })
      })
  })
  it('makes an error that names the option and keeps the code of the system', () => {
    const set = () => setOptions(socket, connectionOptions(configure({ ...given, bindDevice: 'lo' })))
    expect(set).toThrow('bindDevice: the system refused it, setsockopt EPERM: operation not permitted')
    expect(set).toThrow(expect.objectContaining({ code: 'EPERM' }))
  })
  it('costs no dial if the option is DSCP or the user timeout (RFC 4594 §3.1, RFC 5482)', () => {
    expect(() => setPrecedence(socket)).not.toThrow()
    expect(() => limitUnacknowledged(socket, configure(given))).not.toThrow()
    expect([setDscp, setUserTimeout].map(it => vi.mocked(it).mock.calls.length)).toEqual([1, 1])
  })
})

describe('what cannot be kept is refused', () => {
  const cause = new Error("Cannot find module 'koffi'")
  const detail = 'koffi could not be loaded, npm install koffi adds it'
  const without: LinuxSupport = { supported: false, reason: 'koffi-missing', detail, cause }

  it.each(asking)('%j without koffi', settings => {
    const [name] = Object.keys(settings)
    const refused = () => requireLinux(configure({ ...given, ...settings }), without)
    expect(refused).toThrow(
      `${name}: not possible here, it needs Linux and the package koffi, and koffi could not be loaded, npm install koffi adds it`,
    )
    expect(refused).toThrow(expect.objectContaining({ cause }))
  })
  it.each(asking)('%j of a Session on another system than Linux', settings => {
    const [name] = Object.keys(settings)
    on('darwin')
    expect(() => new Session({ ...given, ...settings })).toThrow(
      new Error(`${name}: not possible here, it needs Linux and the package koffi, and this is darwin`),
    )
  })
  it.runIf(supported).each(asking)('%j through a listener that cannot keep it', async settings => {
    const session = new Session({ ...given, ...settings })
    on('darwin')
    await using listener = new Listener({ address: '127.0.0.1', port: 0 })
    expect(() => listener.serve(session)).toThrow('not possible here, it needs Linux and the package koffi')
    await listener.listen()
    on('linux')
    expect(() => listener.serve(session)).toThrow('and this listener began without them')
  })
  it('a session that asks for nothing of it goes on without', () => {
    expect(() => requireLinux(configure(given), without)).not.toThrow()
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
/** What setting them calls, without the socket. */
function calls(options: readonly SocketOption[]): unknown[][] {
  for (const { set } of options) set(socket)
  const made = Object.entries(setters).flatMap(([name, setter]) => {
    const { calls, invocationCallOrder } = vi.mocked(setter).mock
    return calls.map(([, ...values], at) => ({ order: invocationCallOrder[at]!, call: [name, ...values] }))
  })
  for (const setter of Object.values(setters)) vi.mocked(setter).mockClear()
  return made.sort((one, other) => one.order - other.order).map(({ call }) => call)
}
