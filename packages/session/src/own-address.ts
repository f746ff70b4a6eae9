/**
 * Whether an address is on this host: for a session whose node has got another one, say of DHCP, and that would hear of
 * it only when its hold time is over. Not os.networkInterfaces(), which hides an interface without carrier.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { type Address, parseAddress } from '@softspoken/wire'
import type { Presence } from './fsm.ts'
import { findKernel } from './kernel.ts'
import { ipv4Addresses } from './rtnetlink.ts'
import { split, unmapIpv4 } from './socket-address.ts'

const LONGEST_TABLE = 256 * 1024 // octets: /proc/net/fib_trie has all routes in it, a million of them on some hosts

/** A short look that never throws and never waits. `address` as a socket has it. */
export function lookFor(address: Address): Presence {
  try {
    const { address: bare, zone } = split(address)
    const octets = unmapIpv4(parseAddress(bare, 'address'))
    return octets.length === 16 ? lookForIpv6(octets, zone) : lookForIpv4(octets.join('.'))
  } catch {
    return 'unknown'
  }
}

function lookForIpv4(address: Address): Presence {
  const { kernel } = findKernel()
  if (kernel) return ipv4Addresses(kernel).has(address) ? 'here' : 'gone'
  return inTable(readTable('/proc/net/fib_trie'), table => isLocalIn(table, address))
}

/** The text of /proc/net/fib_trie: an address, and below it what it is. */
export function isLocalIn(trie: string, address: Address): boolean {
  return new RegExp(`\\|-- ${address.replaceAll('.', '\\.')}\\n(?: +/\\d+ .*\\n)*? +/32 host LOCAL`).test(trie)
}

function lookForIpv6(octets: Uint8Array, zone: string | undefined): Presence {
  const digits = Buffer.from(octets).toString('hex')
  return inTable(readTable('/proc/net/if_inet6'), table => isIpv6In(table, digits, zone))
}

/** The text of /proc/net/if_inet6: address, index, length of the prefix, scope and flags in hex, name of the interface. */
export function isIpv6In(table: string, digits: string, zone: string | undefined): boolean {
  return table.split('\n').some(line => {
    const [address, , , , , name] = line.trim().split(/\s+/)
    return address === digits && (zone === undefined || name === zone)
  })
}

interface Table {
  readonly text: string
  readonly isWhole: boolean
}
function inTable({ text, isWhole }: Table, has: (text: string) => boolean): Presence {
  return has(text) ? 'here' : isWhole ? 'gone' : 'unknown'
}
/** Its beginning, if it is long. */
function readTable(file: string): Table {
  const fd = openSync(file, 'r')
  try {
    const octets = Buffer.alloc(LONGEST_TABLE)
    let length = 0
    let read = -1
    while (read !== 0 && length < octets.length) {
      read = readSync(fd, octets, length, octets.length - length, null)
      length += read
    }
    return { text: octets.toString('latin1', 0, length), isWhole: read === 0 }
  } finally {
    closeSync(fd)
  }
}
