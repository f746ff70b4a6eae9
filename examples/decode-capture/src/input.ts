/** Octets that arrive in chunks and are read as records. It keeps at most one chunk more than the requested record. */
export class Input {
  #chunks: Uint8Array[] = []
  /** Where the first chunk has been read to. */
  #at = 0
  #held = 0
  #offset = 0
  /** Octets to skip that have not arrived yet. */
  #owed = 0

  /** Octets that were skipped: the offset of the next one. */
  get offset(): number {
    return this.#offset
  }
  /** Octets that have arrived and were not skipped. */
  get held(): number {
    return this.#held
  }
  /** Octets that were skipped and have not arrived yet. */
  get owed(): number {
    return this.#owed
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#held += chunk.length
    const owed = Math.min(this.#owed, this.#held)
    this.#owed -= owed
    this.#drop(owed)
  }

  /** The next `octets` octets, which stay; undefined until all of them have arrived. */
  peek(octets: number): Uint8Array | undefined {
    if (this.#held < octets || this.#owed > 0) return undefined
    const first = this.#chunks[0] ?? new Uint8Array()
    if (first.length - this.#at >= octets) return first.subarray(this.#at, this.#at + octets)
    const all = new Uint8Array(this.#held)
    let end = 0
    for (const [number, chunk] of this.#chunks.entries()) {
      const part = number === 0 ? chunk.subarray(this.#at) : chunk
      all.set(part, end)
      end += part.length
    }
    this.#chunks = [all]
    this.#at = 0
    return all.subarray(0, octets)
  }

  /** Skips octets. Those that have not arrived yet are dropped when they do. */
  skip(octets: number): void {
    const here = Math.min(octets, this.#held)
    this.#owed += octets - here
    this.#offset += octets
    this.#drop(here)
  }

  #drop(octets: number): void {
    this.#held -= octets
    this.#at += octets
    let first = this.#chunks[0]
    while (first !== undefined && this.#at >= first.length) {
      this.#at -= first.length
      this.#chunks.shift()
      first = this.#chunks[0]
    }
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
