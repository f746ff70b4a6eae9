/** Messages written as hex: digits in pairs, with or without white space, colons, and `#` comments that end a line. */
import { Agreement } from './agreement.ts'
import { Direction } from './direction.ts'
import { type Entry, InputError } from './entry.ts'

/**
 * One side's messages, one after the other.
 * @throws InputError naming the place of what is no hex.
 */
export function* readHex(text: string, fourOctetAs: boolean): Generator<Entry> {
  const direction = new Direction(new Agreement({ fourOctetAs }), 0)
  for (const found of direction.push(parse(text))) yield { ...found, of: 'input' }
  const { offset, held } = direction.position
  if (held > 0) yield { offset, of: 'input', remark: `the input ends ${held} octets into a message` }
}

function parse(text: string): Uint8Array {
  const lines = text.split('\n').map(line => line.replace(/#.*/, ''))
  for (const [number, line] of lines.entries()) {
    const column = line.search(/[^\s:\da-f]/i)
    if (column >= 0) throw new InputError(`line ${number + 1}, column ${column + 1}: '${line[column]}' is no hex digit`)
  }
  const digits = lines.join('').replaceAll(/[\s:]/g, '')
  if (digits.length % 2 !== 0) throw new InputError(`${digits.length} hex digits are no whole number of octets`)
  return Uint8Array.from(Buffer.from(digits, 'hex'))
}
