/**
 * Before the first dial: does this host already hold a connection to the router, as another speaker's? A router takes one
 * session per pair of addresses, so the two would throw each other out for ever. Linux tells; elsewhere nothing is said.
 */
import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { type Address, formatAddress } from '@softspoken/wire'
import type { Config } from './config.ts'
import { lookFor } from './own-address.ts'
import { split, unmapIpv4 } from './socket-address.ts'

interface Endpoint {
  readonly address: Address
  readonly port: number
}
/** One that stands; connections that come or go are left out. */
interface Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
}

/** The connection to the peer that is there already, from the same source as far as that is known. */
export function rival(
  { local, peer }: Config,
  connections: readonly Connection[],
  isOn: typeof isOnInterface = isOnInterface,
): Connection | undefined {
  const [source, router] = [local.address, peer.address].map(withoutZone)
  const { zone } = split(peer.address)
  return connections.find(
    one =>
      one.remote.address === router &&
      (one.remote.port === peer.port || one.local.port === peer.port) && // it dialled, or the router did
      (source === undefined || one.local.address === source) &&
      (zone === undefined || isOn(one.local.address, zone)), // another router may have that address on another link
  )
}

function isOnInterface(address: Address, zone: string): boolean {
  return lookFor(`${address}%${zone}`) === 'here'
}

/** Of this host, or of this container where it has a network of its own. */
export function standing(): readonly Connection[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => {
    try {
      return readConnections(readFileSync(file, 'latin1'), endianness() === 'LE')
    } catch {
      return [] // no Linux, or no /proc here: then nobody can say
    }
  })
}

const ESTABLISHED = '01' // as /proc/net/tcp writes it

/** The text of /proc/net/tcp or tcp6, which writes addresses as words of 32 bits in the host's order. */
export function readConnections(table: string, littleEndian: boolean): Connection[] {
  return table.split('\n').flatMap(line => {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/)
    if (state !== ESTABLISHED) return []
    const [near, far] = [local, remote].map(text => readEndpoint(text, littleEndian))
    return near && far ? [{ local: near, remote: far }] : []
  })
}

function readEndpoint(text: string, littleEndian: boolean): Endpoint | undefined {
  const [, digits = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text) ?? []
  if (digits === '') return undefined
  const words = digits.match(/.{8}/g) ?? []
  const octets = words.flatMap(word => {
    const inOrder = [...Buffer.from(word, 'hex')]
    return littleEndian ? inOrder.reverse() : inOrder
  })
  return { address: formatAddress(unmapIpv4(Uint8Array.from(octets))), port: Number.parseInt(port, 16) }
}

/** As the tables write it: without the interface of a link-local address. */
function withoutZone(address: Address | undefined): Address | undefined {
  return address === undefined ? undefined : split(address).address
}
