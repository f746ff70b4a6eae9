/** One campaign of an election: reports what it yields, and how it ends. */
import { OptionError } from '@softspoken/wire'
import type { Election, Leadership } from '../election/election.ts'

export interface CampaignListener {
  leadership(leadership: Leadership): void
  /** `error` is undefined if it was resigned and ended. */
  ended(error: unknown): void
}

export class Campaign {
  readonly #ending = new AbortController()
  #watches = true
  #listener: CampaignListener | undefined

  constructor(election: Election, listener: CampaignListener) {
    this.#listener = listener
    void this.#run(election)
  }

  /** `watch`: it reports the next leader, if it sees one before it ends. */
  resign(watch: boolean): void {
    this.#watches = watch
    this.#ending.abort()
  }
  /** Nothing is reported any more. */
  abandon(): void {
    this.#listener = undefined
    this.resign(false)
  }

  async #run(election: Election): Promise<void> {
    const { signal } = this.#ending
    let turn: Promise<void> | undefined
    try {
      for await (const value of election.campaign(signal)) {
        if (signal.aborted && !this.#watches) break
        this.#listener?.leadership(checked(value))
        await turn // an election that never waits must not keep other work from running
        turn = nextTurn()
      }
      this.#end(signal.aborted ? undefined : new Error('the election ended before its signal was aborted'))
    } catch (error) {
      this.#end(error)
    }
  }
  #end(error: unknown): void {
    this.#listener?.ended(error)
    this.#listener = undefined
  }
}

/** A value of the caller's own election. @throws OptionError */
function checked(value: Leadership): Leadership {
  if (value?.leader === false) return value
  if (value?.leader !== true)
    throw new OptionError('election', value, 'one that yields { leader: true } or { leader: false }')
  const { epoch, until } = value
  if (!(Number.isInteger(epoch) && epoch >= 0 && epoch <= 0xffff_ffff))
    throw new OptionError('epoch', epoch, 'a whole number from 0 to 4294967295')
  if (typeof until !== 'number' || Number.isNaN(until))
    throw new OptionError('until', until, 'milliseconds on the clock of performance.now()')
  return value
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
