/** Which form of a VIP is touched and which is not, on a host that the test describes. */
import { hostRoute } from '@softspoken/announcer'
import { ADDRESS_PROTOCOL, type HostAddress, type NetworkInterface } from '@softspoken/linux'
import { parseAddress } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { type AddressCalls, type AddressOptions, VipAddresses } from './vip-addresses.ts'

const VIP = '198.51.100.10'
const OTHER = '198.51.100.11'

function anInterface(name: string): NetworkInterface {
  return { index: 1, name, up: true, carrier: true, loopback: name === 'lo', noArp: false }
}
function anAddress(name: string, text: string, prefixLength: number, given: Partial<HostAddress> = {}): HostAddress {
  const address = parseAddress(text, 'address')
  const kind = { scope: 'global', flags: ['permanent'], validLifetime: 'forever' } as const
  return { interface: name, interfaceIndex: 1, address, prefixLength, ...kind, ...given }
}
const ours: Partial<HostAddress> = {
  ...{ scope: 'host', flags: ['deprecated', 'noprefixroute'], validLifetime: 9, protocol: ADDRESS_PROTOCOL },
}
const node = anAddress('eth0', '10.0.5.11', 24)

/** VIPs on a host with these addresses; what was done is in `calls`. */
function on(addresses: readonly HostAddress[], options: AddressOptions = {}, texts: readonly string[] = [VIP]) {
  const calls: string[] = []
  const warnings: object[] = []
  const systemCalls = {
    linuxSupport: () => ({ supported: true }),
    listInterfaces: () => ['lo', 'eth0', 'eth1'].map(anInterface),
    listAddresses: () => addresses,
    setAddress: ({ interface: name, address }: { interface: string; address: Uint8Array }) =>
      void calls.push(`set ${address.join('.')} on ${name}`),
    removeAddress: (one: HostAddress) => void calls.push(`remove /${one.prefixLength} from ${one.interface}`),
    destroyConnections: () => 0,
  } as unknown as AddressCalls // as much of the answers as is read
  const warn = (fields: object): void => void warnings.push(fields)
  const log = { debug() {}, info() {}, error() {}, warn }
  return { vips: new VipAddresses(texts.map(hostRoute), options, log, systemCalls), calls, warnings }
}

describe('set()', () => {
  it('renews our own form on its interface, and removes nothing', async () => {
    const { vips, calls } = on([node, anAddress('lo', VIP, 32, ours)])
    await vips.set(9)
    expect(calls).toEqual([`set ${VIP} on lo`])
  })
  it('removes our VIP of another form, and from another interface', async () => {
    const wide = anAddress('lo', VIP, 24, { ...ours, scope: 'global' })
    const { vips, calls } = on([node, wide, anAddress('eth1', VIP, 32, ours)])
    await vips.set(9)
    expect(calls).toEqual(['remove /24 from lo', 'remove /32 from eth1', `set ${VIP} on lo`])
  })
  it('with replaceAddress leaves each address that is no VIP', async () => {
    const { vips, calls } = on([node, anAddress('eth0', OTHER, 32), anAddress('eth1', VIP, 24)], {
      replaceAddress: true,
    })
    await vips.set(9)
    expect(calls).toEqual(['remove /24 from eth1', `set ${VIP} on lo`])
  })
})

describe('a VIP', () => {
  it('is present in our form on the chosen interface only', () => {
    const present = (...more: readonly HostAddress[]) => on([node, ...more]).vips.present
    expect(present(anAddress('lo', VIP, 32, ours))).toBe(true)
    expect(present(anAddress('eth1', VIP, 32, ours))).toBe(false)
    expect(present(anAddress('lo', OTHER, 32, ours))).toBe(false)
  })
  it('that is one of two is named if another program adds it', () => {
    const addresses = [node, anAddress('lo', VIP, 32, ours)]
    const { vips } = on(addresses, {}, [VIP, OTHER])
    expect(vips.foreign).toBeUndefined()
    addresses.push(anAddress('eth1', '192.0.2.1', 32), anAddress('eth1', OTHER, 32))
    expect(vips.foreign).toEqual({ vip: OTHER, interface: 'eth1' })
  })
  it('that is refused has its place in the list of VIPs', () => {
    expect(() => on([node, anAddress('eth1', OTHER, 24)], {}, [VIP, OTHER])).toThrow(
      `vips[1]: '${OTHER}' is not allowed, it must be on no interface yet, but eth1 has it as /24`,
    )
  })
  it('on lo in the subnet of an interface is a warning with both', () => {
    const inSubnet = anAddress('eth1', '198.51.100.2', 24)
    expect(on([node, inSubnet]).warnings).toEqual([{ vip: VIP, interface: 'eth1' }])
    expect(on([node, inSubnet], { interface: 'eth0' }).warnings).toEqual([])
    expect(on([node, anAddress('lo', '198.51.100.2', 24)]).warnings, 'a subnet of lo has no neighbours').toEqual([])
  })
})

it('the interface is a text', () => {
  expect(() => on([node], { interface: 5 as never })).toThrow('address.interface: 5 is not allowed, it must be ')
})
