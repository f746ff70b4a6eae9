/** Checks what the caller runs a session on: log, clock, random, dial. */
import { kind } from './check-options.ts'
import type { SessionEnvironment } from './runtime.ts'

/** @throws TypeError naming what is of the wrong type, before anything starts. */
export function checkEnvironment({
  log,
  clock,
  random,
  dial,
}: Partial<Record<keyof SessionEnvironment, unknown>>): void {
  if (log !== undefined) methods(log, ['debug', 'info', 'warn', 'error'], 'log')
  if (clock !== undefined) methods(clock, ['now', 'setTimeout', 'clearTimeout'], 'clock')
  for (const [name, value] of Object.entries({ random, dial }))
    if (value !== undefined && typeof value !== 'function')
      throw new TypeError(`${name}: ${kind(value)} is not allowed, it must be a function`)
}

function methods(value: unknown, names: readonly string[], option: string): void {
  const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  if (value === null || (typeof value !== 'object' && typeof value !== 'function'))
    throw new TypeError(`${option}: ${kind(value)} is not allowed, it must be an object with the methods ${list}`)
  const missing = names.find(name => typeof method(value, name) !== 'function')
  if (missing !== undefined)
    throw new TypeError(`${option}.${missing}: a method is missing, ${option} must be an object with ${list}`)
}
/** A property that cannot be read is no method. */
function method(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}
