/**
 * Whole numbers up to 2^53 in text, put together from three digits and three: making them one by one took longer than all
 * else in a table transfer, and a table of the 65536 that communities need is too large for a processor's cache.
 */
const plain = new Array<string>(1000)
const padded = new Array<string>(1000)
const colon = new Array<string>(1000)

export function decimal(value: number): string {
  if (value < 1000) return start(value)
  return (value < 1e6 ? start((value / 1000) | 0) : decimal(Math.floor(value / 1000))) + rest(value)
}

/** The same with a colon before it: each piece more that is put together costs as much as making it. */
export function afterColon(value: number): string {
  if (value < 1000) return startAfterColon(value)
  return (value < 1e6 ? startAfterColon((value / 1000) | 0) : afterColon(Math.floor(value / 1000))) + rest(value)
}

function start(value: number): string {
  return (plain[value] ??= String(value))
}
function startAfterColon(value: number): string {
  return (colon[value] ??= `:${value}`)
}
function rest(value: number): string {
  const digits = value % 1000
  return (padded[digits] ??= String(digits).padStart(3, '0'))
}
