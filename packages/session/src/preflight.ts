/**
 * Before the first dial: does this host already have a connection to the peer, of another speaker? A router takes one
 * session per pair of addresses, so the two speakers would end each other's sessions for ever. Only Linux reports it.
 */
import { type Endpoint, establishedConnections } from '@softspoken/linux'
import { type Address, formatAddress } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import { lookFor } from './own-address.ts'
import { split, unmapIpv4 } from './socket-address.ts'

interface TextEndpoint {
  readonly address: Address
  readonly port: number
}
interface TextConnection {
  readonly local: TextEndpoint
  readonly remote: TextEndpoint
}

/** The established connection to the peer, from the same source as far as that is known. */
export function conflictingConnection(
  { local, peer }: SessionConfig,
  connections: readonly TextConnection[],
  isOn: typeof isOnInterface = isOnInterface,
): TextConnection | undefined {
  const [source, router] = [local.address, peer.address].map(withoutZone)
  const { zone } = split(peer.address)
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
export function establishedTcp(): readonly TextConnection[] {
  return establishedConnections().map(({ local, remote }) => ({ local: asText(local), remote: asText(remote) }))
}
function asText({ address, port }: Endpoint): TextEndpoint {
  return { address: formatAddress(unmapIpv4(address)), port }
}

/** The tables of Linux list a link-local address without its interface. */
function withoutZone(address: Address | undefined): Address | undefined {
  return address === undefined ? undefined : split(address).address
}
