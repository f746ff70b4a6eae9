import { describeNotification, hardReset, type Notification } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { configure, type SessionConfig } from './config.ts'
import { hint } from './hint.ts'
import type { SessionOptions } from './options.ts'
import type { FailureReason } from './reasons.ts'

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
const received = (notification: Notification) =>
  hint({ reason: 'notification-received', from: 'Established', received: notification }, config)
const sent = (code: number, subcode: number) =>
  hint({ reason: 'notification-sent', from: 'Established', sent: notification(code, subcode) }, config)

/** Each Cease of RFC 4486 §3 and later RFCs, and the advice for an operator. */
const ceases: readonly (readonly [number, string, RegExp | undefined])[] = [
  [1, 'Maximum Number of Prefixes Reached', /check its limit/],
  [2, 'Administrative Shutdown', /or its BGP daemon was stopped: .* the session is enabled there/],
  [3, 'Peer De-configured', /or its BGP daemon was stopped: .* has a neighbor for our address/],
  [4, 'Administrative Reset', undefined],
  [5, 'Connection Rejected', /has a neighbor for our address/],
  [6, 'Other Configuration Change', undefined],
  [7, 'Connection Collision Resolution', /an earlier one of ours, or another speaker on this host/],
  [8, 'Out of Resources', /memory and other resources/],
  [9, 'Hard Reset', undefined],
  [10, 'BFD Down', /expects no BFD of us/],
]

describe('the hint for a NOTIFICATION from the router', () => {
  it.each(ceases)('Cease 6/%i, %s, has advice if an operator can act (RFC 4486)', (subcode, name, advice) => {
    expect(describeNotification(notification(6, subcode))).toContain(`Cease/${name} (6/${subcode})`)
    if (advice) expect(received(notification(6, subcode))).toMatch(advice)
    else expect(received(notification(6, subcode))).toBeUndefined()
  })
  it.each([
    ['6/0', 'the router ended the session without a reason: check its log, and that it has a neighbor for our address'],
    [
      '2/0',
      'the router refuses our OPEN without a reason: check its log, our AS and BGP Identifier, and the option capabilities',
    ],
    [
      '2/4',
      'the router refuses capabilities of our OPEN: leave out those that it does not support with the option capabilities',
    ],
    ['2/2', 'the router expects another AS at our address than 65001: check its remote-as and our local AS'],
    ['2/3', 'check that no other speaker, the router included, has the BGP Identifier 192.0.2.1'],
    ['2/6', 'the router refuses our hold time: check holdTime, and the minimum that the router requires'],
    ['2/7', 'the router requires a capability that we do not offer: check the families on both sides'],
    ['2/11', 'check the role that the router has for us (RFC 9234): we have none'],
    [
      '4/0',
      'the router received nothing from us in time: check the path, whether this process stands still, and whether the router wants TTL security',
    ],
    ['8/0', 'the router could not send to us: check the path, and whether this process stands still'],
  ])('a received %s has the advice: %s', (codes, advice) => {
    const [code = 0, subcode = 0] = codes.split('/').map(Number)
    expect(received(notification(code, subcode))).toBe(advice)
  })
  it('a Hard Reset has the advice of the NOTIFICATION inside it (RFC 8538 §3)', () => {
    expect(received(hardReset(notification(6, 3)))).toMatch(/has a neighbor for our address/)
  })
  it.each([
    [1, 1],
    [3, 5],
    [5, 3],
    [6, 200],
    [99, 0],
  ])('a received %i/%i, a fault in this program or unknown, has no advice', (code, subcode) => {
    expect(received(notification(code, subcode))).toBeUndefined()
  })
  it('the advice for 2/4 names the options that need a capability', () => {
    const needs = configure({ ...given, extendedMessage: true })
    const failure = { reason: 'notification-received', from: 'OpenSent', received: notification(2, 4) } as const
    expect(hint(failure, needs)).toContain(
      'leave out those that it does not support with the option capabilities, and the options that need one',
    )
  })
})

describe('the hint for a NOTIFICATION from us', () => {
  it.each([
    [2, 2, 'check the AS that we expect of 192.0.2.2, and that this is the router that you meant'],
    [2, 3, 'the router has our own BGP Identifier: give each its own, here local.id 192.0.2.1'],
    [2, 6, "check the router's hold time for us: it must be at least 3 s, or 0 with allowZeroHoldTime"],
    [2, 7, 'check the families that the router has for us, and the capabilities that we require'],
  ])('a sent %i/%i has the advice: %s', (code, subcode, advice) => {
    expect(sent(code, subcode)).toBe(advice)
  })
  it('a message that cannot be decoded in Established has no advice', () => {
    expect(sent(1, 1)).toBeUndefined()
  })
  it('1/x in OpenSent has the advice that the peer does not speak BGP', () => {
    expect(hint({ reason: 'notification-sent', from: 'OpenSent', sent: notification(1, 1) }, config)).toBe(
      'what answers on 192.0.2.2 port 179 does not speak BGP: check the address and the port',
    )
  })
})

const neighbor = "check the router's neighbor statement for our address, and its remote-as (we are AS 65001)"

