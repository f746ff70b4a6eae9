/** The VIP on an interface of this node: added before the first advertisement, removed after all routers have moved. */
import { assertMethods } from '@softspoken/session/internal'

/** How the VIP is added to an interface of this node, and removed from it. */
export interface VipInterface {
  /**
   * Adds the VIP, for example with `ip address add 198.51.100.10/32 dev lo`. The agent announces nothing until the promise
   * resolves. If that takes longer than 5 s, the agent fails.
   */
  add(): Promise<void>
  /** Removes the VIP. If that takes longer than 5 s, the agent fails. */
  remove(): Promise<void>
}

/** Seconds that `add()` and `remove()` may take. */
const TIMEOUT = 5

export class VipAddress {
  readonly #interface: VipInterface
  readonly #onFailure: (reason: unknown) => void
  /** 'unknown' while a step runs and after a step that failed; then the next step is never skipped. */
  #state: 'added' | 'removed' | 'unknown' = 'removed'
  #lastStep: Promise<void> = Promise.resolve()
  #removal: NodeJS.Timeout | undefined

  /**
   * `onFailure` is called if a removal that `removeAfter()` started fails.
   * @throws OptionError if `vipInterface` has no method `add` or `remove`.
   */
  constructor(vipInterface: VipInterface, onFailure: (reason: unknown) => void) {
    assertMethods(vipInterface, ['add', 'remove'], 'interface')
    this.#interface = vipInterface
    this.#onFailure = onFailure
  }

  /**
   * Resolves once the VIP is on the interface, and cancels a removal that is due later.
   * Rejects if the interface fails or does not answer in time.
   */
  add(): Promise<void> {
    this.#cancelRemoval()
    return this.#change('added')
  }

  /** Removes the VIP after `seconds`, in which the routers converge, unless it is added again first. */
  removeAfter(seconds: number): void {
    this.#removal ??= setTimeout(() => this.remove().catch(this.#onFailure), seconds * 1000)
  }

  /** Removes the VIP now. Rejects as `add()` does. */
  remove(): Promise<void> {
    this.#cancelRemoval()
    return this.#change('removed')
  }

  #cancelRemoval(): void {
    clearTimeout(this.#removal)
    this.#removal = undefined
  }
  /** Steps run one after the other, in the order of the calls. */
  #change(target: 'added' | 'removed'): Promise<void> {
    const step = async (): Promise<void> => {
      if (this.#state === target) return
      this.#state = 'unknown'
      await withTimeout(target === 'added' ? 'add' : 'remove', this.#interface)
      this.#state = target
    }
    this.#lastStep = this.#lastStep.then(step, step)
    return this.#lastStep
  }
}

async function withTimeout(step: 'add' | 'remove', vipInterface: VipInterface): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const message = `interface.${step}() did not end within ${TIMEOUT} s`
    timer = setTimeout(() => reject(new Error(message)), TIMEOUT * 1000)
  })
  try {
    await Promise.race([vipInterface[step](), timeout])
  } finally {
    clearTimeout(timer)
  }
}
