/** What to check, in one sentence a person can act on: the failure's first suspects. */
import { type Notification, notificationCode, withoutHardReset } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import type { Down } from './events.ts'
import { needsNoCapability } from './open-check.ts'
import { split } from './socket-address.ts'

export function hint({ detail, from, sent, received, cause }: Down, config: SessionConfig): string | undefined {
  const { local, peer, bindDevice } = config
  if (cause !== undefined) return ofCause[cause](config)
  const told = received && afterReceived[codes(withoutHardReset(received))]
  const said = sent && afterSent[codes(sent)]
  if (told ?? said) return (told ?? said)?.(config)
  if (sent?.code === notificationCode.holdTimer && from === 'OpenConfirm')
    return `check the path to the peer, and ${nearness(config)}`
  if (sent?.code === notificationCode.holdTimer && from === 'Established')
    return `check the path to the peer, whether the router or this process stands still, and ${nearness(config)}`
  if (sent?.code === notificationCode.header && from === 'OpenSent')
    return `what answers on ${peer.address} port ${peer.port} does not speak BGP: check the address and the port`
  if (received !== undefined || (sent !== undefined && sent.code !== notificationCode.holdTimer)) return undefined
  if (detail === notAcknowledged) return 'check the path to the peer, and whether its BGP process hangs'
  if (from === 'Established' && /is no longer on this host$/.test(detail))
    return 'check whether this host got another address, from DHCP or by hand, and whether the router expects that one'
  if (detail === noDescriptor) return 'raise the limit on open files of this process, or find what holds them'
  if (/^this host has no address/.test(detail)) {
    const version = peer.address.includes(':') ? 'IPv6' : 'IPv4'
    return `check that this host has ${version}, an address and a route of it, and local ports that are free`
  }
  if (from === 'Connect')
    return /refused/.test(detail)
      ? `nothing listens on ${peer.address} port ${peer.port}, or an access list rejects us`
      : /not on this host/.test(detail)
        ? `check ${/interface/.test(detail) ? (bindDevice === undefined ? 'peer.address' : 'bindDevice') : 'the local address'}`
        : silence(config)
  if (from === 'OpenSent')
    return `check the router's neighbor statement for our address, and its remote-as (we are AS ${local.as})${
      sent ? `, and ${nearness(config)}` : '' // it said nothing at all, or nothing that came through
    }`
  return undefined
}

const ofCause: Readonly<Record<NonNullable<Down['cause']>, Advice>> = {
  TLS: otherProtocol('TLS'),
  HTTP: otherProtocol('HTTP'),
  SSH: otherProtocol('SSH'),
  AS_TRANS: ({ peer }) =>
    `${peer.address} sends 23456 in place of its AS number: check that it offers four-octet AS numbers (capability 65)`,
  'no capabilities': () =>
    'the router takes no capabilities (RFC 5492), and we need none: the next OPEN goes without, once',
}
function otherProtocol(name: string): Advice {
  return ({ peer }) =>
    `what answers on ${peer.address} port ${peer.port} speaks ${name}, not BGP: check address and port`
}

