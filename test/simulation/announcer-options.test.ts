/** Which options of an announcer and of announce() are refused, before anything is sent. */
import { getEventListeners } from 'node:events'
import type { AnnounceOptions, Announcer } from '@softspoken/announcer'
import { OptionError } from '@softspoken/wire'
import { describe, expect, test } from 'vitest'
import { manyCommunities, VIP, VIP6 } from './announcer-helpers.ts'
import { Lab } from './lab.ts'

const koffi = process.platform === 'linux' && !('deno' in process.versions) && !('bun' in process.versions)

describe.runIf(koffi)('socket options, on Linux with koffi', () => {
  const settingsOf = ({ sessions }: Announcer) =>
    sessions.map(({ config: { tcpMd5Key, ttlSecurity, multihop, bindDevice } }) => ({
      key: tcpMd5Key && new TextDecoder().decode(tcpMd5Key.octets()),
      ttlSecurity,
      multihop,
      bindDevice,
    }))
  test('socket options reach the session with each peer', () => {
    const lab = new Lab()
    lab.router()
    lab.router({ address: '192.0.2.253' })
    const announcer = lab.announcer({ tcpMd5Key: 'sesame', ttlSecurity: 1, bindDevice: 'eth0' })
    const all = { key: 'sesame', ttlSecurity: 1, multihop: undefined, bindDevice: 'eth0' }
    expect(settingsOf(announcer)).toEqual([all, all])
  })
  test('socket options may differ from peer to peer', () => {
    const lab = new Lab()
    const [one, two] = [lab.router(), lab.router({ address: '192.0.2.253' })]
    const announcer = lab.announcer({
      tcpMd5Key: 'sesame',
      peers: [
        { ...one.peer, multihop: 2 },
        { ...two.peer, tcpMd5Key: 'other', ttlSecurity: 1, bindDevice: 'eth1' },
      ],
    })
    expect(settingsOf(announcer)).toEqual([
      { key: 'sesame', ttlSecurity: undefined, multihop: 2, bindDevice: undefined },
      { key: 'other', ttlSecurity: 1, multihop: undefined, bindDevice: 'eth1' },
    ])
  })
  test('no status shows the TCP MD5 key', async () => {
    const lab = new Lab()
    lab.router()
    const announcer = lab.announcer({ tcpMd5Key: 'sesame' })
    await lab.pass(0)
    expect(JSON.stringify([announcer.status(), announcer, lab.lines('info'), lab.lines('debug')])).not.toContain(
      'sesame',
    )
  })
})

