/** The person's mistake, in one sentence: restarting will not help. */
export class UsageError extends Error {}

/** What may be otherwise at the next start, such as a file that is not there yet, in one sentence. */
export class NotYetError extends Error {}

/** `--med: 'high' is not allowed, it must be a whole number` */
export function notAllowed(where: string, given: unknown, allowed: string): UsageError {
  const shown = typeof given === 'string' ? `'${given}'` : JSON.stringify(given)
  return new UsageError(`${where}: ${shown} is not allowed, it must be ${allowed}`)
}
