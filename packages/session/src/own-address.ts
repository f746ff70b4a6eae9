/**
 * Whether the session's own address is still on this host. A node may get another one, for example from DHCP, and the
 * session would notice it only when the hold time is over.
 */
import { hasAddress } from '@softspoken/linux'
import { type Address, parseAddress } from '@softspoken/wire'
import type { Presence } from './fsm.ts'
import { splitZone, unmapIpv4 } from './socket-address.ts'

/** Does not block for long and never throws. `address` as a socket has it. */
export function lookFor(address: Address): Presence {
  try {
    const { address: bare, zone } = splitZone(address)
    const isHere = hasAddress(unmapIpv4(parseAddress(bare, 'address')), zone)
    return isHere === undefined ? 'unknown' : isHere ? 'here' : 'gone'
  } catch {
    return 'unknown'
  }
}
