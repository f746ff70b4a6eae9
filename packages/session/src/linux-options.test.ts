/** The socket options of a session as data, and a system that does not have them. */
import type { LinuxSupport, TcpSocket } from '@softspoken/linux'
import { afterEach, describe, expect, it } from 'vitest'
import { given, linuxOptions } from '../tools/linux-options.ts'
import { configure } from './config.ts'
import type { SessionOptions } from './options.ts'
import { Session } from './session.ts'
import {
  connectionOptions,
  deviceOption,
  familyOf,
  firstLinuxOption,
  keyOptions,
  limitUnacknowledged,
  listeningOptions,
  octetsOf,
  rejectLinuxOptions,
  requireLinux,
  type SocketOption,
  setOptions,
  setPrecedence,
} from './socket-options.ts'

const names = (options: readonly SocketOption[]) => options.map(({ option }) => option)
const withOptions = (options: Partial<SessionOptions>) => configure({ ...given, ...options })

describe('the options of a socket', () => {
  it.each<[Partial<SessionOptions>, string[]]>([
    [{}, []],
    [{ tcpMd5Key: 'secret' }, []],
    [{ ttlSecurity: 1 }, ['ttlSecurity', 'ttlSecurity']],
    [{ multihop: 2, bindDevice: 'eth0' }, ['multihop', 'bindDevice']],
  ])('a connection with %j has the options %j', (options, expected) => {
    expect(names(connectionOptions(withOptions(options)))).toEqual(expected)
  })
  it('an interface is named for the option that asks for it', () => {
    expect([deviceOption('eth0').option, deviceOption('eth0', 'address').option]).toEqual(['bindDevice', 'address'])
  })
  it('a key is for a socket of its family', () => {
    expect(names(keyOptions(withOptions({ tcpMd5Key: 'secret' }), 'ipv4'))).toEqual(['tcpMd5Key'])
    expect(names(keyOptions(withOptions({ tcpMd5Key: 'secret' }), 'ipv6'))).toEqual(['tcpMd5Key'])
    expect(keyOptions(withOptions({}), 'ipv4')).toEqual([])
    const config = withOptions({ peer: { as: 65002, address: 'fe80::2%eth0' }, tcpMd5Key: 'secret' })
    expect(names(keyOptions(config, 'ipv6'))).toEqual(['tcpMd5Key'])
    expect(() => keyOptions(config, 'ipv4')).toThrow('tcpMd5Key: an IPv4 socket cannot have a key for fe80::2%eth0')
  })
  it('the family of a socket is that of the address', () => {
    expect([familyOf('192.0.2.1'), familyOf('fe80::1%eth0'), familyOf('::')]).toEqual(['ipv4', 'ipv6', 'ipv6'])
    expect([...octetsOf('192.0.2.1')]).toEqual([192, 0, 2, 1])
  })
  it('a listening socket has TTL security once, and the key of each peer', () => {
    const [plain, one, two] = [{}, { ttlSecurity: 1 }, { ttlSecurity: 2, tcpMd5Key: 'secret' }].map(withOptions)
    expect(names(listeningOptions([plain!], 'ipv4'))).toEqual([]) // all three are there
    expect(names(listeningOptions([one!, two!, plain!], 'ipv4'))).toEqual(['ttlSecurity', 'ttlSecurity', 'tcpMd5Key'])
  })
  it('two peers with one address on two interfaces have one key', () => {
    const on = (zone: string, tcpMd5Key?: string) =>
      withOptions({ peer: { as: 65002, address: `fe80::2%${zone}` }, ...(tcpMd5Key !== undefined && { tcpMd5Key }) })
    const keys = (...configs: ReturnType<typeof on>[]) => names(listeningOptions(configs, 'ipv6'))
    expect(keys(on('eth0', 'secret'), on('eth1', 'secret'))).toEqual(['tcpMd5Key', 'tcpMd5Key'])
    expect(keys(on('eth0'), on('eth1'))).toEqual([])
    for (const other of [on('eth1', 'other'), on('eth1')])
      expect(() => keys(on('eth0', 'secret'), other)).toThrow(
        expect.objectContaining({
          option: 'tcpMd5Key',
          value: undefined,
          message: 'tcpMd5Key: fe80::2 is a peer on two interfaces, and a listener has one key per address',
        }),
      )
  })
})

describe('a system that refuses', () => {
  const refusing = (thrown: unknown): SocketOption => ({
    option: 'multihop',
    set: () => {
      throw thrown
    },
  })
  const socket: TcpSocket = { fd: -1, family: 'ipv4' }
  it('the error names the option that was refused, and the options before it are set', () => {
    const set: TcpSocket[] = []
    const options = [{ option: 'ttlSecurity', set: (to: TcpSocket) => set.push(to) }, refusing(new Error('EPERM'))]
    expect(() => setOptions(socket, options)).toThrow('multihop: the system refused it, EPERM')
    expect(set).toEqual([socket])
  })
  it('what is thrown and is no Error stays as it is', () => {
    expect(() => setOptions(socket, [refusing('EPERM')])).toThrow(expect.toSatisfy(thrown => thrown === 'EPERM'))
  })
  it('a socket without precedence or user timeout is used all the same', () => {
    expect(() => setPrecedence(socket)).not.toThrow()
    expect(() => limitUnacknowledged(socket, withOptions({}))).not.toThrow()
  })
})

describe('an option that is not available', () => {
  const cause = new Error("Cannot find module 'koffi'")
  const detail = 'koffi cannot be loaded (npm install koffi)'
  const without: LinuxSupport = { supported: false, reason: 'koffi-missing', detail, cause }

  it.each(linuxOptions)('%j throws without koffi', options => {
    const [name] = Object.keys(options)
    const refused = () => requireLinux(configure({ ...given, ...options }), without)
    expect(refused).toThrow(
      `${name}: needs Linux and the package koffi, but koffi cannot be loaded (npm install koffi)`,
    )
    expect(refused).toThrow(expect.objectContaining({ cause }))
  })
  it.each(linuxOptions)('%j throws on another system than Linux', options => {
    const [name] = Object.keys(options)
    on('darwin')
    expect(() => new Session({ ...given, ...options })).toThrow(
      expect.objectContaining({
        name: 'OptionError',
        option: name,
        message: `${name}: needs Linux and the package koffi, but this is darwin`,
      }),
    )
  })
  it('a session without such an option needs neither Linux nor koffi', () => {
    expect(() => requireLinux(configure(given), without)).not.toThrow()
    on('darwin')
    expect(new Session(given).state).toBe('Idle')
  })
})

it('the first option of Linux that a session has is named, and no key is shown', () => {
  expect(firstLinuxOption(withOptions({}))).toBeUndefined()
  expect(firstLinuxOption(withOptions({ bindDevice: 'lo', multihop: 2 }))).toBe('multihop')
  const rejected = (options: Partial<SessionOptions>) => () => rejectLinuxOptions(withOptions(options), 'a reason')
  expect(rejected({ tcpMd5Key: 'secret' })).toThrow(expect.objectContaining({ option: 'tcpMd5Key', value: undefined }))
  expect(rejected({ ttlSecurity: 7 })).toThrow(
    expect.objectContaining({ value: 7, allowed: 'left out without Linux and the package koffi' }),
  )
})

// ---- helpers

const platform = process.platform
afterEach(() => on(platform))
function on(platform: NodeJS.Platform): void {
  Object.defineProperty(process, 'platform', { value: platform })
}
