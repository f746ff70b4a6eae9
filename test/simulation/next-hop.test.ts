/** Where traffic goes without the option nextHop: the session's own address, or one of the interface of a link-local session. */
import os from 'node:os'
import { Session } from '@softspoken/session'
import type { Family } from '@softspoken/wire'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Lab, type RouterOptions } from './lab.ts'

const VIP = '198.51.100.10/32'
const VIP6 = '2001:db8::10/128'
const both: Family[] = ['ipv4-unicast', 'ipv6-unicast']

/** The addresses of this host on eth0. eth1 has addresses of both families, which must never be used. */
function host(...eth0: string[]): void {
  const entry = (cidr: string) => {
    const [address = ''] = cidr.split('/')
    const family = address.includes(':') ? ('IPv6' as const) : ('IPv4' as const)
    return { address, cidr, family, netmask: '', mac: '', internal: false, scopeid: 0 }
  }
  vi.spyOn(os, 'networkInterfaces').mockReturnValue({
    eth1: ['203.0.113.1/24', '2001:db8:9::1/64'].map(entry),
    eth0: ['fe80::1/64', ...eth0].map(entry),
  } as ReturnType<typeof os.networkInterfaces>)
}
afterEach(() => vi.restoreAllMocks())

function linkLocal(options: RouterOptions = {}, announcer: object = {}) {
  const lab = new Lab()
  const router = lab.router({ address: 'fe80::fe%eth0', localAddress: 'fe80::1%eth0', families: both, ...options })
  const other = lab.router({ address: '2001:db8:1::fd', localAddress: '2001:db8:1::5', families: both })
  return { lab, router, other, announcer: lab.announcer({ families: both, maxPrefixes: 2, ...announcer }) }
}

