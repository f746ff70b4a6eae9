import { inspect } from 'node:util'
import { OptionError } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { configure } from './config.ts'
import { type SessionOptions, sessionOptions } from './options.ts'

const given: SessionOptions = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }

describe('the defaults', () => {
  it('every option without a value has its default', () => {
    expect(configure(given)).toEqual({
      local: { as: 65001, id: '192.0.2.1', address: undefined },
      peer: { as: 65002, address: '192.0.2.2', port: 179 },
      passive: false,
      extendedNextHop: false,
      capabilities: { multiprotocol: true, routeRefresh: true, enhancedRouteRefresh: true, fourOctetAs: true },
      extendedMessage: false,
      requireFourOctetAs: false,
      families: ['ipv4-unicast'],
      holdTime: 90,
      sendHoldTime: undefined,
      allowZeroHoldTime: false,
      connectTimeout: 10,
      firstDialDelay: 0,
      backOff: { minInterval: 5, transportCap: 120, protocolInitial: 60, administrative: 300, resetAfter: 300 },
    })
  })
  it("the default family is that of the peer's address", () => {
    expect(configure({ ...given, peer: { as: 65002, address: '2001:db8::2' } }).families).toEqual(['ipv6-unicast'])
  })
  it('given options replace their defaults only', () => {
    const backOff = { minInterval: 30 }
    expect(configure({ ...given, backOff }).backOff).toMatchObject({ minInterval: 30, transportCap: 120 })
  })
})

/** Default, minimum, maximum: by hand, not from `sessionOptions`. */
const rows: Record<string, readonly [number, number, number]> = {
  holdTime: [90, 9, 65535],
  connectTimeout: [10, 5, 120],
  firstDialDelay: [0, 0, 60],
  'backOff.minInterval': [5, 1, 3600],
  'backOff.transportCap': [120, 30, 3600],
  'backOff.protocolInitial': [60, 30, 3600],
  'backOff.administrative': [300, 60, 3600],
  'backOff.resetAfter': [300, 60, 3600],
}

describe.each(Object.entries(rows))('%s', (name, [byDefault, min, max]) => {
  it(`${name} is ${byDefault} unless given`, () => {
    expect(read({})).toBe(byDefault)
  })
  it.each([min, max, byDefault])(`${name} takes %d`, value => {
    expect(read(write(value))).toBe(value)
  })
  it.each([min - 0.001, min - 1, max + 1, -1, Number.NaN, Number.POSITIVE_INFINITY, '7'])(
    `${name} rejects %s with an OptionError that has its bounds`,
    value => {
      const attempt = () => configure({ ...given, ...write(value) })
      expect(attempt).toThrow(OptionError)
      const shown = typeof value === 'string' ? `'${value}'` : value
      expect(attempt).toThrow(`${name}: ${shown} is not allowed, it must be from ${min} to ${max} seconds`)
    },
  )

  const [group, inner] = name.split('.') as [string, string?] // a name has at least one part
  function write(value: unknown): object {
    return { [group]: inner === undefined ? value : { [inner]: value } }
  }
  function read(change: object): unknown {
    const value: unknown = Object.entries(configure({ ...given, ...change })).find(([key]) => key === group)?.[1]
    return inner === undefined ? value : Object.entries(value as object).find(([key]) => key === inner)?.[1] // backOff is one
  }
})

it('every option in seconds with a default has a row here', () => {
  const seconds = Object.entries(sessionOptions).filter(([, row]) => 'unit' in row && 'default' in row)
  expect(Object.keys(rows)).toEqual(seconds.map(([name]) => name))
})

