/**
 * Before the first dial: does this host already have a connection to the peer, of another speaker? A router takes one
 * session per pair of addresses, so the two speakers would end each other's sessions for ever. Only Linux reports it.
 */
import { type Endpoint, establishedConnections } from '@softspoken/linux'
import { type Address, formatAddress } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import { lookFor } from './own-address.ts'
import type { Logger } from './runtime.ts'
import { splitZone, unmapIpv4 } from './socket-address.ts'

interface TextEndpoint {
  readonly address: Address
  readonly port: number
}
interface TextConnection {
  readonly local: TextEndpoint
  readonly remote: TextEndpoint
}

/** Logs a warning if there is such a connection. */
export function warnOfConflict(config: SessionConfig, log: Logger): void {
  const other = conflictingConnection(config, establishedTcp())
  if (!other) return
  const [from, to] = [other.local, other.remote].map(({ address, port }) => `${address} port ${port}`)
  log.warn(
    {
      peer: config.peer.address,
      connection: `${from} to ${to}`,
      hint: 'look for another BGP speaker on this host, and give one of the two another local address',
    },
    'this host already has a connection to the peer, and a router accepts one session per address',
  )
}

/** The established connection to the peer, from the same source as far as that is known. */
export function conflictingConnection(
  { local, peer }: SessionConfig,
  connections: readonly TextConnection[],
  isOn: typeof isOnInterface = isOnInterface,
): TextConnection | undefined {
  const [source, router] = [local.address, peer.address].map(withoutZone)
  const { zone } = splitZone(peer.address)
  return connections.find(
    one =>
      one.remote.address === router &&
      (one.remote.port === peer.port || one.local.port === peer.port) && // either side may have dialled
      (source === undefined || one.local.address === source) &&
      (zone === undefined || isOn(one.local.address, zone)), // another router may have that address on another link
  )
}

function isOnInterface(address: Address, zone: string): boolean {
  return lookFor(`${address}%${zone}`) === 'here'
}

/** The established TCP connections of this host, with addresses as text. */
function establishedTcp(): readonly TextConnection[] {
  return establishedConnections().map(({ local, remote }) => ({ local: asText(local), remote: asText(remote) }))
}
function asText({ address, port }: Endpoint): TextEndpoint {
  return { address: formatAddress(unmapIpv4(address)), port }
}

/** The tables of Linux list a link-local address without its interface. */
function withoutZone(address: Address | undefined): Address | undefined {
  return address === undefined ? undefined : splitZone(address).address
}
