/** How many files and sockets this process may have open. */
import { readFileSync } from 'node:fs'

/** Undefined on a system without /proc. */
export function descriptorLimit(): number | undefined {
  try {
    return limitIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return undefined
  }
}

/** `text`: of /proc/self/limits. */
export function limitIn(text: string): number | undefined {
  const [, soft] = /^Max open files +(\S+)/m.exec(text) ?? []
  return soft === undefined ? undefined : soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}
