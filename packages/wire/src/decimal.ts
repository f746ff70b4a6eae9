/**
 * Numbers of sixteen bits in text, put together from three digits and three: making them one by one took longer than all
 * else in a table transfer, and a table of all of them is too large for a processor's cache.
 */
const plain = new Array<string>(1000)
const padded = new Array<string>(1000)
const colon = new Array<string>(1000)

export function decimal(value: number): string {
  return value < 1000 ? start(value) : start((value / 1000) | 0) + rest(value)
}

/** The same with a colon before it: each piece more that is put together costs as much as making it. */
export function afterColon(value: number): string {
  return value < 1000 ? startAfterColon(value) : startAfterColon((value / 1000) | 0) + rest(value)
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
