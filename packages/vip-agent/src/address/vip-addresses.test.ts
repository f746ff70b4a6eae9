/** The VIPs on an interface: what is chosen, refused, added and removed. On a host that the test describes. */
import { hostRoute } from '@softspoken/announcer'
import { ADDRESS_PROTOCOL, type HostAddress, type NetworkInterface } from '@softspoken/linux'
import type { Logger } from '@softspoken/session'
import { parseAddress } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { type AddressCalls, VipAddresses } from './vip-addresses.ts'

const VIP = '198.51.100.10'
const octets = (text: string): Uint8Array => parseAddress(text, 'address')

function anInterface(name: string, given: Partial<NetworkInterface> = {}): NetworkInterface {
  return { index: 1, name, up: true, carrier: true, loopback: name === 'lo', noArp: false, ...given }
}
function anAddress(name: string, text: string, prefixLength: number, given: Partial<HostAddress> = {}): HostAddress {
  const flags = ['permanent'] as const
  const kind = { scope: 'global', flags, validLifetime: 'forever' } as const
  return { interface: name, interfaceIndex: 1, address: octets(text), prefixLength, ...kind, ...given }
}
const ours: Partial<HostAddress> = {
  ...{ scope: 'host', flags: ['deprecated', 'noprefixroute'], validLifetime: 9, protocol: ADDRESS_PROTOCOL },
}

/** A host whose addresses change as the calls say. */
class Host {
  interfaces = ['lo', 'eth0', 'eth1', 'bond0.48'].map(name => anInterface(name))
  addresses = [
    anAddress('lo', '127.0.0.1', 8),
    anAddress('eth0', '10.0.5.11', 24),
    anAddress('eth1', '198.51.100.2', 24),
  ]
  readonly calls: string[] = []
  readonly warnings: string[] = []
  isSupported = true
  /** Names that are held, by this agent or another. */
  readonly held = new Set<string>()
  namesFail = false

  vips(options: object = {}, ...vips: string[]): VipAddresses {
    const log: Logger = { debug() {}, info() {}, error() {}, warn: (_, text) => void this.warnings.push(text) }
    const calls: AddressCalls = {
      linuxSupport: () =>
        this.isSupported ? { supported: true } : { supported: false, reason: 'platform', detail: 'this is darwin' },
      listInterfaces: () => this.interfaces,
      listAddresses: () => this.addresses,
      setAddress: ({ interface: name, address, validLifetime }) => {
        this.calls.push(`set ${address.join('.')} on ${name} for ${validLifetime}`)
        this.addresses.push({ ...anAddress(name, VIP, address.length * 8, ours), address, validLifetime })
      },
      removeAddress: ({ interface: name, address, prefixLength }) => {
        this.calls.push(`remove ${address.join('.')}/${prefixLength} from ${name}`)
        this.addresses = this.addresses.filter(one => one.interface !== name || one.prefixLength !== prefixLength)
        return true
      },
      destroyConnections: address => {
        this.calls.push(`destroy ${address.join('.')}`)
        return 1
      },
      holdName: name => {
        if (this.namesFail) throw new Error('EPERM')
        if (this.held.has(name)) return undefined
        this.held.add(name)
        return () => this.held.delete(name)
      },
    }
    return new VipAddresses((vips.length === 0 ? [VIP] : vips).map(hostRoute), options, log, calls)
  }
}

