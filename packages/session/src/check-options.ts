/** Checks of a caller's values, of whatever type they are: each throws one sentence, and never anything else. */

/** @throws RangeError naming the option, the value and what is allowed. */
export function between(value: number, min: number, max: number, name: string, unit = ''): number {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name}: ${shown(value)} is not allowed, it must be from ${min} to ${max}${unit}`)
  return value
}
/** @throws RangeError for what is no whole number. */
export function whole(value: number, name: string): number {
  if (!Number.isInteger(value))
    throw new RangeError(`${name}: ${shown(value)} is not allowed, it must be a whole number`)
  return value
}
/** @throws TypeError for what is neither true nor false. */
export function trueOrFalse(value: boolean, name: string): void {
  if (typeof value !== 'boolean')
    throw new TypeError(`${name}: ${shown(value)} is not allowed, it must be true or false`)
}
/** @throws TypeError for what is no string; a list of one would read as its only member. */
export function text(value: string, name: string): void {
  if (typeof value !== 'string') throw new TypeError(`${name}: ${kind(value)} is not allowed, it must be a string`)
}

/** @throws TypeError for what is no string, RangeError for what can be no path; whether it is there is another matter. */
export function path(value: string, name: string): void {
  text(value, name)
  if (value === '' || value.includes('\0'))
    throw new RangeError(`${name}: '${value}' is not allowed, it must be a path`)
}

/** A value in a sentence; one whose text is the caller's code, or holds other values, by its kind. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : kind(value)
}
/** What it is, without the text that it may hold: that may be a secret, or throw. */
export function kind(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  if (value === null || ['undefined', 'boolean', 'number', 'bigint'].includes(typeof value)) return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
