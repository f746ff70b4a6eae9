import { networkInterfaces } from 'node:os'
import { linuxSupport } from '@softspoken/linux'
import { parseAddress } from '@softspoken/wire'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { configure } from './config.ts'
import { Listener } from './listener.ts'
import type { SessionOptions } from './options.ts'
import { Session } from './session.ts'
import {
  canonicalAddress,
  formatZoned,
  isInterface,
  isLinkLocal,
  isOneHost,
  isZoneOfNet,
  parseZoned,
  splitZone,
  unmapIpv4,
  unmapIpv4Text,
} from './socket-address.ts'

const eth0 = { name: 'eth0', option: 'bindDevice' }
const text = (address: string, device?: typeof eth0) => formatZoned(parseZoned(address, 'peer.address', device))

describe('a link-local address', () => {
  it.each([
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['FE80:0:0::0001%eth0', 'fe80::1%eth0'],
    ['febf::1%Eth0.100', 'febf::1%Eth0.100'],
    ['fe80::1%br_lan', 'fe80::1%br_lan'],
    ['fe80::1%eth0', 'fe80::1%eth0', eth0],
    ['fe80::1', 'fe80::1%eth0', eth0],
  ])('%s has one text with its interface, %s (RFC 4007 §11)', (given, canonical, device?: typeof eth0) => {
    expect(text(given, device)).toBe(canonical)
  })
  it.each(['fe80::1', 'FEBF::1'])('%s without an interface is refused', address => {
    expect(() => text(address)).toThrow(
      `peer.address: '${address}' is not allowed, it must be written with its interface, because it is link-local: ${address}%eth0`,
    )
  })
  it.each(['', '2', '0', 'eth 0', 'eth0%eth1', 'a/b', 'sixteen-letters!', '..'])(
    "a link-local address with the interface '%s' is rejected",
    zone => {
      expect(() => text(`fe80::1%${zone}`)).toThrow(
        `peer.address: 'fe80::1%${zone}' is not allowed, it must be written with the name of a network interface behind the %, and not its index`,
      )
    },
  )
  it('a link-local address on another interface than bindDevice is rejected', () => {
    expect(() => text('fe80::1%eth1', eth0)).toThrow(
      "peer.address: 'fe80::1%eth1' is not allowed, it must be on the interface of bindDevice, 'eth0'",
    )
  })
})

describe('any other address', () => {
  it.each(['192.0.2.1', '2001:db8::1', 'fec0::1', 'fe00::1', 'ff80::1', 'fe8::1'])('%s has no interface', address => {
    expect(text(address)).toBe(address)
    expect(text(address, eth0)).toBe(address)
    expect(() => text(`${address}%eth0`)).toThrow(
      `peer.address: '${address}%eth0' is not allowed, it must be without an interface, because it is not link-local (fe80::/10): use bindDevice`,
    )
  })
  it.each(['', '%eth0', 'router%eth0'])("'%s' is not an address", address => {
    expect(() => text(address)).toThrow("peer.address: '")
  })
  it('a mapped address becomes its IPv4 address (RFC 4291 §2.5.5.2)', () => {
    const [mapped, six] = ['::ffff:192.0.2.1', '2001:db8::1'].map(address => parseAddress(address, 'address'))
    expect([...unmapIpv4(mapped!)]).toEqual([192, 0, 2, 1]) // both are there
    expect(unmapIpv4(six!)).toBe(six)
  })
})