describe('a link-local session', () => {
  test.each<[string, string[], string]>([
    ['the one there is', ['2001:db8:1::1/64'], '2001:db8:1::1'],
    ['the lowest, whatever their order', ['2001:db8:1::2/64', '2001:db8:1::1/64'], '2001:db8:1::1'],
    ['a global one before a unique local one', ['fd00::1/64', '2001:db8:1::1/64'], '2001:db8:1::1'],
    ['a global one before one of an overlay', ['2001:db8:1::1/64', '200::1/64'], '2001:db8:1::1'],
    ['a unique local one where that is all', ['fd00::1/64'], 'fd00::1'],
    ['one of its family before the IPv4 address', ['192.0.2.9/24', '2001:db8:1::1/64'], '2001:db8:1::1'],
    ['one with a subnet before a virtual one', ['2001:db8:1::1/128', '2001:db8:1::2/64'], '2001:db8:1::2'],
    ['a single one where that is all (DHCPv6)', ['2001:db8:1::7/128'], '2001:db8:1::7'],
    ['never the announced address', ['2001:db8::10/64', '2001:db8:1::1/64'], '2001:db8:1::1'],
  ])('an IPv6 route has an address of the interface: %s (RFC 2545 §3)', async (_, addresses, expected) => {
    host(...addresses)
    const { lab, router, announcer } = linkLocal()
    announcer.announce(VIP6)
    await lab.pass(1)
    expect(router.table).toEqual({ [VIP6]: expected })
  })

  test.each<[string, string[], RouterOptions, string]>([
    ['its IPv4 address', ['2001:db8:1::1/64', '192.0.2.9/24'], {}, '192.0.2.9'],
    ['its primary IPv4 address', ['192.0.2.9/24', '192.0.2.8/24'], {}, '192.0.2.9'],
    ['one with a subnet before a virtual one', ['192.0.2.8/32', '192.0.2.9/24'], {}, '192.0.2.9'],
    ['its IPv6 address where IPv4 has none', ['2001:db8:1::1/64', '169.254.7.7/16'], {}, '2001:db8:1::1'],
    ['its IPv4 address without RFC 8950', ['192.0.2.9/24'], { extendedNextHop: false }, '192.0.2.9'],
  ])('an IPv4 route of a link-local session has %s', async (_, addresses, router, expected) => {
    host(...addresses)
    const { lab, router: one, announcer } = linkLocal(router)
    announcer.announce(VIP)
    await lab.pass(1)
    expect(one.table).toEqual({ [VIP]: expected })
  })

  test.each<[string, string, RouterOptions, string]>([
    ['an IPv6 route without a global address', VIP6, {}, 'eth0 has no global IPv6 address'],
    ['an IPv4 route without RFC 8950', VIP, { extendedNextHop: false }, 'eth0 has no IPv4 address'],
    ['an IPv4 route', VIP, {}, 'eth0 has no IPv4 or global IPv6 address'],
    [
      'a route over an interface without addresses',
      VIP,
      { address: 'fe80::fe%eth7', localAddress: 'fe80::1' },
      'eth7 has no IPv4 or global IPv6 address',
    ],
  ])('a link-local session cannot send %s, and no other peer is affected', async (_, prefix, router, lack) => {
    host()
    const { lab, other, announcer } = linkLocal(router)
    announcer.announce(prefix)
    await lab.pass(1)
    expect(other.table).toEqual({ [prefix]: '2001:db8:1::5' })
    const [one] = announcer.status().peers
    expect(one).toMatchObject({ state: 'Established', sent: [] })
    expect(one?.unsendable[prefix]).toEqual({
      reason: 'interface-has-no-address',
      detail: expect.stringContaining(`its interface ${lack}, nextHop must be given`),
    })
    expect(lab.lines('error')).toMatchObject([
      { text: 'route cannot be sent', peer: expect.stringMatching(/^fe80::fe/) },
    ])
    await lab.pass(60)
    expect(lab.lines('error'), 'logged once').toHaveLength(1)
  })

  test('the route is sent once the interface has the address, and kept over a flap', async () => {
    host()
    const { lab, router, announcer } = linkLocal()
    announcer.announce(VIP)
    await lab.pass(60)
    expect(router.table).toEqual({})
    host('192.0.2.9/24')
    await lab.pass(5)
    expect(router.table).toEqual({ [VIP]: '192.0.2.9' })
    host()
    router.refresh('ipv4-unicast')
    await lab.pass(60)
    expect(router.table).toEqual({ [VIP]: '192.0.2.9' })
    expect(router.received.flatMap(({ withdrawn }) => withdrawn)).toEqual([])
    expect(announcer.status().peers[0]).toMatchObject({ sent: [VIP], unsendable: {} })
  })

  test('a family that waits for an address takes none from the other family', async () => {
    host('192.0.2.9/24')
    const { lab, router, announcer } = linkLocal()
    announcer.announce(VIP)
    announcer.announce(VIP6)
    await lab.pass(1)
    host()
    await lab.pass(60)
    expect(router.table).toEqual({ [VIP]: '192.0.2.9' })
    expect(router.received.flatMap(({ withdrawn }) => withdrawn)).toEqual([])
  })

  test('the addresses of this host are read once for a session that needs them', async () => {
    host('192.0.2.9/24')
    const { lab, router, announcer } = linkLocal()
    await lab.pass(1)
    expect(os.networkInterfaces).toHaveBeenCalledOnce()
    host()
    const announcement = announcer.announce(VIP)
    await lab.pass(60)
    announcement.update({ med: 7 })
    await lab.pass(60)
    expect(router.table).toEqual({ [VIP]: '192.0.2.9' })
    expect(os.networkInterfaces).toHaveBeenCalledOnce()
  })

  test('a route is unsendable if the system lists no addresses', async () => {
    vi.spyOn(os, 'networkInterfaces').mockImplementation(() => {
      throw new Error('uv_interface_addresses')
    })
    const { lab, other, announcer } = linkLocal()
    announcer.announce(VIP)
    await lab.pass(1)
    expect(other.table).toEqual({ [VIP]: '2001:db8:1::5' })
    expect(announcer.status().peers[0]?.unsendable[VIP]?.detail).toContain('nextHop must be given')
  })

  test('nextHop replaces the addresses of the interface', async () => {
    host('192.0.2.9/24')
    const { lab, router, announcer } = linkLocal({}, { nextHop: '192.0.2.77' })
    announcer.announce(VIP)
    await lab.pass(1)
    expect(router.table).toEqual({ [VIP]: '192.0.2.77' })
    expect(() => linkLocal({}, { nextHop: { ipv6: 'fe80::1%eth0' } })).toThrow(
      "nextHop.ipv6: 'fe80::1%eth0' is not allowed",
    )
  })
})

