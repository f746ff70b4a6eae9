import { checkFunctions } from './check-functions.ts'

/** The address on an interface of this node: there before the first router is told, gone only after all have moved. */
export interface Interface {
  /** `ip address add 198.51.100.10/32 dev lo`, say. Until it resolves, nothing is announced; 5 s at most. */
  add(): Promise<void>
  /** 5 s at most. */
  remove(): Promise<void>
}

/** Seconds after which the interface is said not to answer. */
const PATIENCE = 5

export class Address {
  readonly #interface: Interface
  readonly #failed: (why: unknown) => void
  /** Unknown after a step that failed or has not ended: what is asked for next is done in any case. */
  #state: 'there' | 'gone' | 'unknown' = 'gone'
  #last: Promise<void> = Promise.resolve()
  #leaving: NodeJS.Timeout | undefined

  /**
   * `failed` hears of a removal by leave() that failed.
   * @throws TypeError if `given` has no `add` or `remove`.
   */
  constructor(given: Interface, failed: (why: unknown) => void) {
    checkFunctions('interface', given, ['add', 'remove'])
    this.#interface = given
    this.#failed = failed
  }

  /**
   * Resolves once it is there. A removal that was to come does not.
   * Rejects if the interface fails, or does not answer in time.
   */
  take(): Promise<void> {
    this.#stay()
    return this.#be('there')
  }

  /** Removes it after so many seconds, in which routers converge, unless it is taken meanwhile. */
  leave(after: number): void {
    this.#leaving ??= setTimeout(() => this.drop().catch(this.#failed), after * 1000)
  }

  /** Removes it now. */
  drop(): Promise<void> {
    this.#stay()
    return this.#be('gone')
  }

  #stay(): void {
    clearTimeout(this.#leaving)
    this.#leaving = undefined
  }
  /** One after the other, in the order they were called. */
  #be(wanted: 'there' | 'gone'): Promise<void> {
    const change = async (): Promise<void> => {
      if (this.#state === wanted) return
      this.#state = 'unknown'
      await inTime(wanted === 'there' ? 'add' : 'remove', this.#interface)
      this.#state = wanted
    }
    this.#last = this.#last.then(change, change)
    return this.#last
  }
}

async function inTime(step: 'add' | 'remove', given: Interface): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const why = `interface.${step}() did not end within ${PATIENCE} s`
    timer = setTimeout(() => reject(new Error(why)), PATIENCE * 1000)
  })
  try {
    await Promise.race([given[step](), late])
  } finally {
    clearTimeout(timer)
  }
}
