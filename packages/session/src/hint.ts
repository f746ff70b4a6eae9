/** What to check, in one sentence a person can act on: the failure's first suspects. */
import { errorCode } from '@softspoken/wire'
import type { Config } from './config.ts'
import type { Down } from './fsm.ts'

export function hint({ why, from, sent, received }: Down, { local, peer }: Config): string | undefined {
  if (received?.code === errorCode.open && received.subcode === 2)
    return `the router expects another AS at our address than ${local.as}: check its remote-as and our local AS`
  if (sent?.code === errorCode.open && sent.subcode === 2)
    return `check the AS we expect of ${peer.address}, and that this is the router that was meant`
  if (received?.code === errorCode.cease && received.subcode === 5)
    return 'the router rejects the connection: check that it has a neighbor for our address'
  if (sent?.code === errorCode.holdTimer && from !== 'OpenSent')
    return 'check the path to the peer, and whether the router or this process stands still'
  if (received !== undefined || (sent !== undefined && sent.code !== errorCode.holdTimer)) return undefined
  if (from === 'Connect')
    return /refused/.test(why)
      ? `nothing listens on ${peer.address} port ${peer.port}, or an access list rejects us`
      : /not on this host/.test(why)
        ? 'check the local address'
        : 'check the route to the peer, access lists, and whether it wants a TCP MD5 key or TTL security'
  if (from === 'OpenSent')
    return `check the router's neighbor statement for our address, and its remote-as (we are AS ${local.as})`
  return undefined
}

/** The words for what the operating system says of a connection. */
export function socketError(error: Error & { readonly code?: string }, { local, peer }: Config): string {
  switch (error.code) {
    case 'ECONNREFUSED':
      return `connection refused by ${peer.address} port ${peer.port}`
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the peer reset the connection'
    case 'ETIMEDOUT':
      return `no answer from ${peer.address} port ${peer.port}`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `no route to ${peer.address}`
    case 'EADDRNOTAVAIL':
      return `the local address ${local.address} is not on this host`
    default:
      return error.message
  }
}
