/**
 * Drains this node while a file exists (disabledBy). What cannot be known changes nothing: the node stays as the last look
 * found it, because a broken disk is no wish of a person. Without any look since the start the node is out of service: it may
 * have been drained before.
 */
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'
import { because } from '../agent/reasons.ts'
import type { Drain } from '../agent/state.ts'
import { drained } from './drained.ts'
import { type Look, lookAt } from './look-at.ts'

/** Milliseconds from the end of one look to the next. */
const INTERVAL = 1000
/** A look that takes longer found nothing: on a file system of a network that is away it may take for ever. */
const TIME_LIMIT = 3000

export interface DrainFileOptions {
  readonly file: string
  readonly clock: Clock
  readonly log: Logger
  /** Undefined: the file does not drain the node. */
  readonly changed: (drain: Drain | undefined) => void
  readonly look?: ((file: string) => Promise<Look>) | undefined
}

interface Drained {
  readonly text: string
  readonly drain: Drain
}

export class DrainFile {
  readonly #options: DrainFileOptions
  /** What the last look found that found something. */
  #known: 'present' | 'absent' | undefined
  /** What the last look found that found the file. */
  #drain: Drained | undefined
  #problem: string | undefined
  #timer: unknown
  #isStopped = false

  constructor(options: DrainFileOptions) {
    this.#options = options
    options.changed(because('starting', 'it is not known yet whether the node is drained'))
    void this.#look()
  }
  stop(): void {
    this.#isStopped = true
    this.#options.clock.clearTimeout(this.#timer)
  }

  /** One at a time, because each takes one of the few threads that Node has for files. */
  async #look(): Promise<void> {
    const { file, clock, look = lookAt } = this.#options
    this.#timer = clock.setTimeout(() => this.#unknown(`no answer within ${TIME_LIMIT / 1000} s`), TIME_LIMIT)
    try {
      const found = await look(file)
      if (!this.#isStopped) this.#found(found)
    } catch (error) {
      if (!this.#isStopped) this.#unknown(errorText(error))
    }
    if (this.#isStopped) return
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => void this.#look(), INTERVAL)
  }
  #found(found: Look): void {
    // To remove the file is not to remove its folder.
    if (!found.exists && !found.hasFolder && this.#known === 'present') {
      this.#unknown('its folder is gone')
      return
    }
    this.#known = found.exists ? 'present' : 'absent'
    this.#problem = undefined
    this.#drain = found.exists ? this.#drainBy(found) : undefined
    this.#options.changed(this.#drain?.drain)
  }
  /** The time stays while the text does: that of a folder changes with each file in it, and each change is a line of the log. */
  #drainBy({ since, text }: { readonly since: number; readonly text: string }): Drained {
    return this.#drain?.text === text ? this.#drain : { text, drain: drained(since, text) }
  }
  #unknown(problem: string): void {
    if (problem !== this.#problem)
      this.#options.log.error({ file: this.#options.file, error: problem }, 'the file of disabledBy cannot be read')
    this.#problem = problem
    if (this.#known === undefined) this.#options.changed(because('drain-unknown', problem))
  }
}
