import { isIP } from 'node:net'

/** The user's mistake, in one sentence. The exit code is 2, because a restart will not help. */
export class UsageError extends Error {}

/** A condition that may be different at the next start, such as a missing file, in one sentence. The exit code is 1. */
export class RetryableError extends Error {}

/** `--med: 'high' is not allowed, it must be a whole number`. A value that may hold a secret is not shown, and neither is one that was not given. */
export function notAllowed(from: string, value: unknown, allowed: string): UsageError {
  const given = value === undefined ? '' : `${withoutSecret(value)} is not allowed, `
  return new UsageError(`${from}: ${given}it must be ${allowed}`)
}

/** The same for a value that is, or may be, a secret or a part of one. */
export function secretNotAllowed(from: string, allowed: string): UsageError {
  return new UsageError(`${from}: the given value is not allowed, it must be ${allowed}`)
}

/** Stricter than the library's errors: users put keys into wrong places of a file. */
function withoutSecret(value: unknown): string {
  if (typeof value === 'string') return mayHoldSecret(value) ? 'the given value' : `'${value}'`
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'a map' : String(value)
}

/**
 * True for a text with white space, and for one that may have a password after a separator: `10.0.5.1:65000:password`,
 * `65000:password`, `10.0.5.1,password`, `user:password@host`. False for an address, a prefix, and a text with at most five
 * digits after its only colon or comma.
 */
export function mayHoldSecret(text: string): boolean {
  // isIP() comes last: at the first text that is no IPv4 address, it compiles an expression for 3 ms.
  return /[\s;@]|:.*:|[:,](?!\d{0,5}$)/.test(text) && !/^[\da-f:.]+\/\d*$/i.test(text) && isIP(text) === 0
}