describe('the text of an address', () => {
  it.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:2.1', '2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '::ffff:c000:201'],
    ['1::ffff:192.0.2.1', '1::ffff:192.0.2.1'],
    ['2001:db8::1', '2001:db8::1'],
    [undefined, undefined],
  ])('a socket that has %s is at %s', (text, unmapped) => {
    expect(unmapIpv4Text(text)).toBe(unmapped)
  })
  it.each([
    ['::ffff:1:2:3', '::ffff:1:2:3'],
    ['::fffe:192.0.2.1', '::fffe:c000:201'],
    ['1::ffff:192.0.2.1', '1::ffff:c000:201'],
    ['::1:ffff:192.0.2.1', '::1:ffff:c000:201'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['FE80:0::1%eth0', 'fe80::1%eth0'],
  ])('the canonical text of %s is %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical)
  })
  it('an address is split from its zone', () => {
    expect(splitZone('fe80::1%eth0')).toEqual({ address: 'fe80::1', zone: 'eth0' })
    expect(splitZone('%eth0')).toEqual({ address: '', zone: 'eth0' })
    expect(splitZone('fe80::1')).toEqual({ address: 'fe80::1', zone: undefined })
  })
  it.each(['fe80::1', 'FE8F::1', 'fe90::1%eth0', 'feaf::1', 'febf:ffff::'])('%s is link-local', address => {
    expect(isLinkLocal(address)).toBe(true)
  })
  it.each(['fe7f::1', 'fec0::1', 'fe8::1', '1:fe80::1', 'fe80', 'ffe80::1'])('%s is not link-local', address => {
    expect(isLinkLocal(address)).toBe(false)
  })
})

describe('the name of an interface', () => {
  it.each(['a', 'eth0', 'br_lan', '...', '.a', 'fifteen-letters', '!', '~', 'a;b', '-'])('%s is a name', name => {
    expect(isInterface(name)).toBe(true)
  })
  it.each(['', '.', '..', 'sixteen-letters!', 'a/b', 'a:b', 'a b', ' a', 'a\n', '\x7f', 'é', 7, undefined])(
    '%j is no name',
    name => {
      expect(isInterface(name)).toBe(false)
    },
  )
  it("Node's net reads letters, digits, dots and hyphens as a zone", () => {
    expect(['eth0', 'Eth-0.1', 'a_b', 'eth0!', '_'].map(isZoneOfNet)).toEqual([true, true, false, false, false])
  })
})

it.each(['1.0.0.0', '223.255.255.255', '::1', 'fe00::', '2001:db8::1', '0:1::'])('%s is one host', address => {
  expect(isOneHost(parseAddress(address, 'address'))).toBe(true)
})

it('a peer of IPv4 that is written as IPv6 has a session of IPv4 (RFC 4291 §2.5.5.2)', () => {
  const local = { as: 65001, id: '192.0.2.1', address: '::ffff:192.0.2.1' }
  const { config } = new Session({ local, peer: { as: 65002, address: '::FFFF:192.0.2.254' } })
  expect([config.peer.address, config.local.address]).toEqual(['192.0.2.254', '192.0.2.1'])
})

it.each(['0.0.0.0', '0.0.0.1', '224.0.0.5', '255.255.255.255', '::', 'ff02::1', '::ffff:0.0.0.0'])(
  '%s is the address of no host, so neither a peer nor a local address has it',
  address => {
    const local = { as: 65001, id: '192.0.2.1' }
    const peer = { as: 65002, address: address.includes(':') ? '2001:db8::1' : '192.0.2.254' }
    const of = (field: string) => `${field}: '${address}' is not allowed, it must be the address of one host`
    expect(() => new Session({ local, peer: { ...peer, address } })).toThrow(of('peer.address'))
    expect(() => new Session({ local: { ...local, address }, peer })).toThrow(of('local.address'))
  },
)

