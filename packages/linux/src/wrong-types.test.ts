/** Values of wrong types, from a caller without types: each is refused before a system call gets it. */
import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as linux from './index.ts'
import { linuxSupport } from './libc.ts'

const socket = { fd: -1, family: 'ipv4' }
const vip = Uint8Array.of(203, 0, 113, 100)
const mac = '02:00:5e:00:00:02'
const form = { interface: 'none0', address: vip, prefixLength: 32, validLifetime: 15 }

/** What a caller without types can give for anything. */
const [noFields, noItems, list, octets, key] = [{}, [], [203, 0, 113, 100], new Uint8Array(3), new Uint8Array(81)]
const wrongTypes = [
  ...[undefined, null, 1.5, Number.NaN, -2, 10n, '', 'x', 'a name of more than fifteen octets', 'lo\0', true],
  ...[noFields, noItems, list, Symbol('x'), octets, key],
]

/** Right arguments of each function. */
const calls: Readonly<Record<string, readonly unknown[]>> = {
  openSocket: ['ipv4'],
  bindSocket: [socket, vip, 179],
  closeSocket: [socket],
  socketOf: [createServer(), 'ipv4'],
  setTtl: [socket, 64],
  setMinTtl: [socket, 255],
  setDscp: [socket, 48],
  setUserTimeout: [socket, 1000],
  setTcpMd5Key: [socket, vip, vip],
  bindToDevice: [socket, 'lo'],
  setAddress: [form],
  removeAddress: [form],
  destroyConnections: [vip],
  subnetContains: [form, vip],
  gratuitousArp: [mac, vip, 'reply'],
  arpProbe: [mac, vip],
  neighborAdvertisement: [mac, new Uint8Array(16), { router: true }],
  neighborProbe: [mac, new Uint8Array(16)],
  watchNetwork: [() => {}],
  reapGroup: [2 ** 30],
}
/** Of them, what is right for a function. */
const right: Readonly<Record<string, readonly unknown[]>> = {
  bindToDevice: ['x'],
  setTcpMd5Key: [octets],
  setUserTimeout: [1.5],
  socketOf: [noFields, noItems, list, octets, key], // net hides the descriptor
}

function call(name: string, args: readonly unknown[]): unknown {
  const functions: Readonly<Record<string, unknown>> = { ...linux }
  return (functions[name] as (...values: readonly unknown[]) => unknown)(...args)
}
const isMistake = (error: unknown) => error instanceof RangeError && /^[^:]+ (is|has) .*, and must /.test(error.message)

describe.runIf(linuxSupport().supported)('a value of a wrong type', () => {
  const places = Object.entries(calls).flatMap(([name, args]) => args.map((_, at) => [name, at] as const))
  it.each(places)('%s() refuses it as argument %i', (name, at) => {
    const last = at === calls[name]!.length - 1 || name === 'socketOf'
    for (const value of wrongTypes.filter(one => !(last && right[name]?.includes(one)))) {
      const args = calls[name]!.with(at, value) // as many
      expect(() => call(name, args), inspect(value)).toThrow(expect.toSatisfy(isMistake))
    }
  })
  it.each(['interface', 'address', 'validLifetime'])('setAddress() refuses it as %s', field => {
    for (const value of wrongTypes.filter(one => !(field === 'interface' && one === 'x')))
      expect(() => call('setAddress', [{ ...form, [field]: value }]), inspect(value)).toThrow(
        expect.toSatisfy(isMistake),
      )
  })
  it('the octets of a key are in no error', () => {
    expect(() => call('setTcpMd5Key', [socket, vip, 'secret'])).toThrow(
      new RangeError('key is of type string, and must be a Uint8Array'),
    )
  })
  it('SegmentSocket refuses 0, which would be all interfaces', () => {
    expect(() => new linux.SegmentSocket(0, [vip])).toThrow(
      new RangeError('interfaceIndex is 0, and must be a whole number from 1 to 2147483647'),
    )
  })
  it('readClaim() sees no claim in it', () => {
    for (const value of wrongTypes) expect(call('readClaim', [value])).toBeUndefined()
  })
})
