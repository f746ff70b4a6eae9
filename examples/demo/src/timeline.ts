/** Prints what each part did and when, with a check mark for each step that was required. */
import { setTimeout as sleep } from 'node:timers/promises'
import { styleText } from 'node:util'

const colours = {
  announcer: 'cyan',
  'node-1': 'cyan',
  'node-2': 'blue',
  router: 'magenta',
  health: 'yellow',
  service: 'yellow',
} as const
type Part = keyof typeof colours

/** Seconds that one step may take. */
const TIMEOUT = 8

// The reader of a pipe may stop early: `demo | head -3`. A full disk is reported in one sentence.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    if (stream === process.stdout) process.stderr.write(`the demo cannot print: ${error.message}\n`)
    process.exit(1)
  })

export class Timeline {
  failed = false
  readonly #started = performance.now()
  #begun = this.#started
  #steps = 0

  /** The clock of the lines starts again at 0. */
  readonly begin = (title: string): void => {
    this.#begun = performance.now()
    console.log(`\n  ${paint('bold', title)}\n`)
  }

  readonly note = (part: Part, what: string): void => {
    console.log(`  ${paint('gray', this.#clock())}  ${paint(colours[part], part.padEnd(9))}  ${what}`)
  }

  /** Resolves once the step has happened; rejects if it takes longer than 8 s. */
  readonly step = async (what: string, happened: () => boolean): Promise<void> => {
    const until = performance.now() + TIMEOUT * 1000
    while (!happened()) {
      if (performance.now() > until) throw new Error(`this did not happen within ${TIMEOUT} s: ${what}`)
      await sleep(10)
    }
    this.#steps++
    console.log(`  ${paint('gray', this.#clock())}  ${paint('green', '✓')} ${paint('green', what)}`)
  }

  fail(detail: string): void {
    this.failed = true
    console.error(`\n  ${paint('red', '✗')} ${detail}\n`)
  }

  end(): void {
    console.log(`\n  All ${this.#steps} steps happened, in ${secondsSince(this.#started)}.\n`)
  }

  #clock(): string {
    return secondsSince(this.#begun).padStart(7)
  }
}

/** Since a time of `performance.now()`. */
export function secondsSince(time: number): string {
  return `${((performance.now() - time) / 1000).toFixed(2)} s`
}

function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(style, text) : text
}
