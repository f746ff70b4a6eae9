import { shown } from '@softspoken/session'

/** @throws RangeError naming the option, the value and what is allowed. */
export function between(value: number, min: number, max: number, name: string): number {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name}: ${refused(value)}, it must be from ${min} to ${max}`)
  return value
}

/** @throws RangeError as between() does. */
export function wholeBetween(value: number, min: number, max: number, name: string): number {
  between(value, min, max, name)
  if (!Number.isInteger(value)) throw new RangeError(`${name}: ${value} is not allowed, it must be a whole number`)
  return value
}

/** @throws TypeError for what is no string; `example` says what one looks like. */
export function text(value: string, name: string, example: string): string {
  if (typeof value !== 'string')
    throw new TypeError(`${name}: ${shown(value)} is not allowed, it must be a string such as '${example}'`)
  return value
}

/** An unknown name is an option that silently does nothing: refused. */
export function only(given: object, names: readonly string[], where: string): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new TypeError(`${where}: ${shown(given)} is not allowed, it must be an object with ${names.join(', ')}`)
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new TypeError(`${where}.${name}: no such option, there are ${names.join(', ')}`)
}

/** As from process.env: the digits are right, the type is not. */
function refused(value: unknown): string {
  return `${shown(value)} is not allowed${typeof value === 'string' ? ' as a string' : ''}`
}
