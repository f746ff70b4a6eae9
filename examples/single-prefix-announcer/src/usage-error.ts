import { isIP } from 'node:net'

/** The person's mistake, in one sentence: restarting will not help. */
export class UsageError extends Error {}

/** What may be otherwise at the next start, such as a file that is not there yet, in one sentence. */
export class NotYetError extends Error {}

/** `--med: 'high' is not allowed, it must be a whole number`. What holds other values, and may hold a secret, is not shown. */
export function notAllowed(where: string, given: unknown, allowed: string): UsageError {
  return new UsageError(`${where}: ${shown(given)} is not allowed, it must be ${allowed}`)
}

/** The same for what may be a secret, or a part of one. */
export function secretNotAllowed(where: string, allowed: string): UsageError {
  return new UsageError(`${where}: what is given is not allowed, it must be ${allowed}`)
}

/** No setting that may be shown has a space in it, and a list of fields is one of kube-vip's, with a password. */
function shown(given: unknown): string {
  if (typeof given === 'string') return /\s/.test(given) || isFields(given) ? 'what is given' : `'${given}'`
  if (Array.isArray(given)) return 'a list'
  return typeof given === 'object' && given !== null ? 'a map' : String(given)
}

/** Such as `10.0.5.1:65000:password`. */
export function isFields(text: string): boolean {
  return text.split(':').length > 2 && isIP(text) === 0 && !text.includes('://') && !/^[\da-f:.]+\/\d*$/i.test(text)
}