/** Makes this call of the session with this peer throw, so many times; the others work. */
function failing(call: 'send' | 'resend', peer: string, times = Number.POSITIVE_INFINITY) {
  const real = Session.prototype[call] as (...given: unknown[]) => void
  let left = times
  return vi.spyOn(Session.prototype, call).mockImplementation(function (this: Session, ...given: unknown[]) {
    if (this.config.peer.address === peer && left-- > 0) throw new Error('a fault of ours')
    real.apply(this, given)
  })
}

describe('an error while one peer is served', () => {
  test('a send that throws makes the route unsendable, and is tried again', async () => {
    const lab = new Lab()
    const [one, two] = [lab.router(), lab.router({ address: '192.0.2.253' })]
    const announcer = lab.announcer()
    await lab.pass(1)
    const fault = failing('send', '192.0.2.254')
    const announcement = announcer.announce(VIP)
    await lab.pass(1)
    expect([one.table, two.table]).toEqual([{}, { [VIP]: '192.0.2.1' }])
    expect(announcer.status().peers).toMatchObject([
      { sent: [], unsendable: { [VIP]: { reason: 'send-failed', detail: 'a fault of ours' } } },
      { sent: [VIP], unsendable: {} },
    ])
    expect(lab.lines('error')).toEqual([
      {
        peer: '192.0.2.254',
        prefix: VIP,
        reason: 'send-failed',
        detail: 'a fault of ours',
        text: 'route cannot be sent',
      },
    ])
    fault.mockRestore()
    await lab.pass(30)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    failing('send', '192.0.2.254', 1)
    announcement.withdraw()
    await lab.pass(0)
    expect([one.table, two.table]).toEqual([{ [VIP]: '192.0.2.1' }, {}])
    await lab.pass(1)
    expect(one.table, 'nothing but a second try withdraws it').toEqual({})
  })

  test('a refresh whose answer throws is answered later', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcer = lab.announcer()
    announcer.announce(VIP)
    await lab.pass(31)
    failing('resend', '192.0.2.254', 1)
    router.refresh('ipv4-unicast')
    await lab.pass(0)
    expect(router.received.filter(({ announced }) => announced.length > 0)).toHaveLength(1)
    await lab.pass(30)
    expect(router.received.filter(({ announced }) => announced.length > 0)).toHaveLength(2)
    expect(router.table).toEqual({ [VIP]: '192.0.2.1' })
  })
})

test('an IPv4 route over IPv6 is unsendable without RFC 8950 and a next hop', async () => {
  const lab = new Lab()
  lab.router({ address: '2001:db8:1::fe', localAddress: null, families: both, extendedNextHop: false })
  const announcer = lab.announcer({ families: both })
  announcer.announce(VIP)
  await lab.pass(1)
  const detail = 'the session with 2001:db8:1::fe has no IPv4 address of its own'
  expect(announcer.status().peers[0]?.unsendable).toEqual({ [VIP]: { reason: 'no-address-of-family', detail } })
})

test('a link-local session whose interface is not known has no next hop', async () => {
  const lab = new Lab()
  lab.router({ address: '2001:db8:1::fe', localAddress: 'fe80::1', families: both })
  const announcer = lab.announcer({ families: both })
  announcer.announce(VIP6)
  await lab.pass(1)
  expect(announcer.status().peers[0]?.unsendable).toEqual({
    [VIP6]: {
      reason: 'interface-unknown',
      detail: "the session's own address fe80::1 is link-local and its interface is not known, nextHop must be given",
    },
  })
})

test('a session without the family reports the route as unsendable', async () => {
  const lab = new Lab()
  lab.router()
  lab.router({ address: '2001:db8:1::fe', localAddress: '2001:db8:1::1', families: both })
  const announcer = lab.announcer()
  announcer.announce(VIP)
  const detail =
    'the session with 2001:db8:1::fe is for ipv6-unicast alone: give the option families with ipv4-unicast in it'
  expect(announcer.status().peers.map(peer => peer.unsendable)).toEqual([
    {},
    { [VIP]: { reason: 'family-not-configured', detail } },
  ])
  await lab.pass(1)
  expect(announcer.status().peers.map(peer => peer.unsendable)).toEqual([
    {},
    { [VIP]: { reason: 'family-not-configured', detail } },
  ])
  expect(lab.lines('error'), 'two families side by side are no mistake').toEqual([])
})
