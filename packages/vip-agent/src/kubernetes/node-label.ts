/**
 * The label by which `kubectl get nodes` shows the holder. Nothing depends on it: a failure is a line in the log, and the label is
 * written again until that succeeds.
 */
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'

/** Milliseconds until a write that failed is repeated, for one write, and for the last one. */
const RETRY = 10_000
const TIME_LIMIT = 5000
const LAST = 1000

export interface NodeLabelOptions {
  /** Sets the label, or removes it. */
  readonly write: (isHolder: boolean, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly log: Logger
}

/** Removes at its construction what a process left behind that could not do so. */
export class NodeLabel {
  readonly #options: NodeLabelOptions
  #isHolder = false
  /** Undefined: not known. */
  #written: boolean | undefined
  #isWriting = false
  #isStopped = false
  #writing: Promise<void> | undefined
  #problem: string | undefined
  #timer: unknown

  constructor(options: NodeLabelOptions) {
    this.#options = options
    this.set(false)
  }

  set(isHolder: boolean): void {
    this.#isHolder = isHolder
    if (!this.#isWriting) this.#writing = this.#write()
  }

  /** Removes the label. Resolves when that is done or has failed, after a second at the latest. */
  async stop(): Promise<void> {
    const { clock } = this.#options
    this.#isStopped = true
    this.set(false)
    let timer: unknown
    const late = new Promise<void>(done => {
      timer = clock.setTimeout(done, LAST)
    })
    await Promise.race([this.#writing, late])
    clock.clearTimeout(timer)
  }

  /** One at a time, because the API server may take an earlier one for the later one. */
  async #write(): Promise<void> {
    const { clock } = this.#options
    clock.clearTimeout(this.#timer)
    this.#isWriting = true
    try {
      while (this.#written !== this.#isHolder) await this.#writeOnce(this.#isHolder)
      this.#problem = undefined
    } catch (error) {
      this.#failed(errorText(error))
      if (!this.#isStopped) this.#timer = clock.setTimeout(() => this.set(this.#isHolder), RETRY)
    }
    this.#isWriting = false
  }
  async #writeOnce(isHolder: boolean): Promise<void> {
    const { write, clock } = this.#options
    const ending = new AbortController()
    const timer = clock.setTimeout(() => ending.abort(new Error(`no answer within ${TIME_LIMIT / 1000} s`)), TIME_LIMIT)
    this.#written = undefined // until an answer
    try {
      await write(isHolder, ending.signal)
      this.#written = isHolder
    } finally {
      clock.clearTimeout(timer)
    }
  }
  #failed(detail: string): void {
    if (detail !== this.#problem) this.#options.log.warn({ detail }, 'the Node cannot be labelled')
    this.#problem = detail
  }
}