describe('new Announcer() rejects, and dials nothing:', () => {
  test.each<[string, object, ErrorConstructor | typeof OptionError, string]>([
    ['no peers', { peers: [] }, OptionError, 'peers: an empty list is not allowed'],
    ['peers that are no list', { peers: { as: 65000, address: '192.0.2.254' } }, OptionError, 'peers: '],
    [
      'an option of a session',
      { peer: { as: 65000, address: '192.0.2.254' } },
      OptionError,
      'peer: no such option, did you mean peers?',
    ],
    ['waiting for peers to dial', { passive: true }, OptionError, 'passive: true is not allowed, it must be left out'],
    ['an unknown option', { maxPrefix: 2 }, OptionError, 'maxPrefix: no such option, did you mean maxPrefixes?'],
    ['an unknown part of local', { local: { as: 65001, id: '192.0.2.1', port: 1 } }, OptionError, 'local.port: '],
    ['the same peer twice', { peers: Array(2).fill({ as: 65000, address: '192.0.2.254' }) }, OptionError, 'peers: '],
    [
      'the same peer in two spellings',
      { peers: ['192.0.2.254', '::ffff:c000:2fe'].map(address => ({ as: 65000, address })) },
      OptionError,
      "peers: '192.0.2.254 port 179' is not allowed, it must be listed once",
    ],
    [
      'a bad second peer',
      {
        peers: [
          { as: 1, address: '192.0.2.254' },
          { as: 0, address: '192.0.2.253' },
        ],
      },
      OptionError,
      'peers[1].as: 0',
    ],
    [
      'no second peer',
      { peers: [{ as: 1, address: '192.0.2.254' }, null] },
      OptionError,
      'peers[1]: null is not allowed',
    ],
    [
      'an unknown part of a peer',
      { peers: [{ as: 1, address: '192.0.2.254', key: 'x' }] },
      OptionError,
      'peers[0].key: no such option',
    ],
    [
      'a peer as text, without showing it',
      { peers: ['192.0.2.254 sesame'] },
      OptionError,
      'peers[0]: a string is not allowed, it must be an object with as and address',
    ],
    [
      'a peer whose address is a number',
      { peers: [{ as: 1, address: 4 }] },
      OptionError,
      "peers[0].address: 4 is not allowed, it must be a string such as '192.0.2.254'",
    ],
    [
      'a local address of a peer that is a number',
      { peers: [{ as: 1, address: '192.0.2.254', localAddress: 4 }] },
      OptionError,
      "peers[0].localAddress: 4 is not allowed, it must be a string such as '192.0.2.1'",
    ],
    [
      'a local address of the other family than its peer',
      { peers: [{ as: 1, address: '192.0.2.254', localAddress: '2001:db8:1::1' }] },
      OptionError,
      'peers[0].localAddress: ',
    ],
    [
      'a local address of the other family than every peer',
      { local: { as: 65001, id: '192.0.2.1', address: '2001:db8:1::1' } },
      OptionError,
      'local.address: ',
    ],
    [
      'a bad AS number of ours, whatever a peer has of its own',
      { local: { as: 0, id: '192.0.2.1' }, peers: [{ as: 1, address: '192.0.2.254', localAddress: '192.0.2.1' }] },
      OptionError,
      'local.as: 0',
    ],
    ['a kernel deadline that is none', { kernelDeadline: {} }, OptionError, 'kernelDeadline.arm: '],
    ['no prefixes', { maxPrefixes: 0 }, OptionError, 'maxPrefixes: 0'],
    ['half a prefix', { maxPrefixes: 1.5 }, OptionError, 'maxPrefixes: 1.5'],
    ['a count as text', { maxPrefixes: '2' }, OptionError, "maxPrefixes: '2'"],
    ['a drain below 0', { drainTime: -1 }, OptionError, 'drainTime: -1'],
    ['a drain that outlasts Kubernetes', { drainTime: 26 }, OptionError, 'drainTime: 26'],
    ['a graceful shutdown below 0', { gracefulShutdownTime: -1 }, OptionError, 'gracefulShutdownTime: -1'],
    [
      'a graceful shutdown that outlasts Kubernetes',
      { gracefulShutdownTime: 23 },
      OptionError,
      'gracefulShutdownTime: 23 is not allowed, it must be at most 25 seconds together with drainTime, 3',
    ],
    ['an interval below 5 s', { advertisementInterval: 4 }, OptionError, 'advertisementInterval: 4'],
    ['next hop 0.0.0.0', { nextHop: '0.0.0.0' }, OptionError, "nextHop: '0.0.0.0'"],
    ['a next hop of no family', { nextHop: { ip4: '192.0.2.7' } }, OptionError, 'nextHop.ip4: no such option'],
    ['no next hop at all', { nextHop: null }, OptionError, 'nextHop: null is not allowed'],
    [
      'next hop 0.0.0.0 among two',
      { nextHop: { ipv4: '0.0.0.0' } },
      OptionError,
      "nextHop.ipv4: '0.0.0.0' is not allowed",
    ],
    ['no local', { local: undefined }, OptionError, 'local: undefined is not allowed'],
    [
      'an address of no family',
      { local: { as: 65001, id: '192.0.2.1', address: { v4: '192.0.2.1' } } },
      OptionError,
      'local.address.v4: no such option',
    ],
    ['next hop ::', { nextHop: '::' }, OptionError, "nextHop: '::'"],
    ['an IPv4-mapped next hop', { nextHop: '::ffff:192.0.2.1' }, OptionError, "nextHop: '::ffff:192.0.2.1'"],
    ['a next hop with a zone', { nextHop: 'fe80::1%eth0' }, OptionError, "nextHop: 'fe80::1%eth0'"],
    ['a name as next hop', { nextHop: 'localhost' }, OptionError, "nextHop: 'localhost'"],
  ])('new Announcer() rejects %s, and dials nothing', async (_, options, type, message) => {
    const lab = new Lab()
    const router = lab.router()
    expect(() => lab.announcer(options)).toThrow(type)
    expect(() => lab.announcer(options)).toThrow(message)
    await lab.pass(60)
    expect(router.connections).toBe(0)
  })
})

