/** A whole number from an option of a script. @throws RangeError naming the option, the value and what is allowed. */
export function whole(option: string, text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 0))
    throw new RangeError(`--${option}: ${text} is not allowed, it must be a whole number`)
  return value
}