/** What a person can do about a NOTIFICATION of the router's. Where nothing, or only waiting, helps there is no row. */
const afterReceived: Readonly<Record<string, Advice>> = {
  '2/0': () =>
    'the router refuses our OPEN and does not say why: check its log, the AS and BGP Identifier it expects, and leave out what it may not know with the option capabilities',
  '2/2': ({ local }) =>
    `the router expects another AS at our address than ${local.as}: check its remote-as and our local AS`,
  '2/3': ({ local }) => `check that no other speaker, the router included, has the BGP Identifier ${local.id}`,
  '2/4': config =>
    `the router does not take an optional parameter of our OPEN, and capabilities are the only ones: leave out what it does not know with the option capabilities${
      needsNoCapability(config) ? '' : ', and check the settings that need one'
    }`,
  '2/6': () => 'the router does not take our hold time: check holdTime, and what the router asks at least',
  '2/7': () => 'the router asks for a capability that we do not offer: check the families on both sides',
  '2/11': () => 'check the role that the router has for us (RFC 9234): we have none',
  '4/0': config =>
    `the router heard nothing of us in time: check the path, whether this process stands still, and ${nearness(config)}`,
  '6/0': () =>
    'the router ended the session and does not say why: check its log, and that it has a neighbor for our address',
  '6/1': () => 'the router takes fewer prefixes than we announced: check its limit for us',
  '6/2': () =>
    'an operator shut the session down on the router, or its BGP daemon was stopped, which says the same: check that the daemon runs, and that the session is enabled there',
  '6/3': () =>
    'an operator removed us from the router, or its BGP daemon was stopped, which says the same: check that the daemon runs, and that it has a neighbor for our address',
  '6/5': () => 'the router rejects the connection: check that it has a neighbor for our address',
  '6/7': () =>
    'the router keeps another connection with our address: an earlier one of ours, or another speaker on this host',
  '6/8': () => 'the router is short of memory or another resource: check what it holds',
  '6/10': () => "the router's BFD finds the path down, and we run none: check that it expects no BFD of us (RFC 9384)",
  '8/0': () => 'the router could send us nothing: check the path, and whether this process stands still',
}
/** The same for one that we had to send. */
const afterSent: Readonly<Record<string, Advice>> = {
  '2/2': ({ peer }) => `check the AS we expect of ${peer.address}, and that this is the router that was meant`,
  '2/3': ({ local }) => `the router has our own BGP Identifier: give each its own, here local.id ${local.id}`,
  '2/6': () => "check the router's hold time for us: it must be 3 s at least, and 0 only with allowZeroHoldTime",
  '2/7': () => 'check the families that the router has for us, and what else we require of it',
  '8/0': () => 'the peer keeps the connection and does not read it: check whether its BGP process hangs',
}
function codes({ code, subcode }: Notification): string {
  return `${code}/${subcode}`
}
type Advice = (config: SessionConfig) => string

/** All may be silence: the system drops what is not signed as it should be, and what has come too far. */
function silence(config: SessionConfig): string {
  const { tcpMd5Key, ttlSecurity, multihop } = config
  const suspects = ['the route to the peer', 'access lists']
  if (multihop !== undefined) suspects.push(`that the router is within ${hops(multihop)} (multihop)`)
  if (tcpMd5Key !== undefined) suspects.push('that the router has the same TCP MD5 key for our address')
  if (tcpMd5Key === undefined && ttlSecurity === undefined)
    suspects.push('whether it wants a TCP MD5 key or TTL security')
  else if (tcpMd5Key === undefined) suspects.push('whether it wants a TCP MD5 key', nearness(config))
  else suspects.push(nearness(config))
  return `check ${new Intl.ListFormat('en').format(suspects)}`
}
function nearness({ ttlSecurity }: SessionConfig): string {
  return ttlSecurity !== undefined
    ? `that the router has TTL security and is within ${hops(ttlSecurity)}`
    : 'whether the router wants TTL security'
}
function hops(count: number): string {
  return count === 1 ? '1 hop' : `${count} hops`
}

/** As Node has it: `syscall` is what failed. */
type SocketError = Error & { readonly code?: string; readonly syscall?: string }

/** The words for what the operating system says of a connection. */
export function socketError(error: SocketError, { local, peer, bindDevice }: SessionConfig): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `connection refused by ${peer.address} port ${peer.port}`
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the peer reset the connection'
    case 'EMFILE':
    case 'ENFILE':
      return noDescriptor
    case 'ETIMEDOUT':
      // Of one that was up, TCP_USER_TIMEOUT: see socket-options.ts.
      return ['read', 'write'].includes(error.syscall ?? '')
        ? notAcknowledged
        : `no answer from ${peer.address} port ${peer.port}`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route to ${peer.address}`
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
      return local.address === undefined || error.code === 'EAFNOSUPPORT'
        ? `this host has no address for a connection to ${peer.address}`
        : `the local address ${local.address} is not on this host`
    case 'ENODEV':
      return `the interface ${bindDevice ?? split(peer.address).zone ?? split(local.address ?? '').zone} is not on this host`
    default:
      return error.message
  }
}

const notAcknowledged = 'the peer acknowledged nothing of ours in time'
const noDescriptor = 'no file descriptor is left for a connection'
