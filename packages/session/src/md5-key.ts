import type { OptionError } from '@softspoken/wire'
import { hiddenValue } from '@softspoken/wire/internal'

const MAX_LENGTH = 80 // octets: the most that Linux accepts, and the least that RFC 2385 §4.5 requires

/** A key for TCP MD5 (RFC 2385): no text or log of a configuration shows its octets. */
export class Md5Key {
  readonly #octets: Uint8Array

  /** @throws OptionError, which does not show the key. */
  constructor(text: string) {
    if (typeof text !== 'string') throw rejected('a value that is not a string')
    this.#octets = new TextEncoder().encode(text)
    const { length } = this.#octets
    if (length < 1 || length > MAX_LENGTH) throw rejected(`a key of ${length} octets`)
  }

  /** A copy of the key itself, in UTF-8. */
  octets(): Uint8Array {
    return this.#octets.slice()
  }
  /** `(secret)`: a key is in no log. */
  toString(): string {
    return '(secret)'
  }
  /** As toString(). */
  toJSON(): string {
    return '(secret)'
  }
}

function rejected(what: string): OptionError {
  return hiddenValue('tcpMd5Key', what, `a string of 1 to ${MAX_LENGTH} octets in UTF-8`)
}
