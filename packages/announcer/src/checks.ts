/** Checks of a caller's options. Each throws an OptionError, before anything is sent or changed. */
import { OptionError } from '@softspoken/wire'
import { unknownOption } from '@softspoken/wire/internal'

/** @throws OptionError unless it is a number from `min` to `max`. */
export function assertRange(value: number, min: number, max: number, option: string, unit = ''): number {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new OptionError(option, value, `from ${min} to ${max}${unit}`)
  return value
}

/** @throws OptionError unless it is a whole number from `min` to `max`. */
export function assertInteger(value: number, min: number, max: number, option: string): number {
  assertRange(value, min, max, option)
  if (!Number.isInteger(value)) throw new OptionError(option, value, `a whole number from ${min} to ${max}`)
  return value
}

/** @throws OptionError unless it is a string; `example` shows one. */
export function assertString(value: string, option: string, example: string): string {
  if (typeof value !== 'string') throw new OptionError(option, value, `a string such as '${example}'`)
  return value
}

/** @throws OptionError unless it is an object whose names are all among `names`; `within` is its own path, '' at the top. */
export function rejectUnknown(given: object, names: readonly string[], within: string): void {
  assertObject(given, within || 'options', `an object with ${names.join(', ')}`)
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw unknownOption(within === '' ? name : `${within}.${name}`, names)
}

/** @throws OptionError unless it is an object and no list. */
export function assertObject(value: unknown, option: string, allowed: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new OptionError(option, value, allowed)
}
