/** What an interface is to the hosts of its segment. */
import { existsSync, readFileSync } from 'node:fs'

/**
 * Whether the kernel answers as a router on an interface, which is the Router flag of its neighbor advertisements
 * (RFC 4861 §4.4): net.ipv6.conf.<interface>.forwarding.
 * @returns false if there is no such interface, or if it has no IPv6.
 */
export function isRouter(interfaceName: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${interfaceName}/forwarding`, 'latin1').trim() !== '0'
  } catch {
    return false
  }
}

/** Whether an interface is Wi-Fi, where an access point may hold back ARP broadcasts. */
export function isWireless(interfaceName: string, folder = '/sys/class/net'): boolean {
  return existsSync(`${folder}/${interfaceName}/wireless`)
}
