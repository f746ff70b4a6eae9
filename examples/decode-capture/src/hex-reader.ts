/** Messages written as hex: digits in pairs, optionally with white space, colons, and `#` comments to the end of a line. */

import { Direction } from './direction.ts'
import { type Entry, InputError } from './entry.ts'
import { Negotiation } from './negotiation.ts'

/** The messages of one side. Takes the text in chunks of any size, and then its end. */
export class HexReader {
  readonly #direction: Direction
  #line = 1
  #column = 1
  #isComment = false
  #digits = 0
  /** The first digit of a pair. */
  #high = 0

  constructor(fourOctetAs: boolean) {
    this.#direction = new Direction(new Negotiation({ fourOctetAs }), 0)
  }

  /** @throws InputError with the line and column of a character that is not hex. The messages before it come first. */
  *push(text: string): Generator<Entry> {
    const octets = new Uint8Array(Math.ceil(text.length / 2) + 1)
    let count = 0
    let wrong: InputError | undefined
    for (let at = 0; at < text.length && wrong === undefined; at++) {
      const character = text[at]!
      if (character === '\n') {
        this.#line++
        this.#column = 1
        this.#isComment = false
        continue
      }
      if (character === '#') this.#isComment = true
      const digit = this.#isComment ? -1 : Number.parseInt(character, 16)
      if (digit >= 0) {
        if (this.#digits++ % 2 === 0) this.#high = digit
        else octets[count++] = this.#high * 16 + digit
      } else if (!this.#isComment && !/[\s:]/.test(character))
        wrong = new InputError(`line ${this.#line}, column ${this.#column}: ${quoted(character)} is not a hex digit`)
      this.#column++
    }
    yield* this.#read(octets.subarray(0, count))
    if (wrong) throw wrong
  }

  /** @throws InputError if the number of digits is odd. */
  *end(): Generator<Entry> {
    const { offset, held } = this.#direction.position
    if (held > 0) yield { offset, of: 'input', remark: `the input ends ${held} octets into a message` }
    if (this.#digits % 2 !== 0) throw new InputError(`${this.#digits} hex digits are not a whole number of octets`)
  }

  *#read(octets: Uint8Array): Generator<Entry> {
    for (const found of this.#direction.push(octets)) yield { ...found, of: 'input' }
  }
}

/** The character in quotes, or its code point if a terminal may not show it. */
function quoted(character: string): string {
  return /[\p{C}\p{Z}]/u.test(character)
    ? `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`
    : `'${character}'`
}