describe('hold time', () => {
  it('a hold time from 3 to 8 needs allowAggressiveTimers', () => {
    expect(configure({ ...given, holdTime: 3, allowAggressiveTimers: true }).holdTime).toBe(3)
    expect(() => configure({ ...given, holdTime: 8 })).toThrow('from 9 to 65535 seconds')
    expect(() => configure({ ...given, holdTime: 2, allowAggressiveTimers: true })).toThrow('from 3 to 65535 seconds')
  })
  it('we never propose hold time 0, even with allowZeroHoldTime (RFC 4271 §4.2)', () => {
    const allowed = { ...given, allowAggressiveTimers: true, allowZeroHoldTime: true }
    expect(() => configure({ ...allowed, holdTime: 0 })).toThrow('holdTime: 0 is not allowed')
  })
  it('the hold time is whole seconds (RFC 4271 §4.2)', () => {
    expect(() => configure({ ...given, holdTime: 30.5 })).toThrow(
      'holdTime: 30.5 is not allowed, it must be a whole number from 9 to 65535 seconds',
    )
  })
})

describe('an unknown name', () => {
  it.each([
    [{ holdtime: 30 }, 'holdtime: no such option, did you mean holdTime?'],
    [{ local: { ...given.local, asn: 1 } }, 'local.asn: no such option, it must be one of as, id, address'],
    [{ peer: { ...given.peer, host: 'x' } }, 'peer.host: no such option, it must be one of as, address, port'],
    [{ backOff: { jitter: 0 } }, 'backOff.jitter: no such option, it must be one of minInterval, transportCap'],
  ])('configure() throws for %j and lists the names', (change, message) => {
    const attempt = () => configure(Object.assign({}, given, change))
    expect(attempt).toThrow(OptionError)
    expect(attempt).toThrow(message)
  })
})

describe('the addresses and AS numbers', () => {
  it.each([23456, 65535, 4_294_967_295])('the reserved AS %i is rejected', as => {
    const sentence = `${as} is not allowed, it must be an AS number that is not reserved (RFC 6793, RFC 7300)`
    expect(() => configure({ ...given, local: { ...given.local, as } })).toThrow(`local.as: ${sentence}`)
    expect(() => configure({ ...given, peer: { ...given.peer, as } })).toThrow(`peer.as: ${sentence}`)
  })
  it.each([1, 23455, 65534, 65536, 4_200_000_000, 4_294_967_294])('AS %i is accepted (RFC 6793)', as => {
    expect(configure({ ...given, local: { ...given.local, as } }).local.as).toBe(as)
    expect(configure({ ...given, peer: { ...given.peer, as } }).peer.as).toBe(as)
  })
  it.each([0, 4_294_967_296, -1])('AS %i is rejected (RFC 7607)', as => {
    const message = `as: ${as} is not allowed, it must be from 1 to 4294967295`
    expect(() => configure({ ...given, local: { ...given.local, as } })).toThrow(`local.${message}`)
    expect(() => configure({ ...given, peer: { ...given.peer, as } })).toThrow(`peer.${message}`)
  })
  it('an AS number with a fraction is rejected', () => {
    expect(() => configure({ ...given, peer: { ...given.peer, as: 1.5 } })).toThrow('must be a whole number')
  })
  it.each(['0.0.0.0', '2001:db8::1'])('%s is rejected as a BGP Identifier (RFC 6286 §2.1)', id => {
    expect(() => configure({ ...given, local: { as: 1, id } })).toThrow(`local.id: '${id}' is not allowed`)
  })
  it.each(['router', '192.0.2.256', '192.0.2.1/32', '', '010.0.0.1'])("'%s' is rejected as an address", address => {
    expect(() => configure({ ...given, peer: { as: 1, address } })).toThrow(`peer.address: '${address}' is not allowed`)
    expect(() => configure({ ...given, local: { as: 1, id: address } })).toThrow(`local.id: '${address}'`)
  })
  it('the local address is of the family of the peer', () => {
    const local = { ...given.local, address: '2001:db8::1' }
    expect(() => configure({ ...given, local })).toThrow(
      "local.address: '2001:db8::1' is not allowed, it must be of the family of 192.0.2.2",
    )
    expect(configure({ ...given, local: { ...given.local, address: '192.0.2.9' } }).local.address).toBe('192.0.2.9')
  })
  it.each([0, 65536, -1, 179.5, Number.NaN])('port %d is rejected', port => {
    expect(() => configure({ ...given, peer: { ...given.peer, port } })).toThrow(`peer.port: ${port} is not allowed`)
  })
})

