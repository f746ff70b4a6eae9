/** What to check after a failure, in one sentence for an operator. Derived from the reason, the NOTIFICATION and the state. */
import { type Notification, notificationCode, subcode, withoutHardReset } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import type { SessionFailure } from './events.ts'
import { needsNoCapability } from './open-check.ts'
import type { FailureReason } from './reasons.ts'
import { isIpv6 } from './socket-address.ts'

type Failure = Omit<SessionFailure, 'detail'>
type Advice = (config: SessionConfig, failure: Failure) => string | undefined

export function hint(failure: Failure, config: SessionConfig): string | undefined {
  const advice = byReason[failure.reason] ?? byState[failure.from]
  return advice?.(config, failure)
}

/** For a reason that needs no state, and for one that has a NOTIFICATION. */
const byReason: { readonly [reason in FailureReason]?: Advice } = {
  refused: ({ peer }) => `nothing listens on ${peer.address} port ${peer.port}, or an access list rejects us`,
  unacknowledged: () => 'check the path to the peer, and whether its BGP process hangs',
  'local-address-missing': () => 'check the local address',
  'no-source-address': ({ peer }) => {
    const version = isIpv6(peer.address) ? 'IPv6' : 'IPv4'
    return `check that this host has an ${version} address, an ${version} route and free local ports`
  },
  'interface-missing': ({ bindDevice }) => `check ${bindDevice === undefined ? 'peer.address' : 'bindDevice'}`,
  'own-address-lost': () =>
    'check whether the address of this host was changed, and whether the router expects the new one',
  'no-descriptor': () => 'raise the limit of open files of this process, or find what holds them',
  'speaks-tls': notBgp,
  'speaks-http': notBgp,
  'speaks-ssh': notBgp,
  'hold-timer': holdTimerAdvice,
  'send-hold-timer': () => 'the peer keeps the connection and does not read it: check whether its BGP process hangs',
  'as-trans': ({ peer }) =>
    `${peer.address} sends 23456 in place of its AS number: check that it offers four-octet AS numbers (capability 65)`,
  'capabilities-refused': () =>
    'the router refuses capabilities (RFC 5492), and we need none: the next OPEN has none, once',
  'notification-sent': (config, failure) =>
    adviceFor(failure.sent, afterSent)?.(config, failure) ??
    (failure.sent?.code === notificationCode.header && failure.from === 'OpenSent' ? notBgp(config) : undefined),
  'notification-received': (config, failure) => adviceFor(failure.received, afterReceived)?.(config, failure),
  stopped: () => undefined,
}

/** For any other reason. */
const byState: { readonly [state in SessionFailure['from']]?: Advice } = {
  Connect: silentDrop,
  OpenSent: neighborAdvice,
}

function neighborAdvice({ local }: SessionConfig): string {
  return `check the router's neighbor statement for our address, and its remote-as (we are AS ${local.as})`
}
function holdTimerAdvice(config: SessionConfig, { from }: Failure): string {
  if (from === 'OpenSent') return `${neighborAdvice(config)}, and ${distanceAdvice(config)}`
  const stalled = from === 'Established' ? 'whether the router or this process stands still, ' : ''
  return `check the path to the peer, ${stalled}and ${distanceAdvice(config)}`
}
function notBgp({ peer }: SessionConfig): string {
  return `what answers on ${peer.address} port ${peer.port} does not speak BGP: check the address and the port`
}

/** Advice by code and subcode. */
type NotificationAdvice = Readonly<Record<number, Readonly<Record<number, Advice>>>>

const { cease, open } = subcode

