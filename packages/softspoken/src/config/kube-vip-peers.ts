/**
 * kube-vip's `bgp_peers`, a list of routers, each with its fields by position:
 * `<address>:<AS>:<password>:<multihop>:<port>:<MP-BGP options>:<BFD options>`, with [] around an IPv6 address.
 * A comma or a colon in a password moves all later fields, so no field of a wrong entry is shown.
 */
import { isIP, isIPv6 } from 'node:net'
import { notAllowed, secretNotAllowed, UsageError } from './usage-error.ts'

export interface KubeVipPeer {
  address: string
  as: number
  tcpMd5Key?: string
  multihop?: number
  port?: number
}

export const MULTIHOP = 255 // hops: kube-vip's "true" sets no limit
const FIELDS = '<address>:<AS>:<password>:<multihop>:<port>'
const LAST_AS = 0xffffffff
const UNNUMBERED = 'unnumbered peers are not supported; give an address'

/** `name`: of the list, as the user gave it. @throws UsageError with the router's number and what is wrong. */
export function readPeers(name: string, text: string, warnings: string[]): readonly KubeVipPeer[] {
  const peers = text.split(',').filter(part => part.trim() !== '')
  if (peers.length === 0) throw new UsageError(`${name}: there is no router in it, each must be ${FIELDS}`)
  return peers.map((peer, at) => readPeer(name, peer.trimStart(), at + 1, warnings))
}

function readPeer(name: string, text: string, number: number, warnings: string[]): KubeVipPeer {
  const place = `${name}, number ${number}`
  if (text.startsWith('unnumbered:')) throw new UsageError(`${place}: ${UNNUMBERED}`)
  const [address, rest] = addressAndRest(text, place)
  const where = `${name}, router ${address}`
  const [as = '', password = '', hops = '', port = '', families = '', bfd = '', ...more] = rest.split(':')
  if (more.length > 0)
    throw new UsageError(
      `${where}: there are more than 7 fields; for a password with a colon use a file, with --config`,
    )
  if (!inRange(as, 1, LAST_AS)) throw secretNotAllowed(`${where}, the second field`, 'the AS number of the router')
  const multihop = isOn(hops) && isTrue(`${where}, the fourth field, multihop`, hops)
  if (port !== '' && !inRange(port, 1, 65_535))
    throw secretNotAllowed(`${where}, the fifth field`, 'a port from 1 to 65535')
  if (families !== '') throw new UsageError(`${where}: MP-BGP options are not supported; give SOFTSPOKEN_NEXT_HOP`)
  if (isOn(bfd.split(';')[0])) throw new UsageError(`${where}: BFD is not supported`)
  if (/^(\d+|true|false)$/.test(password))
    warnings.push(
      `${where}: the third field is the password for TCP MD5, and it is a number, true or false here; the fields are ${FIELDS}`,
    )
  if (port !== '' && port !== '179')
    warnings.push(`${where}: port ${port} is dialled, although kube-vip always dials 179`)
  return {
    address,
    as: Number(as),
    ...(password && { tcpMd5Key: password }),
    ...(multihop && { multihop: MULTIHOP }),
    ...(port && { port: Number(port) }),
  }
}

function addressAndRest(text: string, where: string): readonly [string, string] {
  if (text.startsWith('[')) {
    const [, address = '', rest] = /^\[([^\]]*)\]:(.*)$/s.exec(text) ?? []
    if (rest === undefined) throw new UsageError(`${where}: it must be [<IPv6 address>]:<AS> and so on`)
    if (isIP(address) === 0) throw secretNotAllowed(`${where}, between the brackets`, 'an address')
    return [address, rest]
  }
  const colons = [...text.matchAll(/:/g)].map(({ index }) => index)
  if ([...colons, text.length].some(end => isIPv6(text.slice(0, end))))
    throw new UsageError(`${where}: an IPv6 address must be in brackets, as [2001:db8::1]:65000`)
  const [address = ''] = text.split(':', 1)
  if (isIP(address) === 0)
    throw secretNotAllowed(
      `${where}, the first field`,
      'an address, because names are not looked up; for a password with a comma use a file, with --config',
    )
  if (colons.length === 0) throw new UsageError(`${where}: the AS number is missing, it must be ${FIELDS}`)
  return [address, text.slice(address.length + 1)]
}

/** @throws UsageError if it is no address. It is not shown, because it may be an entry of bgp_peers with a password. */
export function addressOf(name: string, text: string): string {
  const address = text.replace(/^\[(.*)\]$/, '$1')
  if (text.startsWith('unnumbered:')) throw new UsageError(`${name}: ${UNNUMBERED}`)
  if (isIP(address) === 0) throw secretNotAllowed(name, 'an address, because names are not looked up')
  return address
}

/** Given, and not false. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && !no.test(value)
}
/** @throws UsageError if it is neither true nor false. */
export function isTrue(name: string, value = ''): boolean {
  if (yes.test(value)) return true
  if (no.test(value)) return false
  throw secretNotAllowed(name, 'true or false')
}
const yes = /^(1|t|true)$/i
const no = /^(0|f|false)$/i

/** @throws UsageError if it is no whole number. */
export function wholeNumber(name: string, value: string): number {
  if (!/^\d+$/.test(value)) throw notAllowed(name, value, 'a whole number')
  return Number(value)
}
function inRange(text: string, min: number, max: number): boolean {
  return /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max
}
