/** The same without the properties that are undefined, which exactOptionalPropertyTypes does not allow. */
export function omitUndefined<given extends object>(
  given: given,
): { [name in keyof given]?: Exclude<given[name], undefined> } {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  return Object.fromEntries(present) as { [name in keyof given]?: Exclude<given[name], undefined> }
}