describe('announce() rejects, and sends nothing:', () => {
  test.each<[string, object, string, AnnounceOptions, string]>([
    [
      'the address of a peer in another spelling',
      { peers: [{ as: 65000, address: '2001:DB8:0::2' }] },
      '2001:db8::2',
      {},
      "prefix: '2001:db8::2/128' is not allowed, it must be another address than that of a peer",
    ],
    ['what is no host route', {}, '198.51.100.0/24', {}, "prefix: '198.51.100.0/24' is not allowed"],
    [
      'our BGP Identifier',
      { local: { as: 65001, id: '198.51.100.10' } },
      VIP,
      {},
      `prefix: '${VIP}' is not allowed, it must be another address than our BGP Identifier`,
    ],
    [
      'the address of a router',
      {},
      '192.0.2.254',
      {},
      "prefix: '192.0.2.254/32' is not allowed, it must be another address than that of a peer",
    ],
    [
      'a family that is not offered',
      {},
      VIP6,
      {},
      `prefix: '${VIP6}' is not allowed, it must be of a family that a session carries (with 192.0.2.254: ipv4-unicast); or give the option families with ipv6-unicast in it`,
    ],
    [
      'a next hop that is announced',
      { nextHop: '198.51.100.10' },
      VIP,
      {},
      "nextHop: '198.51.100.10' is not allowed, it must be another address, because 198.51.100.10 is the address that is announced",
    ],
    [
      'a session from the announced address',
      { local: { as: 65001, id: '192.0.2.1', address: '198.51.100.10' } },
      VIP,
      {},
      "nextHop: '198.51.100.10' is not allowed, it must be another address, because 198.51.100.10 is the address that is announced",
    ],
    [
      'a next hop that is the router (§5.1.3)',
      { nextHop: '192.0.2.254' },
      VIP,
      {},
      "nextHop: '192.0.2.254' is not allowed",
    ],
    [
      'a next hop of the other family',
      { nextHop: '2001:db8:1::1' },
      VIP,
      {},
      "nextHop: '2001:db8:1::1' is not allowed",
    ],
    [
      'the next hop of one family for the other',
      { nextHop: { ipv4: '2001:db8:1::1' } },
      VIP,
      {},
      "nextHop: '2001:db8:1::1' is not allowed, it must be another address, because 2001:db8:1::1 is not of the family of 198.51.100.10/32",
    ],
    [
      'no next hop of the family',
      { families: ['ipv6-unicast'] },
      VIP6,
      {},
      'nextHop: it must be given, because the session with 192.0.2.254 has no IPv6 address',
    ],
    [
      'LOCAL_PREF where every peer is external (§5.1.5)',
      {},
      VIP,
      { localPref: 200 },
      'it must be left out: no peer is internal',
    ],
    [
      'prepending where every peer is internal (§9.1.2)',
      { local: { as: 65000, id: '192.0.2.1' } },
      VIP,
      { prepend: 1 },
      'it must be left out: no peer is external',
    ],
    ['too much prepending', {}, VIP, { prepend: 11 }, 'prepend: 11 is not allowed'],
    ['half an epoch', {}, VIP, { med: { base: 1, epoch: 0.5 } }, 'med.epoch: 0.5'],
    ['a MED beyond 32 bits', {}, VIP, { med: 2 ** 32 }, 'med: 4294967296'],
    ['a MED below 0', {}, VIP, { med: -1 }, 'med: -1'],
    ['a MED that is no whole number', {}, VIP, { med: 1.5 }, 'med: 1.5'],
    ['a community of one number', {}, VIP, { communities: ['100'] }, "communities: '100'"],
    ['a community beyond 16 bits', {}, VIP, { communities: ['65536:1'] }, "communities: '65536:1'"],
    ['a large community of two numbers', {}, VIP, { largeCommunities: ['1:2'] }, "largeCommunities: '1:2'"],
    ['more than fits one message', {}, VIP, { communities: manyCommunities(1020) }, 'update length: '],
    ['an unknown preference', {}, VIP, { mde: 1 } as AnnounceOptions, 'mde: no such option'], // a caller without types
  ])('announce() rejects %s, and sends nothing', async (_, options, prefix, preference, message) => {
    const lab = new Lab()
    const router = lab.router({ families: ['ipv4-unicast', 'ipv6-unicast'] })
    const announcer = lab.announcer(options)
    const { signal } = new AbortController()
    await lab.pass(0)
    expect(() => announcer.announce(prefix, { ...preference, signal })).toThrow(message)
    expect(announcer.status().announcements).toEqual([])
    expect(getEventListeners(signal, 'abort')).toEqual([])
    await lab.pass(60)
    expect(router.received).toEqual([])
  })

  test('announce() throws if one of several peers cannot be sent the route', async () => {
    const lab = new Lab()
    const external = lab.router({ address: '192.0.2.254', as: 65000 })
    lab.router({ address: '192.0.2.253', as: 65001 })
    const announcer = lab.announcer()
    await lab.pass(0)
    expect(() => announcer.announce(VIP, { localPref: -1 })).toThrow('localPref: -1')
    await lab.pass(60)
    expect(external.received).toEqual([])
  })

  test('an update() that throws keeps the former preference', async () => {
    const lab = new Lab()
    const router = lab.router()
    const announcement = lab.announcer().announce(VIP, { med: 5 })
    await lab.pass(60)
    expect(() => announcement.update({ med: -1 })).toThrow('med: -1')
    expect(() => announcement.update({ localPref: 1 })).toThrow('localPref: ')
    await lab.pass(60)
    expect(router.meds).toEqual([5])
    router.reset()
    await lab.pass(120)
    expect(router.meds).toEqual([5, 5])
    announcement.update({ med: 6 })
    await lab.pass(60)
    expect(router.meds).toEqual([5, 5, 6])
  })

  test.each([
    [4200000001, true],
    [4200000001, false],
    [65001, true],
    [65001, false],
  ])('the longest message from AS %i is sent, twoOctetAs: %j (RFC 6793)', async (as, twoOctetAs) => {
    for (let count = 950; count <= 1020; count++) {
      const lab = new Lab()
      const router = lab.router({ twoOctetAs })
      const announcer = lab.announcer({ local: { as, id: '192.0.2.1' } })
      await lab.pass(0)
      try {
        announcer.announce(VIP, { communities: manyCommunities(count), prepend: 10 })
      } catch (error) {
        expect(announcer.status().announcements).toEqual([])
        expect(error).toBeInstanceOf(OptionError)
        expect(count).toBeGreaterThan(980)
        return
      }
      await lab.pass(0)
      expect(router.received).toHaveLength(1)
    }
    expect.unreachable('1020 communities do not fit a message')
  })
})
