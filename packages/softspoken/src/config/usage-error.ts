import { isIP } from 'node:net'

/** The person's mistake, in one sentence: restarting will not help. */
export class UsageError extends Error {}

/** What may be otherwise at the next start, such as a file that is not there yet, in one sentence. */
export class RetryableError extends Error {}

/** `--med: 'high' is not allowed, it must be a whole number`. What holds other values, and may hold a secret, is not shown. */
export function notAllowed(where: string, given: unknown, allowed: string): UsageError {
  return new UsageError(`${where}: ${shown(given)} is not allowed, it must be ${allowed}`)
}

/** The same for what may be a secret, or a part of one. */
export function secretNotAllowed(where: string, allowed: string): UsageError {
  return new UsageError(`${where}: what is given is not allowed, it must be ${allowed}`)
}

function shown(given: unknown): string {
  if (typeof given === 'string') return mayHoldSecret(given) ? 'what is given' : `'${given}'`
  if (Array.isArray(given)) return 'a list'
  return typeof given === 'object' && given !== null ? 'a map' : String(given)
}

/**
 * Several words, or parts of which one may be a password: `10.0.5.1:65000:password`, `65000:password`, `10.0.5.1,password`,
 * `user:password@host`. Of what may be shown, only an address has more than one colon; behind a single one, and behind a
 * comma, stands a small number.
 */
export function mayHoldSecret(text: string): boolean {
  if (isIP(text) !== 0 || /^[\da-f:.]+\/\d*$/i.test(text)) return false
  return /[\s;@]|:.*:|[:,](?!\d{0,5}$)/.test(text)
}
