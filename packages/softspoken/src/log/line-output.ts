/**
 * Writes lines to a log that may be full, slow, stopped or gone. write() never waits and never throws, so that BGP does not
 * depend on the log. A line that cannot be written is dropped and counted, and a notice with the number of dropped lines
 * comes before the next line that can be written.
 */
const MAX_WAITING = 256 * 1024 // octets
const BATCH = 16 * 1024 // most octets of one write
const RETRY_MS = 250
const STUCK_MS = 1000 // a write that takes longer may never return

/** Writes some of the octets and calls back, now or later, with an error or with how many it has written. */
export type Write = (octets: Uint8Array, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void

interface Waiting {
  readonly octets: Uint8Array
  /** How many dropped lines this line reports; 0 for a line of the log. */
  readonly missing: number
}

export class LineOutput {
  readonly #write: Write
  readonly #notice: (lines: number, detail: string) => void
  #waiting: Waiting[] = []
  #octets = 0
  /** The octets that are being written. */
  #batch: Waiting | undefined
  /** When the current write began, until it calls back. */
  #since: number | undefined
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  /** Dropped lines that no notice has reported. */
  #missing = 0
  #detail = ''
  /** How many dropped lines the notice in the current write reports. */
  #noticing = 0
  /** The last write ended inside a line, so the next one begins with a line feed. */
  #cut = false

  /** `notice` must call write() with one line that reports the dropped lines. */
  constructor(write: Write, notice: (lines: number, detail: string) => void) {
    this.#write = write
    this.#notice = notice
  }

  /** Number of lines that were dropped. */
  get dropped(): number {
    return this.#dropped
  }
  /** True if a write has not returned for a second, for example because the disk hangs. */
  get stuck(): boolean {
    return this.#since !== undefined && performance.now() - this.#since > STUCK_MS
  }

  /** `line` ends with a line feed. */
  write(line: string): void {
    if (this.#missing > 0 && !this.#pending) this.#notify()
    const octets = Buffer.from(line)
    // The waiting lines are written first, then the notice, then new lines, so that the notice is at the only gap of the log.
    if (this.#missing > 0 || this.#octets + octets.length > MAX_WAITING) {
      this.#drop(1, 'they were not read in time')
      return
    }
    this.#waiting.push({ octets, missing: this.#noticing })
    this.#octets += octets.length
    this.#next()
  }

  /** Resolves when every line is written, or after a second. */
  async settle(): Promise<void> {
    const until = performance.now() + STUCK_MS
    while (this.#pending && performance.now() <= until) await new Promise(done => setTimeout(done, 10))
  }

  /** Writes what can be written without waiting, because the process ends. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#since === undefined) this.#next()
    else if (!this.stuck) this.#write(Buffer.concat(this.#waiting.splice(0).map(({ octets }) => octets)), () => {})
  }

  get #pending(): boolean {
    return this.#batch !== undefined || this.#waiting.length > 0
  }

  #next(): void {
    while (this.#timer === undefined && this.#since === undefined) {
      if (this.#missing > 0 && !this.#pending) {
        this.#notify()
        continue // it may have begun a write
      }
      this.#batch ??= this.#take()
      if (this.#batch === undefined) return
      this.#since = performance.now()
      let atOnce = true
      this.#write(this.#batch.octets, (error, written) => {
        this.#since = undefined
        this.#wrote(this.#batch!, error, written) // there is one until this is called
        if (!atOnce) this.#next()
      })
      atOnce = false
    }
  }
  #take(): Waiting | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const lines: Uint8Array[] = []
    let size = 0
    for (const { octets } of this.#waiting) {
      // A notice has a write of its own; it comes only when nothing waits.
      if (lines.length > 0 && (first.missing > 0 || size + octets.length > BATCH)) break
      lines.push(octets)
      size += octets.length
    }
    this.#waiting.splice(0, lines.length)
    this.#octets -= size
    if (this.#cut) lines.unshift(lineFeed)
    return { octets: Buffer.concat(lines), missing: first.missing }
  }

  #wrote({ octets, missing }: Waiting, error: NodeJS.ErrnoException | null, written: number): void {
    if (error && error.code !== 'EAGAIN') this.#fail(error)
    else if (error || written === 0) this.#later()
    else {
      this.#cut = octets[written - 1] !== lineFeed[0]
      this.#batch = written === octets.length ? undefined : { octets: octets.subarray(written), missing }
    }
  }
  /** Drops all lines that wait: later they would be too old. */
  #fail(error: Error): void {
    const lost = this.#batch ? [this.#batch, ...this.#waiting] : this.#waiting
    this.#batch = undefined
    this.#waiting = []
    this.#octets = 0
    for (const { octets, missing } of lost) {
      this.#missing += missing
      if (missing === 0) this.#drop(linesIn(octets), error.message)
    }
    this.#later()
  }
  #drop(lines: number, detail: string): void {
    this.#dropped += lines
    this.#missing += lines
    this.#detail = detail
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#next()
    }, RETRY_MS).unref()
  }
  #notify(): void {
    this.#noticing = this.#missing
    this.#missing = 0
    this.#notice(this.#noticing, this.#detail)
    this.#noticing = 0
  }
}

const lineFeed = Buffer.from('\n')
/** A line is not lost if only its line feed is missing. */
function linesIn(octets: Uint8Array): number {
  return octets.filter((octet, at) => at > 0 && octet === lineFeed[0]).length
}