describe('a session with a link-local peer', () => {
  const configured = (peer: string, more: Partial<SessionOptions> = {}, source?: string) => {
    const local = { as: 65001, id: '192.0.2.1', ...(source !== undefined && { address: source }) }
    const config = configure({ local, peer: { as: 65002, address: peer }, ...more })
    return { peer: config.peer.address, local: config.local.address, bindDevice: config.bindDevice }
  }
  it('both addresses get the interface that one of them has', () => {
    const peer = 'fe80::1%eth0'
    const both = { peer, local: 'fe80::2%eth0', bindDevice: undefined }
    expect(configured(peer)).toEqual({ peer, local: undefined, bindDevice: undefined })
    expect(configured(peer, {}, 'FE80::2')).toEqual(both)
    expect(configured(peer, {}, 'fe80::2%eth0')).toEqual(both)
    expect(configured('fe80::1', { bindDevice: 'eth0' }, 'fe80::2')).toEqual({ ...both, bindDevice: 'eth0' })
    expect(configured(peer, {}, '2001:db8::2')).toEqual({ ...both, local: '2001:db8::2' })
    expect(configured('2001:db8::1', {}, 'fe80::2%eth0')).toEqual({ ...both, peer: '2001:db8::1' })
  })
  it('a session binds to an interface if Node would read its name as a host name', () => {
    expect(configured('fe80::1%br_lan').bindDevice).toBe('br_lan')
    expect(configured('2001:db8::1', {}, 'fe80::2%br_lan').bindDevice).toBe('br_lan')
  })
  it('a session does not dial from another link', () => {
    expect(() => configured('fe80::1%eth0', {}, 'fe80::2%eth1')).toThrow(
      "local.address: 'fe80::2%eth1' is not allowed, it must be on the interface of peer.address, 'eth0'",
    )
    expect(() => configured('2001:db8::1', {}, 'fe80::2')).toThrow(
      "local.address: 'fe80::2' is not allowed, it must be written with its interface",
    )
    expect(() => configured('fe80::1%eth0', {}, '192.0.2.2')).toThrow('it must be of the family of fe80::1%eth0')
  })
  it('an interface that bindDevice does not name is rejected', () => {
    for (const addresses of [['fe80::1%eth1'], ['fe80::1', 'fe80::2%eth1']] as const)
      expect(() => configured(addresses[0], { bindDevice: 'eth0' }, addresses[1])).toThrow(
        "it must be on the interface of bindDevice, 'eth0'",
      )
  })
  it('a missing interface is named, and no other is used', async () => {
    const session = begin({ local: local(65001, 1), peer: { as: 65002, address: 'fe80::1%nosuch0' } })
    await vi.waitFor(() => expect(session.status().lastFailure).toBeDefined())
    expect(session.status().lastFailure).toMatchObject({
      detail: 'the interface nosuch0 is not on this host',
      hint: 'check peer.address',
      from: 'Connect',
    })
  })
})

const interfaces = Object.entries(networkInterfaces())
const own = interfaces.flatMap(([name, addresses = []]) =>
  addresses.flatMap(({ address }) => (/^fe80:/.test(address) ? [`${address}%${name}`] : [])),
)[0]

describe.runIf(own !== undefined)('on a link of this host', () => {
  const address = own ?? ''
  it.each([undefined, address])(
    'a session is established over a link-local address, with a listener on %s',
    async listenOn => {
      const server = new Listener({ port: 0, ...(listenOn !== undefined && { address: listenOn }) })
      toEnd.push(() => server.stop())
      const waits = begin({ local: local(65002, 2), peer: { as: 65001, address }, passive: true })
      const port = await server.serve(waits).listen()
      const dials = begin({ local: { ...local(65001, 1), address }, peer: { as: 65002, address, port } })
      await vi.waitFor(() => expect([dials.state, waits.state]).toEqual(['Established', 'Established']), 5000)
      expect([dials.status().local.address, waits.status().local.address]).toEqual([address, address])
    },
  )
  it.runIf(linuxSupport().supported)('two interfaces with one address cannot have two keys on a listener', () => {
    const peer = (zone: string) => ({ as: 65001, address: `fe80::1%${zone}` })
    const waits = (zone: string, tcpMd5Key: string) => begin({ local: local(65002, 2), peer: peer(zone), tcpMd5Key })
    const server = new Listener({ port: 0 }).serve(waits('eth0', 'secret')).serve(waits('eth1', 'other'))
    return expect(server.listen()).rejects.toThrow(
      'tcpMd5Key: fe80::1 is a peer on two interfaces, and a listener has one key per address',
    )
  })
})

// ---- the stage

const toEnd: (() => unknown)[] = []
afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end()
})
function local(as: number, host: number): SessionOptions['local'] {
  return { as, id: `192.0.2.${host}` }
}
function begin(settings: SessionOptions): Session {
  const session = new Session({ passive: false, ...settings }).start()
  toEnd.push(() => session.stop())
  return session
}