describe('the key of TCP MD5 (RFC 2385)', () => {
  const secret = 'sésame, ouvre-toi'
  it.each(['k', secret, 'k'.repeat(80), 'é'.repeat(40)])("'%s' is accepted as a key", key => {
    expect(configure({ ...given, tcpMd5Key: key }).tcpMd5Key?.octets()).toEqual(new TextEncoder().encode(key))
  })
  it.each([
    ['', 0],
    ['k'.repeat(81), 81],
    ['é'.repeat(41), 82],
  ])("'%s' is rejected as a key, and the error does not repeat it", (key, octets) => {
    expect(() => configure({ ...given, tcpMd5Key: key })).toThrow(
      `tcpMd5Key: a key of ${octets} octets is not allowed, it must be a string of 1 to 80 octets in UTF-8`,
    )
  })
  it.each([[['secret']], [{ key: 'secret' }], [5_318_008], [null]])(
    '%o is rejected as a key, and the error does not repeat it',
    key => {
      const attempt = () => configure({ ...given, tcpMd5Key: key as unknown as string }) // as a caller without types may
      expect(attempt).toThrow(
        'tcpMd5Key: a value that is not a string is not allowed, it must be a string of 1 to 80 octets in UTF-8',
      )
    },
  )
  it('no text of a configuration shows the key', () => {
    const config = configure({ ...given, tcpMd5Key: secret })
    const copy = { ...config, more: structuredClone(config) }
    for (const print of [JSON.stringify, String, (it: unknown) => inspect(it, { depth: 9, showHidden: true })])
      for (const it of [config, copy, config.tcpMd5Key]) {
        expect(print(it)).not.toContain('sésame')
        expect(print(it)).not.toContain('115, 195') // its octets
      }
    expect(JSON.stringify(config)).toContain('"tcpMd5Key":"(secret)"')
    expect(`${config.tcpMd5Key}`).toBe('(secret)')
  })
  it('a change of the octets that octets() returns does not change the key', () => {
    const { tcpMd5Key } = configure({ ...given, tcpMd5Key: secret })
    tcpMd5Key?.octets().fill(0)
    expect(new TextDecoder().decode(tcpMd5Key?.octets())).toBe(secret)
  })
})

describe('how far away a router may be', () => {
  it.each([1, 2, 254])('ttlSecurity takes %d hops (RFC 5082)', ttlSecurity => {
    expect(configure({ ...given, ttlSecurity }).ttlSecurity).toBe(ttlSecurity)
  })
  it.each([1, 64, 255])('multihop takes %d', multihop => {
    expect(configure({ ...given, multihop }).multihop).toBe(multihop)
  })
  it.each([
    [{ ttlSecurity: 0 }, 'ttlSecurity: 0 is not allowed, it must be from 1 to 254'],
    [{ ttlSecurity: 255 }, 'ttlSecurity: 255 is not allowed, it must be from 1 to 254'],
    [{ ttlSecurity: true }, 'ttlSecurity: true is not allowed, it must be from 1 to 254'],
    [{ multihop: 0 }, 'multihop: 0 is not allowed, it must be from 1 to 255'],
    [{ multihop: 256 }, 'multihop: 256 is not allowed, it must be from 1 to 255'],
    [{ multihop: 1.5 }, 'multihop: 1.5 is not allowed, it must be a whole number from 1 to 255'],
    [
      { multihop: 2, ttlSecurity: 2 },
      'multihop: 2 is not allowed, it must be left out, because ttlSecurity sends with TTL 255',
    ],
  ])('configure() throws for %j', (change, message) => {
    expect(() => configure({ ...given, ...change } as SessionOptions)).toThrow(message) // as a caller without types may
  })
})

