/** Checks of a caller's options, of any type. Each throws an OptionError that names the option, before anything starts. */
import { OptionError } from '@softspoken/wire'
import { unknownOption } from '@softspoken/wire/internal'
import type { SessionEnvironment } from './runtime.ts'

/** @throws OptionError unless it is a number from `min` to `max`. */
export function assertRange(value: number, min: number, max: number, option: string, unit = ''): number {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new OptionError(option, value, `from ${min} to ${max}${unit}`)
  return value
}

/** @throws OptionError unless it is a whole number from `min` to `max`. */
export function assertInteger(value: number, min: number, max: number, option: string, unit = ''): number {
  assertRange(value, min, max, option, unit)
  if (!Number.isInteger(value)) throw new OptionError(option, value, `a whole number from ${min} to ${max}${unit}`)
  return value
}

/** @throws OptionError unless it is true or false. */
export function assertBoolean(value: boolean, option: string): boolean {
  if (typeof value !== 'boolean') throw new OptionError(option, value, 'true or false')
  return value
}

/** A list of one string would read as its only member, so a type check is needed. @throws OptionError unless it is a string; `example` shows one. */
export function assertString(value: string, option: string, example?: string): string {
  if (typeof value !== 'string')
    throw new OptionError(option, value, example === undefined ? 'a string' : `a string such as '${example}'`)
  return value
}

/** Whether the path exists is checked when it is used. @throws OptionError unless it can be a path. */
export function assertPath(value: string, option: string): string {
  assertString(value, option)
  if (value === '' || value.includes('\0')) throw new OptionError(option, value, 'a path')
  return value
}

/** @throws OptionError unless it is an object, and no list, Set, Date or other built-in object. */
export function assertObject(value: unknown, option: string, allowed: string): void {
  if (typeof value !== 'object' || !plainKinds.includes(Object.prototype.toString.call(value)))
    throw new OptionError(option, value, allowed)
}
const plainKinds = ['[object Object]', '[object Module]']

/** @throws OptionError unless it is an object whose names are all among `names`; `within` is its own path, '' at the top. */
export function rejectUnknown(given: object, names: readonly string[], within: string): void {
  assertObject(given, within || 'options', `an object with ${names.join(', ')}`)
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw unknownOption(within === '' ? name : `${within}.${name}`, names)
}

/** @throws OptionError unless each of `names` is a method of `value`. */
export function assertMethods(value: unknown, names: readonly string[], option: string): void {
  const others = names.slice(0, -1)
  const list = others.length === 0 ? `method ${names[0]}` : `methods ${others.join(', ')} and ${names.at(-1)}`
  if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
    throw new OptionError(option, value, `an object with the ${list}`)
  for (const name of names)
    if (typeof readProperty(value, name) !== 'function')
      throw new OptionError(`${option}.${name}`, undefined, 'a method')
}
/** A property that throws when it is read is no method. */
function readProperty(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

/** The methods that each needs; the others are functions. */
const environment = {
  log: ['debug', 'info', 'warn', 'error'],
  clock: ['now', 'setTimeout', 'clearTimeout'],
  random: undefined,
  dial: undefined,
} as const satisfies Readonly<Record<keyof SessionEnvironment, readonly string[] | undefined>>

/** The names of what a session runs on. */
export const environmentNames: readonly string[] = Object.keys(environment)

/** @throws OptionError for a log, clock, random or dial of the wrong type. */
export function checkEnvironment(given: Partial<Record<keyof SessionEnvironment, unknown>>): void {
  for (const [name, methods] of Object.entries(environment)) {
    const value = given[name as keyof SessionEnvironment] // its own keys
    if (value === undefined) continue
    if (methods !== undefined) assertMethods(value, methods, name)
    else if (typeof value !== 'function') throw new OptionError(name, value, 'a function')
  }
}
