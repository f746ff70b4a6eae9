/** Checks of the options of this package. Each throws an OptionError that names the option, before anything starts. */
import { OptionError } from '@softspoken/wire'
import { unknownOption } from '@softspoken/wire/internal'

/** Throws unless `value` is an object and all its names are among `names`. */
export function rejectUnknown(option: string, value: object, names: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new OptionError(option, value, `an object with ${names.join(', ')}`)
  for (const name of Object.keys(value)) if (!names.includes(name)) throw unknownOption(name, names)
}

/** Throws unless `value` is a number of seconds from `min` to `max`. */
export function assertSeconds(option: string, value: number, min: number, max: number): void {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new OptionError(option, value, `from ${min} to ${max} seconds`)
}

/** Throws unless `value` is a string that is not empty. */
export function assertText(option: string, value: string): void {
  if (typeof value !== 'string' || value === '') throw new OptionError(option, value, 'a string that is not empty')
}

/** Throws unless each of `names` is a method of `value`. */
export function assertMethods<T extends object>(option: string, value: T, names: readonly (keyof T & string)[]): void {
  for (const name of names)
    if (typeof value?.[name] !== 'function') throw new OptionError(`${option}.${name}`, value?.[name], 'a function')
}