describe('the interface', () => {
  it.each(['eth0', 'br-1a2b3c', 'bond0.100', 'x', 'fifteen-letters'])('%s is accepted as an interface', bindDevice => {
    expect(configure({ ...given, bindDevice }).bindDevice).toBe(bindDevice)
  })
  it.each(['', 'sixteen-letters!', 'eth 0', 'a/b', 'eth0:1', 'été0', 'eth0\0'])(
    "'%s' is rejected as an interface",
    bindDevice => {
      const attempt = () => configure({ ...given, bindDevice })
      expect(attempt).toThrow(OptionError)
      expect(attempt).toThrow(
        `bindDevice: '${bindDevice.replace('\0', '\ufffd')}' is not allowed, it must be the name of a network interface`,
      )
    },
  )
})

describe('a value of a wrong type throws an OptionError', () => {
  it.each([
    ['options', undefined, 'options: undefined is not allowed, it must be an object'],
    ['local', { local: undefined }, 'local: undefined is not allowed, it must be an object with as, id, address'],
    ['peer', { peer: null }, 'peer: null is not allowed, it must be an object with as, address, port'],
    ['extendedMessage', { extendedMessage: 1 }, 'extendedMessage: 1 is not allowed, it must be true or false'],
    [
      'extendedNextHop',
      { families: ['ipv6-unicast'], extendedNextHop: true },
      'extendedNextHop: true is not allowed, it must be false, because families does not include ipv4-unicast',
    ],
    [
      'gracefulRestart.restartTime',
      { gracefulRestart: { restartTime: 4096 } },
      'gracefulRestart.restartTime: 4096 is not allowed, it must be from 1 to 4095 seconds',
    ],
    [
      'gracefulRestart.restartTime',
      { gracefulRestart: { restartTime: 0 } },
      'gracefulRestart.restartTime: 0 is not allowed, it must be from 1 to 4095 seconds',
    ],
    [
      'gracefulRestart.forwarding',
      { gracefulRestart: { restartTime: 120, forwarding: 1 } },
      'gracefulRestart.forwarding: 1 is not allowed, it must be true or false',
    ],
    [
      'gracefulRestart.time',
      { gracefulRestart: { time: 120 } },
      'gracefulRestart.time: no such option, it must be one of restartTime, forwarding, restarting, notification',
    ],
    ['passive', { passive: 'no' }, "passive: 'no' is not allowed, it must be true or false"],
    ['allowZeroHoldTime', { allowZeroHoldTime: 1 }, 'allowZeroHoldTime: 1 is not allowed'],
    ['allowAggressiveTimers', { allowAggressiveTimers: 0 }, 'allowAggressiveTimers: 0 is not allowed'],
    ['backOff', { backOff: null }, 'backOff: null is not allowed'],
    ['an address', { peer: { as: 1 } }, 'peer.address: '],
    [
      'a peer',
      { peer: { as: 1, address: 7 } },
      "peer.address: 7 is not allowed, it must be a string such as '192.0.2.254'",
    ],
    [
      'an identifier',
      { local: { as: 1, id: 7 } },
      "local.id: 7 is not allowed, it must be a string such as '192.0.2.1'",
    ],
    [
      'an own address',
      { local: { ...given.local, address: 7 } },
      "local.address: 7 is not allowed, it must be a string such as '192.0.2.1'",
    ],
    ['an AS number', { peer: { as: '65002', address: '192.0.2.2' } }, "peer.as: '65002' is not allowed"],
    [
      'families',
      { families: [] },
      'families: an empty list is not allowed, it must be a list of ipv4-unicast, ipv6-unicast',
    ],
    ['families', { families: ['ipv5'] }, 'families: a list is not allowed'],
    ['families', { families: ['toString'] }, 'families: a list is not allowed'],
    ['families', { families: ['ipv4-unicast', 'ipv5'] }, 'families: a list is not allowed'],
    ['families', { families: 'ipv4-unicast' }, "families: 'ipv4-unicast' is not allowed"],
  ])('a wrong type of %s throws an OptionError', (_, change, message) => {
    const options = (change === undefined ? undefined : { ...given, ...change }) as SessionOptions // as a caller without types may
    expect(() => configure(options)).toThrow(message)
  })
  it('a family that is listed twice is offered once', () => {
    expect(configure({ ...given, families: ['ipv4-unicast', 'ipv4-unicast'] }).families).toEqual(['ipv4-unicast'])
  })
  it('a later change of the options changes nothing', () => {
    const local = { ...given.local }
    const config = configure({ ...given, local })
    local.as = 7
    expect(config.local.as).toBe(65001)
  })
})

