/** Where to look if a VIP does not answer. */
import { isIP } from 'node:net'
import type { ConnectReason } from './connect.ts'

/** One sentence each, the most likely place first if the router has a session with the nodes. */
export function hintsFor(reason: ConnectReason, vip: string, port: number): readonly string[] {
  const onNode = `on each node: ip addr show to ${vip}, and softspoken status`
  switch (reason) {
    case 'connected':
    case 'failed':
      return []
    case 'no-route':
      return [`this host itself has no route to ${vip}`]
    case 'not-found':
      return [`this host finds no address for ${vip}; give the VIP itself`]
    case 'refused':
      return [
        `a host has the VIP, and nothing listens on port ${port} of the VIP there, or a firewall rejects the connection; ${onNode}`,
      ]
    default:
      return [
        ...(reason === 'timeout' && isIP(vip) === 0
          ? [`this host may find no address for ${vip}: give the VIP itself`]
          : []),
        `${onNode}; one node must have the VIP`,
        `on the router: does it have a route to ${vip}? That the session is Established does not say so. Without an import policy a router takes nothing from another AS (RFC 8212; FRR shows it as (Policy))`,
        'on the router: is the next hop of the route an address of a node of yours, which the router reaches? If not, another host announces the VIP',
        'on the node: ip route get, with the address of this host: do replies leave for the router? softspoken check tells whether rp_filter drops the requests',
        'on the way, and back: a filter, or a firewall',
        ...(isIP(vip) === 0 ? [] : [`if the VIP lies in the subnet of this host: softspoken check --arp ${vip}`]),
      ]
  }
}
