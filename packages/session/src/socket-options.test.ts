import * as linux from '@softspoken/linux'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { given, linuxOptions } from '../tools/linux-options.ts'
import { configure } from './config.ts'
import { Listener } from './listener.ts'
import { Session } from './session.ts'
import {
  connectionOptions,
  keyOptions,
  limitUnacknowledged,
  listeningOptions,
  type SocketOption,
  setOptions,
  setPrecedence,
} from './socket-options.ts'

const setters = ['bindToDevice', 'setDscp', 'setMinTtl', 'setTcpMd5Key', 'setTtl', 'setUserTimeout'] as const
let spies: readonly MockInstance<(...given: never) => void>[]
beforeEach(() => {
  spies = setters.map(name => vi.spyOn(linux, name).mockReturnValue())
})
afterEach(() => vi.restoreAllMocks())
const socket: linux.TcpSocket = { fd: 7, family: 'ipv4' }
const { supported } = linux.linuxSupport()

describe('the options of a connection', () => {
  it('a connection needs no option by default', () => {
    expect(connectionOptions(configure(given))).toEqual([])
  })
  it.each([
    [1, 255],
    [2, 254],
    [254, 2],
  ])('TTL security of %d hops sends 255 and accepts from %d on (RFC 5082 §3)', (ttlSecurity, min) => {
    expect(calls(connectionOptions(configure({ ...given, ttlSecurity })))).toEqual([
      ['setTtl', 255],
      ['setMinTtl', min],
    ])
  })
  it('multihop sends that TTL and accepts any', () => {
    expect(calls(connectionOptions(configure({ ...given, multihop: 3 })))).toEqual([['setTtl', 3]])
  })
  it('bindDevice sets the name of the interface', () => {
    const options = connectionOptions(configure({ ...given, bindDevice: 'bond0.4094' }))
    expect(calls(options)).toEqual([['bindToDevice', 'bond0.4094']])
  })
  it('a key for an IPv6 peer on a socket of IPv4 throws', () => {
    const config = configure({ ...given, peer: { as: 1, address: '2001:db8::2' }, tcpMd5Key: 'secret' })
    expect(() => keyOptions(config, 'ipv4')).toThrow('tcpMd5Key: an IPv4 socket cannot have a key for 2001:db8::2')
  })
})

it('DSCP is CS6 (RFC 4594 §3.1)', () => {
  setPrecedence(socket)
  expect(linux.setDscp).toHaveBeenCalledExactlyOnceWith(socket, 48)
})

describe('the user timeout', () => {
  it.each([
    [{}, 480_000],
    [{ holdTime: 240 }, 480_000],
    [{ holdTime: 300 }, 600_000],
    [{ holdTime: 65535 }, 131_070_000],
    [{ sendHoldTime: 100.5 }, 100_500],
  ])('the user timeout of %j is %d ms (RFC 5482)', (change, milliseconds) => {
    limitUnacknowledged(socket, configure({ ...given, ...change }))
    expect(linux.setUserTimeout).toHaveBeenCalledExactlyOnceWith(socket, milliseconds)
  })
})

describe('the options of a listening socket', () => {
  const one = configure({ ...given, ttlSecurity: 1 })
  const two = configure({ ...given, ttlSecurity: 2, tcpMd5Key: 'secret' })
  it('a listener accepts what its most lenient session accepts (RFC 5082 §3)', () => {
    const least = (configs: Parameters<typeof listeningOptions>[0]) =>
      calls(listeningOptions(configs, 'ipv4')).find(([name]) => name === 'setMinTtl')?.[1]
    expect(least([one])).toBe(255)
    expect(least([one, two])).toBe(254)
    expect(least([one, two, configure(given)])).toBe(0)
    expect(least([configure(given)])).toBeUndefined()
    expect(least([])).toBeUndefined()
  })
  it('a listener has one key per peer that has one (RFC 2385)', () => {
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
    for (const spy of spies)
      spy.mockImplementation(() => {
        throw Object.assign(new Error('setsockopt EPERM: operation not permitted'), { code: 'EPERM' })
      })
  })
  it('an option that the system refuses is named, with the code of the system', () => {
    const set = () => setOptions(socket, connectionOptions(configure({ ...given, bindDevice: 'lo' })))
    expect(set).toThrow('bindDevice: the system refused it, setsockopt EPERM: operation not permitted')
    expect(set).toThrow(expect.objectContaining({ code: 'EPERM' }))
  })
  it('a refused DSCP or user timeout does not fail the dial', () => {
    expect(() => setPrecedence(socket)).not.toThrow()
    expect(() => limitUnacknowledged(socket, configure(given))).not.toThrow()
    expect(linux.setDscp).toHaveBeenCalledOnce()
    expect(linux.setUserTimeout).toHaveBeenCalledOnce()
  })
})

describe('a listener that cannot have an option', () => {
  it.runIf(supported).each(linuxOptions)('%j throws at a listener that cannot have it', async options => {
    const session = new Session({ ...given, ...options })
    on('darwin')
    await using listener = new Listener({ address: '127.0.0.1', port: 0 })
    expect(() => listener.serve(session)).toThrow('needs Linux and the package koffi')
    await listener.listen()
    on('linux')
    expect(() => listener.serve(session)).toThrow('but this listener was started without them')
  })
})

// ---- helpers

const platform = process.platform
afterEach(() => on(platform))
function on(platform: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: platform })
}
/** The calls that these options make, without the socket. */
function calls(options: readonly SocketOption[]): unknown[][] {
  for (const { set } of options) set(socket)
  const made = spies.flatMap((spy, index) => {
    const { calls, invocationCallOrder } = spy.mock
    return calls.map(([, ...values]: readonly unknown[], at) => ({
      order: invocationCallOrder[at]!,
      call: [setters[index], ...values],
    }))
  })
  for (const spy of spies) spy.mockClear()
  return made.sort((one, other) => one.order - other.order).map(({ call }) => call)
}