describe('capabilities (RFC 5492)', () => {
  const chosen = (capabilities: SessionOptions['capabilities'], settings: Partial<SessionOptions> = {}) =>
    configure({ ...given, ...settings, ...(capabilities && { capabilities }) }).capabilities

  it('each capability can be left out, alone or with the others', () => {
    expect(chosen({ multiprotocol: false })).toEqual({
      multiprotocol: false,
      routeRefresh: true,
      enhancedRouteRefresh: true,
      fourOctetAs: true,
    })
    expect(chosen({ fourOctetAs: false }).fourOctetAs).toBe(false)
    expect(chosen({ enhancedRouteRefresh: false })).toMatchObject({ routeRefresh: true, enhancedRouteRefresh: false })
    expect(chosen({ routeRefresh: false })).toMatchObject({ routeRefresh: false, enhancedRouteRefresh: false })
    const none = { multiprotocol: false, routeRefresh: false, enhancedRouteRefresh: false, fourOctetAs: false }
    expect(chosen(none)).toEqual(none)
  })
  it.each<[SessionOptions['capabilities'], Partial<SessionOptions>, string]>([
    [
      { multiprotocol: false },
      { families: ['ipv6-unicast'] },
      'multiprotocol: false is not allowed, it must be true, because families (ipv6-unicast) needs it',
    ],
    [
      { multiprotocol: false },
      { families: ['ipv4-unicast', 'ipv6-unicast'] },
      'multiprotocol: false is not allowed, it must be true, because families (ipv4-unicast, ipv6-unicast) needs it',
    ],
    [
      { multiprotocol: false },
      { extendedNextHop: true },
      'multiprotocol: false is not allowed, it must be true, because extendedNextHop needs it',
    ],
    [
      { fourOctetAs: false },
      { peer: { as: 65536, address: '192.0.2.2' } },
      'fourOctetAs: false is not allowed, it must be true, because AS 65536 needs it',
    ],
    [
      { fourOctetAs: false },
      { local: { as: 65536, id: '192.0.2.1' } },
      'fourOctetAs: false is not allowed, it must be true, because AS 65536 needs it',
    ],
    [
      { fourOctetAs: false },
      { requireFourOctetAs: true },
      'fourOctetAs: false is not allowed, it must be true, because requireFourOctetAs needs it',
    ],
    [
      { routeRefresh: false, enhancedRouteRefresh: true },
      {},
      'routeRefresh: false is not allowed, it must be true, because enhancedRouteRefresh needs it',
    ],
  ])('a needed capability cannot be left out: %j with %j', (capabilities, settings, message) => {
    expect(() => chosen(capabilities, settings)).toThrow(`capabilities.${message}`)
  })
  it('an unknown or wrong choice throws', () => {
    for (const wrong of [{ routerefresh: false }, { routeRefresh: 0 }, null, 'none', []] as never[])
      expect(() => chosen(wrong ?? (wrong as never), { capabilities: wrong })).toThrow(OptionError)
  })
})
