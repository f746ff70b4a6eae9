/** The address on an interface of this node: there before the first router is told, gone only after all have moved. */
export interface Interface {
  /** `ip address add 198.51.100.10/32 dev lo`, say. Until it resolves, nothing is announced. */
  add(): Promise<void>
  remove(): Promise<void>
}

export class Address {
  readonly #interface: Interface
  readonly #failed: (why: unknown) => void
  #isThere = false
  #last: Promise<void> = Promise.resolve()
  #leaving: NodeJS.Timeout | undefined

  /** `failed` hears of a removal that failed while nobody waited for it. */
  constructor(given: Interface, failed: (why: unknown) => void) {
    this.#interface = given
    this.#failed = failed
  }

  /** Resolves once it is there. A removal that was to come does not. */
  take(): Promise<void> {
    this.#stay()
    return this.#be(true)
  }

  /** Removes it after so many seconds, in which routers converge, unless it is taken meanwhile. */
  leave(after: number): void {
    this.#leaving ??= setTimeout(() => this.drop().catch(this.#failed), after * 1000)
  }

  /** Removes it now. */
  drop(): Promise<void> {
    this.#stay()
    return this.#be(false)
  }

  #stay(): void {
    clearTimeout(this.#leaving)
    this.#leaving = undefined
  }
  /** One after the other, in the order they were called. */
  #be(there: boolean): Promise<void> {
    const change = async (): Promise<void> => {
      if (this.#isThere === there) return
      await (there ? this.#interface.add() : this.#interface.remove())
      this.#isThere = there
    }
    this.#last = this.#last.then(change, change)
    return this.#last
  }
}
