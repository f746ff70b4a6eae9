const LONGEST = 80 // octets that Linux takes; RFC 2385 §4.5 asks for as many at least

/** A key for TCP MD5 (RFC 2385): a session needs its octets, and nothing that prints a configuration shows them. */
export class Md5Key {
  readonly #octets: Uint8Array

  /** @throws RangeError or TypeError, which do not show it either. */
  constructor(text: string) {
    if (typeof text !== 'string') throw new TypeError('tcpMd5Key: what was given is not allowed, it must be a string')
    this.#octets = new TextEncoder().encode(text)
    const { length } = this.#octets
    if (length < 1 || length > LONGEST)
      throw new RangeError(
        `tcpMd5Key: a key of ${length} octets is not allowed, it must be from 1 to ${LONGEST} in UTF-8`,
      )
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
