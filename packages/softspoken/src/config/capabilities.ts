/** The capabilities of this process (capabilities(7)). */
import { readFileSync } from 'node:fs'

/** linux/capability.h */
const bits = { NET_ADMIN: 12n, NET_RAW: 13n } as const
export type Capability = keyof typeof bits

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