/** After a NOTIFICATION from the peer. One that needs no action, or only time, has no line. */
const afterReceived: NotificationAdvice = {
  [notificationCode.open]: {
    [open.unspecific]: () =>
      'the router refuses our OPEN without a reason: check its log, our AS and BGP Identifier, and the option capabilities',
    [open.badPeerAs]: ({ local }) =>
      `the router expects another AS at our address than ${local.as}: check its remote-as and our local AS`,
    [open.badBgpIdentifier]: ({ local }) =>
      `check that no other speaker, the router included, has the BGP Identifier ${local.id}`,
    [open.unsupportedOptionalParameter]: config =>
      `the router refuses capabilities of our OPEN: leave out those that it does not support with the option capabilities${
        needsNoCapability(config) ? '' : ', and the options that need one'
      }`,
    [open.unacceptableHoldTime]: () =>
      'the router refuses our hold time: check holdTime, and the minimum that the router requires',
    [open.unsupportedCapability]: () =>
      'the router requires a capability that we do not offer: check the families on both sides',
    [open.roleMismatch]: () => 'check the role that the router has for us (RFC 9234): we have none',
  },
  [notificationCode.holdTimer]: {
    0: config =>
      `the router received nothing from us in time: check the path, whether this process stands still, and ${distanceAdvice(config)}`,
  },
  [notificationCode.cease]: {
    0: () => 'the router ended the session without a reason: check its log, and that it has a neighbor for our address',
    [cease.maximumPrefixes]: () => 'the router accepts fewer prefixes than we announced: check its limit for us',
    [cease.administrativeShutdown]: () =>
      'an operator shut the session down on the router, or its BGP daemon was stopped: check that the daemon runs, and that the session is enabled there',
    [cease.peerDeconfigured]: () =>
      'an operator removed us from the router, or its BGP daemon was stopped: check that the daemon runs, and that it has a neighbor for our address',
    [cease.connectionRejected]: () => 'the router rejects the connection: check that it has a neighbor for our address',
    [cease.connectionCollision]: () =>
      'the router keeps another connection with our address: an earlier one of ours, or another speaker on this host',
    [cease.outOfResources]: () => 'check the memory and other resources of the router',
    [cease.bfdDown]: () =>
      "the router's BFD reports that the path is down, and we run no BFD: check that it expects no BFD of us (RFC 9384)",
  },
  [notificationCode.sendHoldTimer]: {
    0: () => 'the router could not send to us: check the path, and whether this process stands still',
  },
}

/** After a NOTIFICATION from us. */
const afterSent: NotificationAdvice = {
  [notificationCode.open]: {
    [open.badPeerAs]: ({ peer }) =>
      `check the AS that we expect of ${peer.address}, and that this is the router that you meant`,
    [open.badBgpIdentifier]: ({ local }) =>
      `the router has our own BGP Identifier: give each its own, here local.id ${local.id}`,
    [open.unacceptableHoldTime]: () =>
      "check the router's hold time for us: it must be at least 3 s, or 0 with allowZeroHoldTime",
    [open.unsupportedCapability]: () =>
      'check the families that the router has for us, and the capabilities that we require',
  },
}

/** A Hard Reset counts as the NOTIFICATION inside it. */
function adviceFor(notification: Notification | undefined, table: NotificationAdvice): Advice | undefined {
  if (notification === undefined) return undefined
  const { code, subcode } = withoutHardReset(notification)
  return table[code]?.[subcode]
}

/** No answer at all: the system drops segments without the right MD5 signature, and packets with a TTL that is too low. */
function silentDrop(config: SessionConfig): string {
  const { tcpMd5Key, ttlSecurity, multihop } = config
  const suspects = ['the route to the peer', 'access lists']
  if (multihop !== undefined) suspects.push(`that the router is within ${hops(multihop)} (multihop)`)
  if (tcpMd5Key !== undefined) suspects.push('that the router has the same TCP MD5 key for our address')
  if (tcpMd5Key === undefined && ttlSecurity === undefined)
    suspects.push('whether it wants a TCP MD5 key or TTL security')
  else if (tcpMd5Key === undefined) suspects.push('whether it wants a TCP MD5 key', distanceAdvice(config))
  else suspects.push(distanceAdvice(config))
  return `check ${new Intl.ListFormat('en').format(suspects)}`
}
function distanceAdvice({ ttlSecurity }: SessionConfig): string {
  return ttlSecurity !== undefined
    ? `that the router has TTL security and is within ${hops(ttlSecurity)}`
    : 'whether the router wants TTL security'
}
function hops(count: number): string {
  return count === 1 ? '1 hop' : `${count} hops`
}
