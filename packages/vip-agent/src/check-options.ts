/** Checks an option that is an object of functions, before anything starts. */

/** @throws TypeError naming the first of its functions that is missing. */
export function checkFunctions<T extends object>(option: string, given: T, names: readonly (keyof T & string)[]): void {
  for (const name of names)
    if (typeof given?.[name] !== 'function')
      throw new TypeError(`${option}.${name} is not allowed, it must be a function`)
}
