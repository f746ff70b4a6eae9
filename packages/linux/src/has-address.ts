/** Whether an address is on this host. Not os.networkInterfaces(), which hides an interface without carrier. */
import { closeSync, openSync, readSync } from 'node:fs'
import { ipv4Addresses } from './ipv4-addresses.ts'
import { linuxSupport } from './libc.ts'

const MAX_TABLE = 256 * 1024 // octets: /proc/net/fib_trie lists all routes, a million of them on some hosts

/**
 * Whether an address is assigned to this host: rtnetlink(7), or /proc/net if koffi is missing. It does not block for long
 * and it never throws.
 * @param address 4 or 16 octets.
 * @param device Only an IPv6 address of this interface counts.
 * @returns undefined if the system does not answer.
 */
export function hasAddress(address: Uint8Array, device?: string): boolean | undefined {
  try {
    if (address.length === 4) return hasIpv4(address)
    if (address.length !== 16) return undefined
    const digits = Buffer.from(address).toString('hex')
    return searchTable('/proc/net/if_inet6', table => isInIfInet6(table, digits, device))
  } catch {
    return undefined
  }
}

function hasIpv4(address: Uint8Array): boolean | undefined {
  if (linuxSupport().supported) return ipv4Addresses().has(address.join('.'))
  return searchTable('/proc/net/fib_trie', table => isLocalInFibTrie(table, address.join('.')))
}

/** The text of /proc/net/fib_trie has an address in one line and what it is in the next lines. */
export function isLocalInFibTrie(trie: string, address: string): boolean {
  return new RegExp(`\\|-- ${address.replaceAll('.', '\\.')}\\n(?: +/\\d+ .*\\n)*? +/32 host LOCAL`).test(trie)
}

/** Each line of /proc/net/if_inet6: address in hex, index, prefix length, scope, flags, name of the interface. */
export function isInIfInet6(table: string, digits: string, device: string | undefined): boolean {
  return table.split('\n').some(line => {
    const [address, , , , , name] = line.trim().split(/\s+/)
    return address === digits && (device === undefined || name === device)
  })
}

function searchTable(file: string, search: (text: string) => boolean): boolean | undefined {
  const { text, isComplete } = readTable(file)
  if (search(text)) return true
  return isComplete ? false : undefined
}

/** The whole file, or its beginning if it is long. */
function readTable(file: string): { readonly text: string; readonly isComplete: boolean } {
  const fd = openSync(file, 'r')
  try {
    const octets = Buffer.alloc(MAX_TABLE)
    let length = 0
    let read: number
    do {
      read = readSync(fd, octets, length, octets.length - length, null)
      length += read
    } while (read !== 0 && length < octets.length)
    return { text: octets.toString('latin1', 0, length), isComplete: read === 0 }
  } finally {
    closeSync(fd)
  }
}
