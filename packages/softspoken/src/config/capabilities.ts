/** The capabilities of this process (capabilities(7)). */
import { readFileSync } from 'node:fs'

/** linux/capability.h */
const bits = { NET_ADMIN: 12n, NET_RAW: 13n } as const
type Capability = keyof typeof bits

/** The clause of an error; undefined if this process may add the address, and with ARP send frames. */
export function whatIsLacking(arp: boolean, has: (name: Capability) => boolean = hasCapability): string | undefined {
  const needed: readonly Capability[] = arp ? ['NET_ADMIN', 'NET_RAW'] : ['NET_ADMIN']
  const missing = needed.filter(name => !has(name))
  if (missing.length === 0) return undefined
  const names = `${missing.length > 1 ? 'capabilities' : 'capability'} ${missing.join(' and ')}`
  return `this process lacks the ${names} (in a Pod: runAsUser: 0, and capabilities with add: [${needed.join(', ')}])`
}

/** Also true if it cannot be seen: the first use then shows it. */
export function hasCapability(name: Capability): boolean {
  try {
    return hasCapabilityIn(readFileSync('/proc/self/status', 'utf8'), name)
  } catch {
    return true
  }
}

/** `status`: the text of /proc/<pid>/status. */
export function hasCapabilityIn(status: string, name: Capability): boolean {
  const [, mask] = /^CapEff:\s*([\da-f]+)/m.exec(status) ?? []
  return mask === undefined || ((BigInt(`0x${mask}`) >> bits[name]) & 1n) === 1n
}
