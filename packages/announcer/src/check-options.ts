/** @throws RangeError naming the option, the value and what is allowed. */
export function between(value: number, min: number, max: number, name: string): number {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name}: ${value} is not allowed, it must be from ${min} to ${max}`)
  return value
}

/** @throws RangeError as between() does. */
export function wholeBetween(value: number, min: number, max: number, name: string): number {
  between(value, min, max, name)
  if (!Number.isInteger(value)) throw new RangeError(`${name}: ${value} is not allowed, it must be a whole number`)
  return value
}

/** A name that nobody reads is an option that silently does nothing: refused. */
export function only(given: object, names: readonly string[], where: string): void {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(`${where}: ${given} is not allowed, it must be an object with ${names.join(', ')}`)
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new TypeError(`${where}.${name}: no such option, there are ${names.join(', ')}`)
}
