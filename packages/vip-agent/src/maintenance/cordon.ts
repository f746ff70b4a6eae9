/**
 * Drains this node while it is cordoned (drainOnCordon), asked each 10 s. An answer that fails changes nothing: the node stays as
 * the last answer said, and in service if there was none, because the API server may need the VIP before it can answer.
 */
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'
import { because } from '../agent/reasons.ts'
import type { Drain } from '../agent/state.ts'

/** Milliseconds from one answer to the next question, and for an answer. */
const INTERVAL = 10_000
const TIME_LIMIT = 5000

export interface CordonWatchOptions {
  readonly isCordoned: (signal: AbortSignal) => Promise<boolean>
  /** Without one the node serves again only when it is not cordoned any more. */
  readonly hasElection: boolean
  readonly clock: Clock
  readonly log: Logger
  readonly changed: (drain: Drain | undefined) => void
}

export class CordonWatch {
  readonly #options: CordonWatchOptions
  readonly #ending = new AbortController()
  /** When the node was first seen as cordoned; undefined while it is not. */
  #since: number | undefined
  #problem: string | undefined
  #timer: unknown

  constructor(options: CordonWatchOptions) {
    this.#options = options
    void this.#ask()
  }
  stop(): void {
    this.#ending.abort()
    this.#options.clock.clearTimeout(this.#timer)
  }

  async #ask(): Promise<void> {
    const { isCordoned, clock } = this.#options
    const answer = new AbortController()
    const { signal } = this.#ending
    this.#timer = clock.setTimeout(() => answer.abort(new Error(`no answer within ${TIME_LIMIT / 1000} s`)), TIME_LIMIT)
    try {
      const ending = AbortSignal.any([answer.signal, signal])
      const ended = new Promise<never>((_, reject) => ending.addEventListener('abort', () => reject(ending.reason)))
      const is = await Promise.race([isCordoned(ending), ended]) // a function of the caller may not heed its signal
      if (!signal.aborted) this.#answered(is === true)
    } catch (error) {
      if (!signal.aborted) this.#failed(error)
    }
    clock.clearTimeout(this.#timer)
    answer.abort() // Node keeps a signal of any() until it is aborted
    if (!signal.aborted) this.#timer = clock.setTimeout(() => void this.#ask(), INTERVAL)
  }
  #answered(isCordoned: boolean): void {
    this.#problem = undefined
    if (isCordoned === (this.#since !== undefined)) return
    this.#since = isCordoned ? Date.now() : undefined
    const { changed, hasElection } = this.#options
    const since = this.#since
    changed(since === undefined ? undefined : { ...because('cordoned', since, hasElection), since })
  }
  /** A reason that a person must mend is an error; the others may be gone at the next question. */
  #failed(error: unknown): void {
    const detail = errorText(error)
    const { reason } = (error ?? {}) as { readonly reason?: unknown }
    const isMisconfigured = reason === 'unauthorized' || reason === 'forbidden' || reason === 'not-found'
    if (detail !== this.#problem)
      this.#options.log[isMisconfigured ? 'error' : 'warn'](
        { detail },
        'it cannot be asked whether this node is cordoned',
      )
    this.#problem = detail
  }
}
