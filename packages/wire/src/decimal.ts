/**
 * Whole numbers up to 2^53 in text, put together from three digits and three: making them one by one took longer than all
 * else in a table transfer, and a table of the 65536 that communities need is too large for a processor's cache.
 */
export const decimal = numbers('')
/** With a colon before it, or a dot: each piece more that is put together costs as much as making it. */
export const afterColon = numbers(':')
export const afterDot = numbers('.')

function numbers(before: string): (value: number) => string {
  const starts = new Array<string>(1000)
  function start(value: number): string {
    return (starts[value] ??= before + value)
  }
  return function text(value): string {
    if (value < 1000) return start(value)
    return (value < 1e6 ? start((value / 1000) | 0) : text(Math.floor(value / 1000))) + rest(value)
  }
}

const padded = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'))
function rest(value: number): string {
  return padded[value % 1000]!
}