describe('the interface', () => {
  it.each([
    [{}, 'lo'],
    [{ interface: 'auto' }, 'eth1'],
    [{ interface: 'eno*, bond0.48' }, 'bond0.48'],
    [{ interface: 'eth*' }, 'eth0'],
  ])('%j chooses %s', (options, name) => {
    expect(new Host().vips(options).interface).toBe(name)
  })
  it.each<[string, (host: Host) => void, string]>([
    [
      'no subnet with the VIP',
      host => host.addresses.pop(),
      `the name of an interface, because no interface that is up has a subnet with ${VIP} (up: eth0, eth1, bond0.48)`,
    ],
    [
      'two subnets with the VIP',
      host => host.addresses.push(anAddress('bond0.48', '198.51.100.3', 24)),
      `the name of one of eth1, bond0.48, because each of them has a subnet with ${VIP}`,
    ],
    [
      'the interface down',
      host => (host.interfaces = [anInterface('eth1', { up: false })]),
      `no interface that is up has a subnet with ${VIP} (up: none)`,
    ],
  ])('auto with %s names the candidates', (_, change, sentence) => {
    const host = new Host()
    change(host)
    expect(() => host.vips({ interface: 'auto' })).toThrow(sentence)
  })
  it.each([
    [
      { interface: 'wlan*' },
      "address.interface: 'wlan*' is not allowed, it must be the name of an interface of this host: lo, eth0",
    ],
    [{ interface: '.*' }, "address.interface: '.*' is not allowed"],
    [{ interface: 1 }, 'address.interface: 1 is not allowed'],
    [{ replaceAddress: 'yes' }, "address.replaceAddress: 'yes' is not allowed, it must be true or false"],
    [{ device: 'lo' }, 'address.device: no such option'],
  ])('%j is rejected', (options, sentence) => {
    expect(() => new Host().vips(options)).toThrow(sentence)
  })
  it('AddressOptions without Linux or koffi are rejected, with the reason', () => {
    const host = new Host()
    host.isSupported = false
    expect(() => host.vips()).toThrow(
      "address: an object is not allowed, it must be 'none', because the agent cannot add addresses here: this is darwin",
    )
  })
})

describe('the first and the last address of a subnet', () => {
  it.each([
    ['198.51.100.255', '198.51.100.2', 24],
    ['198.51.100.0', '198.51.100.2', 24],
    ['198.51.100.11', '198.51.100.9', 30],
    ['2001:db8::', '2001:db8::2', 64],
  ])('%s is refused with %s/%i', (vip, own, length) => {
    const host = new Host()
    host.addresses = [anAddress('eth1', own, length)]
    expect(() => host.vips({ interface: 'eth1' }, vip)).toThrow('not the first or the last one of the subnet of eth1')
    expect(host.vips({}, vip).interface).toBe('lo')
  })
  it.each([
    ['198.51.100.10', '198.51.100.9', 30],
    ['198.51.100.1', '198.51.100.0', 31],
    ['198.51.100.255', '198.51.100.2', 22],
    ['2001:db8::ffff:ffff:ffff:ffff', '2001:db8::2', 64],
  ])('%s is accepted with %s/%i', (vip, own, length) => {
    const host = new Host()
    host.addresses = [anAddress('eth1', own, length)]
    expect(host.vips({ interface: 'eth1' }, vip).interface).toBe('eth1')
  })
})

describe('another form of the VIP', () => {
  it('a VIP of another form is refused, and the error names its interface', () => {
    const host = new Host()
    host.addresses.push(anAddress('eth0', VIP, 24))
    expect(() => host.vips()).toThrow(
      `vips[0]: '${VIP}' is not allowed, it must be on no interface yet, but eth0 has it as /24`,
    )
  })
  it('auto names the interface that has a VIP of another form', () => {
    const host = new Host()
    host.addresses.push(anAddress('bond0.48', VIP, 28))
    host.addresses.splice(2, 1)
    expect(() => host.vips({ interface: 'auto' })).toThrow('but bond0.48 has it as /28')
    expect(host.vips({ interface: 'auto', replaceAddress: true }).interface).toBe('bond0.48')
  })
  it('a VIP that another program adds later is foreign, and ours is not', async () => {
    const host = new Host()
    const vips = host.vips()
    await vips.set(9)
    expect(vips.foreign).toBeUndefined()
    host.addresses.push(anAddress('eth0', VIP, 24))
    expect(vips.foreign).toEqual({ vip: VIP, interface: 'eth0' })
    await vips.set(9)
    await vips.remove()
    expect(host.calls.filter(call => call.includes('/24'))).toEqual([])
  })
  it('our VIP on another interface is removed before it is added', async () => {
    const host = new Host()
    host.addresses.push(anAddress('eth0', VIP, 32, ours))
    const vips = host.vips()
    expect(vips.present).toBe(false)
    await vips.set(9)
    expect(host.calls).toEqual([`remove ${VIP}/32 from eth0`, `set ${VIP} on lo for 9`])
  })
  it('a VIP is ours by its mark, or by its form before Linux 5.18', async () => {
    const { protocol: _, ...withoutMark } = ours
    for (const given of [{ protocol: ADDRESS_PROTOCOL }, withoutMark]) {
      const host = new Host()
      host.addresses.push(anAddress('eth0', VIP, 32, given))
      await host.vips().remove()
      expect(host.calls).toEqual([`remove ${VIP}/32 from eth0`])
    }
  })
  it('replaceAddress removes the other form before it adds the VIP', async () => {
    const host = new Host()
    host.addresses.push(anAddress('eth0', VIP, 24))
    await host.vips({ replaceAddress: true }).set(9)
    expect(host.calls).toEqual([
      `remove ${octets(VIP).join('.')}/24 from eth0`,
      `set ${octets(VIP).join('.')} on lo for 9`,
    ])
  })
  it.each([true, false])('the only address of the node is refused with replaceAddress: %s', replaceAddress => {
    const host = new Host()
    host.addresses = [anAddress('lo', '127.0.0.1', 8), anAddress('eth0', VIP, 24)]
    expect(() => host.vips({ replaceAddress })).toThrow('another address than the only one of this node')
  })
  it('a VIP of an earlier process is removed on every interface, and no other address', async () => {
    const host = new Host()
    host.addresses.push(anAddress('eth0', VIP, 32, ours), anAddress('lo', VIP, 32, { ...ours, validLifetime: 2 }))
    const vips = host.vips()
    await vips.remove()
    expect(host.calls).toEqual(['eth0', 'lo'].map(name => `remove ${octets(VIP).join('.')}/32 from ${name}`))
    expect(host.addresses.map(one => one.address.join('.'))).toEqual(['127.0.0.1', '10.0.5.11', '198.51.100.2'])
  })
})

