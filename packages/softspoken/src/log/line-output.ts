/**
 * Lines for a log that may be full, slow, stopped or gone. To write a line never waits and never throws: BGP goes on,
 * whatever becomes of the log. A line that cannot be written is dropped and counted, and a notice of how many are missing
 * comes before the next line that can be written.
 */
const MOST_WAITING = 256 * 1024 // octets
const BATCH = 16 * 1024 // octets that are written together, if so many wait
const TRY_AGAIN = 250 // milliseconds
const STUCK = 1000 // milliseconds; a write that takes longer may never return

/** Writes some of the octets, and calls back at once or later: with an error, or with how many it has written. */
export type Write = (octets: Uint8Array, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void

interface Waiting {
  readonly octets: Uint8Array
  /** How many missing lines this is the notice of; 0 for a line of the log. */
  readonly missing: number
}

export class LineOutput {
  readonly #write: Write
  readonly #notice: (lines: number, why: string) => void
  #waiting: Waiting[] = []
  #octets = 0
  /** What is to be written now. */
  #batch: Waiting | undefined
  /** Since when write() has not called back. */
  #since: number | undefined
  #timer: NodeJS.Timeout | undefined
  #dropped = 0
  /** Dropped, and no notice of it is on its way. */
  #missing = 0
  #why = ''
  /** What the notice that is being made is of. */
  #noticing = 0
  /** A line was cut off in the middle: the next one begins on a new line. */
  #cut = false

  /** `notice` is to write() one line, which says how many lines are missing, and why. */
  constructor(write: Write, notice: (lines: number, why: string) => void) {
    this.#write = write
    this.#notice = notice
  }

  /** Lines that were dropped so far. */
  get dropped(): number {
    return this.#dropped
  }
  /** A write has not returned for a second: a disk that hangs. */
  get stuck(): boolean {
    return this.#since !== undefined && performance.now() - this.#since > STUCK
  }

  /** `line` ends with a line feed. */
  write(line: string): void {
    if (this.#missing > 0 && !this.#pending) this.#tell()
    const octets = Buffer.from(line)
    // What waits goes first, then the notice, and then a new line: the log has one gap, and says where.
    if (this.#missing > 0 || this.#octets + octets.length > MOST_WAITING) {
      this.#drop(1, 'they were not read in time')
      return
    }
    this.#waiting.push({ octets, missing: this.#noticing })
    this.#octets += octets.length
    this.#next()
  }

  /** Resolves once nothing waits any more, or after a second. */
  async settle(): Promise<void> {
    const until = performance.now() + STUCK
    while (this.#pending && performance.now() <= until) await new Promise(done => setTimeout(done, 10))
  }

  /** Writes what can be written without waiting: the process ends. */
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
        this.#tell()
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
    for (const { octets, missing } of this.#waiting) {
      if (lines.length > 0 && (missing > 0 || first.missing > 0 || size + octets.length > BATCH)) break
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
  /** Whatever waits is dropped: later, it would be old. */
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
  #drop(lines: number, why: string): void {
    this.#dropped += lines
    this.#missing += lines
    this.#why = why
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#next()
    }, TRY_AGAIN).unref()
  }
  #tell(): void {
    this.#noticing = this.#missing
    this.#missing = 0
    this.#notice(this.#noticing, this.#why)
    this.#noticing = 0
  }
}

const lineFeed = Buffer.from('\n')
/** One that lacks its line feed alone is not lost. */
function linesIn(octets: Uint8Array): number {
  return octets.filter((octet, at) => at > 0 && octet === lineFeed[0]).length
}
