/** What an interface is to the hosts of its segment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'

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

/**
 * Whether an interface is a bond that balances what it receives (balance-alb), or lies on one, as a VLAN does. Such a bond replaces
 * the MAC address in each IPv4 answer by that of one of its ports (bonding.rst of Linux), so neighbors disagree on it.
 */
export function isReceiveBalanced(interfaceName: string, folder = '/sys/class/net'): boolean {
  try {
    if (readFileSync(`${folder}/${interfaceName}/bonding/mode`, 'latin1').startsWith('balance-alb ')) return true
  } catch {
    // It is no bond.
  }
  try {
    const lower = readdirSync(`${folder}/${interfaceName}`).filter(file => file.startsWith('lower_'))
    return lower.some(file => isReceiveBalanced(file.replace('lower_', ''), folder))
  } catch {
    return false // there is no such interface, or no sysfs
  }
}