describe('the address', () => {
  it('every VIP is added, renewed and removed, and its connections are destroyed', async () => {
    const host = new Host()
    const vips = host.vips({}, VIP, '198.51.100.11')
    expect(vips.present).toBe(false)
    await vips.set(9)
    expect(vips.present).toBe(true)
    vips.destroyConnections()
    expect(host.calls).toEqual([
      ...['set 198.51.100.10 on lo for 9', 'set 198.51.100.11 on lo for 9'],
      ...['destroy 198.51.100.10', 'destroy 198.51.100.11'],
    ])
    await vips.remove()
    expect(host.addresses).toHaveLength(3)
  })
  it('is present only with all VIPs, in our form', async () => {
    const host = new Host()
    const vips = host.vips({}, VIP, '198.51.100.11')
    await vips.set(9)
    const last = host.addresses.pop()!
    expect(vips.present).toBe(false)
    host.addresses.push({ ...anAddress('lo', VIP, 32), address: last.address })
    expect(vips.present).toBe(false)
    host.addresses.push(last)
    expect(vips.present).toBe(true)
  })
  it('a VIP on lo in the subnet of an interface is a warning', () => {
    const host = new Host()
    host.vips()
    host.vips({ interface: 'eth1' })
    expect(host.warnings).toEqual([
      'the VIP is in the subnet of an interface: its neighbours look for it there, and not at the router',
    ])
  })
})

describe('two agents on one host', () => {
  it('the second is refused, names the VIP, and lets go of its other VIPs', () => {
    const host = new Host()
    const [first, second] = [host.vips({}, VIP, '2001:db8::10'), host.vips({}, '198.51.100.11', '2001:db8::10')]
    first.hold()
    expect(() => second.hold()).toThrow(
      'another VIP agent on this host has 2001:db8::10: stop one of the two (as root, ss -xlp shows its process beside @softspoken-2001:db8::10)',
    )
    expect([...host.held]).toEqual(['softspoken-198.51.100.10', 'softspoken-2001:db8::10'])
    first.letGo()
    second.hold()
    expect([...host.held]).toEqual(['softspoken-198.51.100.11', 'softspoken-2001:db8::10'])
    expect(host.calls).toEqual([])
  })
  it('a host that refuses names is a warning for each VIP', () => {
    const host = new Host()
    host.namesFail = true
    const vips = host.vips({}, VIP, '198.51.100.11')
    vips.hold()
    vips.letGo()
    expect(host.warnings.filter(text => text.startsWith('whether another VIP agent'))).toHaveLength(2)
  })
})