describe('the hint for a reason', () => {
  it.each<[FailureReason, string | undefined]>([
    ['refused', 'nothing listens on 192.0.2.2 port 179, or an access list rejects us'],
    ['unacknowledged', 'check the path to the peer, and whether its BGP process hangs'],
    ['local-address-missing', 'check the local address'],
    ['interface-missing', 'check peer.address'],
    ['no-source-address', 'check that this host has an IPv4 address, an IPv4 route and free local ports'],
    ['send-hold-timer', 'the peer keeps the connection and does not read it: check whether its BGP process hangs'],
    [
      'hold-timer',
      'check the path to the peer, whether the router or this process stands still, and whether the router wants TTL security',
    ],
    ['speaks-tls', 'what answers on 192.0.2.2 port 179 does not speak BGP: check the address and the port'],
    ['speaks-http', 'what answers on 192.0.2.2 port 179 does not speak BGP: check the address and the port'],
    ['speaks-ssh', 'what answers on 192.0.2.2 port 179 does not speak BGP: check the address and the port'],
    ['reset', undefined],
    ['closed', undefined],
    ['stopped', undefined],
  ])('%s in Established has the advice: %s', (reason, advice) => {
    expect(hint({ reason, from: 'Established' }, config)).toBe(advice)
  })
  it('the advice for capabilities-refused is that the next OPEN has none', () => {
    expect(hint({ reason: 'capabilities-refused', from: 'OpenSent' }, config)).toContain('the next OPEN has none')
  })
  it('the advice for as-trans is capability 65 (RFC 6793)', () => {
    expect(hint({ reason: 'as-trans', from: 'OpenSent' }, config)).toContain('four-octet AS numbers (capability 65)')
  })
  it('the advice for no-source-address has the family of the peer', () => {
    const there: SessionConfig = { ...config, peer: { ...config.peer, address: '2001:db8::2' } }
    expect(hint({ reason: 'no-source-address', from: 'Connect' }, there)).toContain('an IPv6 address')
  })
  it('the advice for interface-missing names bindDevice if it is set', () => {
    expect(hint({ reason: 'interface-missing', from: 'Connect' }, { ...config, bindDevice: 'eth9' })).toBe(
      'check bindDevice',
    )
  })
  it.each<FailureReason>(['timeout', 'unreachable', 'reset', 'closed', 'error'])(
    '%s in Connect names what drops a SYN silently',
    reason => {
      const advice = hint({ reason, from: 'Connect' }, config)
      for (const suspect of ['route', 'access lists', 'TCP MD5 key', 'TTL security']) expect(advice).toContain(suspect)
    },
  )
  it('closed in OpenSent has the advice to check the neighbor statement', () => {
    expect(hint({ reason: 'closed', from: 'OpenSent' }, config)).toBe(neighbor)
  })
  it('hold-timer in OpenSent has the advice to check neighbor and TTL security', () => {
    expect(hint({ reason: 'hold-timer', from: 'OpenSent', sent: notification(4, 0) }, config)).toBe(
      `${neighbor}, and whether the router wants TTL security`,
    )
  })
  it.each<[Partial<SessionOptions>, string]>([
    [{}, 'check the route to the peer, access lists, and whether it wants a TCP MD5 key or TTL security'],
    [
      { ttlSecurity: 1 },
      'check the route to the peer, access lists, whether it wants a TCP MD5 key, and that the router has TTL security and is within 1 hop',
    ],
    [
      { tcpMd5Key: 'secret' },
      'check the route to the peer, access lists, that the router has the same TCP MD5 key for our address, and whether the router wants TTL security',
    ],
    [
      { tcpMd5Key: 'secret', ttlSecurity: 2 },
      'check the route to the peer, access lists, that the router has the same TCP MD5 key for our address, and that the router has TTL security and is within 2 hops',
    ],
    [
      { multihop: 3 },
      'check the route to the peer, access lists, that the router is within 3 hops (multihop), and whether it wants a TCP MD5 key or TTL security',
    ],
  ])('a dial without an answer, with %j, has the advice: %s', (options, advice) => {
    const there = configure({ ...given, ...options })
    expect(hint({ reason: 'timeout', from: 'Connect' }, there)).toBe(advice)
  })
  it('hold-timer in OpenConfirm does not suspect this process', () => {
    expect(hint({ reason: 'hold-timer', from: 'OpenConfirm' }, config)).toBe(
      'check the path to the peer, and whether the router wants TTL security',
    )
  })
  it.each<[FailureReason, RegExp]>([
    ['own-address-lost', /^check whether the address of this host was changed/],
    ['no-descriptor', /^raise the limit of open files/],
  ])('%s has the advice %s', (reason, advice) => {
    expect(hint({ reason, from: 'Established' }, config)).toMatch(advice)
  })
  it.each<FailureReason>(['notification-sent', 'notification-received', 'stopped'])(
    '%s without a NOTIFICATION has no advice',
    reason => {
      expect(hint({ reason, from: 'OpenSent' }, config)).toBeUndefined()
    },
  )
  it.each(['OpenConfirm', 'Established'] as const)('1/x in %s has no advice', from => {
    expect(hint({ reason: 'notification-sent', from, sent: notification(1, 1) }, config)).toBeUndefined()
  })
})
