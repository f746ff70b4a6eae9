import { describeNotification, hardReset, type Notification } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { configure, type SessionConfig } from './config.ts'
import type { Down } from './events.ts'
import { hint, socketError } from './hint.ts'
import { otherProtocol } from './other-protocol.ts'

const given = {
  local: { as: 65001, id: '192.0.2.1', address: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}
const config = configure(given)
const notification = (code: number, subcode: number): Notification => ({
  type: 'notification',
  code,
  subcode,
  data: new Uint8Array(),
})
const after = (down: Partial<Down>) => hint({ type: 'down', detail: '', from: 'Established', ...down }, config)

/** RFC 4486 §3 and those who added to it: each Cease, and what a person can do about it. */
const ceases: readonly (readonly [number, string, RegExp | undefined])[] = [
  [1, 'Maximum Number of Prefixes Reached', /check its limit/],
  [2, 'Administrative Shutdown', /its BGP daemon was stopped, which says the same: .* the session is enabled there/],
  [3, 'Peer De-configured', /its BGP daemon was stopped, which says the same: .* has a neighbor for our address/],
  [4, 'Administrative Reset', undefined],
  [5, 'Connection Rejected', /has a neighbor for our address/],
  [6, 'Other Configuration Change', undefined],
  [7, 'Connection Collision Resolution', /an earlier one of ours, or another speaker on this host/],
  [8, 'Out of Resources', /check what it holds/],
  [9, 'Hard Reset', undefined],
  [10, 'BFD Down', /expects no BFD of us/],
]

describe('a NOTIFICATION of the router', () => {
  it.each(ceases)(
    'Cease 6/%i, %s: is named, and says what to do where that helps (RFC 4486)',
    (subcode, name, advice) => {
      const received = notification(6, subcode)
      expect(describeNotification(received)).toContain(`Cease/${name} (6/${subcode})`)
      if (advice) expect(after({ received })).toMatch(advice)
      else expect(after({ received })).toBeUndefined()
    },
  )
  it.each([
    [
      'nothing at all',
      6,
      0,
      'the router ended the session and does not say why: check its log, and that it has a neighbor for our address',
    ],
    [
      'our OPEN, without a reason',
      2,
      0,
      'the router refuses our OPEN and does not say why: check its log, the AS and BGP Identifier it expects, and leave out what it may not know with the option capabilities',
    ],
    [
      'an optional parameter',
      2,
      4,
      'the router does not take an optional parameter of our OPEN, and capabilities are the only ones: leave out what it does not know with the option capabilities',
    ],
    [
      'another AS',
      2,
      2,
      'the router expects another AS at our address than 65001: check its remote-as and our local AS',
    ],
    ['our identifier', 2, 3, 'check that no other speaker, the router included, has the BGP Identifier 192.0.2.1'],
    [
      'our hold time',
      2,
      6,
      'the router does not take our hold time: check holdTime, and what the router asks at least',
    ],
    [
      'our capabilities',
      2,
      7,
      'the router asks for a capability that we do not offer: check the families on both sides',
    ],
    ['our role', 2, 11, 'check the role that the router has for us (RFC 9234): we have none'],
    [
      'our silence',
      4,
      0,
      'the router heard nothing of us in time: check the path, whether this process stands still, and whether the router wants TTL security',
    ],
    [
      'our not reading',
      8,
      0,
      'the router could send us nothing: check the path, and whether this process stands still',
    ],
  ])('about %s', (_, code, subcode, advice) => {
    expect(after({ received: notification(code, subcode) })).toBe(advice)
  })
  it('inside a Hard Reset is what counts (RFC 8538 §3)', () => {
    expect(after({ received: hardReset(notification(6, 3)) })).toMatch(/has a neighbor for our address/)
  })
  it('that names our mistake, or the future’s, has no advice: the words of the RFC must do', () => {
    for (const [code, subcode] of [
      [1, 1],
      [3, 5],
      [5, 3],
      [6, 200],
      [99, 0],
    ] as const)
      expect(after({ received: notification(code, subcode) })).toBeUndefined()
  })
})

describe('a NOTIFICATION of ours', () => {
  it.each([
    ['another AS', 2, 2, 'check the AS we expect of 192.0.2.2, and that this is the router that was meant'],
    ['our own identifier', 2, 3, 'the router has our own BGP Identifier: give each its own, here local.id 192.0.2.1'],
    [
      'a hold time',
      2,
      6,
      "check the router's hold time for us: it must be 3 s at least, and 0 only with allowZeroHoldTime",
    ],
    ['a capability', 2, 7, 'check the families that the router has for us, and what else we require of it'],
    [
      'silence',
      4,
      0,
      'check the path to the peer, whether the router or this process stands still, and whether the router wants TTL security',
    ],
    ['not reading', 8, 0, 'the peer keeps the connection and does not read it: check whether its BGP process hangs'],
  ])('about %s', (_, code, subcode, advice) => {
    expect(after({ sent: notification(code, subcode) })).toBe(advice)
  })
  it('about what cannot be read has no advice', () => {
    expect(after({ sent: notification(1, 1) })).toBeUndefined()
  })
})

describe('a cause that is known', () => {
  it('of 2/4, if none of our capabilities is needed: the next OPEN goes without', () => {
    expect(after({ received: notification(2, 4), cause: 'no capabilities' })).toContain('the next OPEN goes without')
  })
  it('of 2/4, if one is needed: the settings that need it', () => {
    const needs = configure({ ...given, extendedMessage: true })
    expect(hint({ type: 'down', detail: '', from: 'OpenSent', received: notification(2, 4) }, needs)).toContain(
      'leave out what it does not know with the option capabilities, and check the settings that need one',
    )
  })
  it('of 2/2: AS 23456 without the AS number that it stands for (RFC 6793)', () => {
    expect(after({ sent: notification(2, 2), cause: 'AS_TRANS' })).toContain('four-octet AS numbers (capability 65)')
  })
  it.each(['TLS', 'HTTP', 'SSH'] as const)('of what cannot be read, or of a close: the peer speaks %s', cause => {
    const advice = `what answers on 192.0.2.2 port 179 speaks ${cause}, not BGP: check address and port`
    expect(after({ from: 'OpenSent', sent: notification(1, 1), cause })).toBe(advice)
    expect(after({ from: 'OpenSent', cause })).toBe(advice)
  })
  it('of what cannot be read is none: it does not speak BGP at all events', () => {
    expect(after({ from: 'OpenSent', sent: notification(1, 1) })).toBe(
      'what answers on 192.0.2.2 port 179 does not speak BGP: check the address and the port',
    )
  })
  it.each<[string, string | undefined]>([
    ['\x15\x03\x01\x00\x02\x02\x46', 'TLS'],
    ['\x16\x03\x03\x00\x7a', 'TLS'],
    ['HTTP/1.1 400 Bad Request\r\n', 'HTTP'],
    ['GET / HTTP/1.1\r\n', 'HTTP'],
    ['PRI * HTTP/2.0\r\n', 'HTTP'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'SSH'],
    ['220 smtp.example\r\n', undefined],
    ['\xff\xff\xff\xff\xff', undefined],
    ['\x15', undefined],
    ['', undefined],
  ])('%j begins %s', (octets, protocol) => {
    expect(otherProtocol(Buffer.from(octets, 'latin1'))).toBe(protocol)
  })
})

describe('no NOTIFICATION', () => {
  const neighbor = "check the router's neighbor statement for our address, and its remote-as (we are AS 65001)"
  it('a dial without an answer: what drops a SYN without a word', () => {
    const advice = after({ from: 'Connect', detail: 'no answer within 10 s' })
    for (const suspect of ['route', 'access lists', 'TCP MD5 key', 'TTL security']) expect(advice).toContain(suspect)
  })
  it('a refused dial: nobody listens, or somebody says so', () => {
    const detail = socketError(Object.assign(new Error(), { code: 'ECONNREFUSED' }), config)
    expect(after({ from: 'Connect', detail })).toBe(
      'nothing listens on 192.0.2.2 port 179, or an access list rejects us',
    )
  })
  it('a dial from an address that is not here', () => {
    const detail = socketError(Object.assign(new Error(), { code: 'EADDRNOTAVAIL' }), config)
    expect(after({ from: 'Connect', detail })).toBe('check the local address')
  })
  it.each([
    ['EADDRNOTAVAIL', '192.0.2.2', 'IPv4'],
    ['EADDRNOTAVAIL', '2001:db8::2', 'IPv6'],
    ['EAFNOSUPPORT', '2001:db8::2', 'IPv6'],
  ])('%s of a dial to %s without local.address asks for %s', (code, address, version) => {
    const { as, id } = config.local
    const here: SessionConfig = { ...config, local: { as, id, address: undefined }, peer: { ...config.peer, address } }
    const detail = socketError(Object.assign(new Error(), { code }), here)
    expect(detail).toBe(`this host has no address for a connection to ${address}`)
    expect(hint({ type: 'down', from: 'Connect', detail: detail! }, here)).toBe(
      `check that this host has ${version}, an address and a route of it, and local ports that are free`,
    )
  })
  it('a close after our OPEN: the router does not know us, or not as this AS', () => {
    expect(after({ from: 'OpenSent', detail: 'the peer closed the connection' })).toBe(neighbor)
  })
  it('no OPEN in answer to ours', () => {
    expect(after({ from: 'OpenSent', sent: notification(4, 0) })).toBe(
      `${neighbor}, and whether the router wants TTL security`,
    )
  })
  it('a session that is lost: there is nothing to check but the network', () => {
    expect(after({ detail: 'the peer reset the connection' })).toBeUndefined()
  })
})

describe('what the system says of a connection, in words', () => {
  it.each([
    ['ECONNREFUSED', 'connection refused by 192.0.2.2 port 179'],
    ['ECONNRESET', 'the peer reset the connection'],
    ['EPIPE', 'the peer reset the connection'],
    ['ETIMEDOUT', 'no answer from 192.0.2.2 port 179'],
    ['EHOSTUNREACH', 'no route to 192.0.2.2'],
    ['ENETUNREACH', 'no route to 192.0.2.2'],
    ['EADDRNOTAVAIL', 'the local address 192.0.2.1 is not on this host'],
    ['EMFILE', 'no file descriptor is left for a connection'],
    ['EISDIR', 'its own words'],
  ])('%s', (code, words) => {
    expect(socketError(Object.assign(new Error('its own words'), { code }), config)).toBe(words)
  })
  it.each(['read', 'write'])(
    'ETIMEDOUT of %s is a connection that was not acknowledged, with what to check',
    syscall => {
      const detail = socketError(Object.assign(new Error('its own words'), { code: 'ETIMEDOUT', syscall }), config)
      expect(detail).toBe('the peer acknowledged nothing of ours in time')
      expect(after({ detail })).toBe('check the path to the peer, and whether its BGP process hangs')
    },
  )
})
