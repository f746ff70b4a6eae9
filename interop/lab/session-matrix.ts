import { Listener, Session, type SessionOptions } from '@softspoken/session'
import type { Lab } from './lab.ts'
import type { Router } from './router.ts'

/**
 * Sessions with one router, all that there are ways to have one: IPv4 and IPv6, dialled by us and accepted from it. We
 * dial from `host` and `host6`; the router has to dial `otherHost` and `otherHost6`. It is AS 65001, we are 65010.
 */
export class FourWays implements AsyncDisposable {
  readonly dialled: readonly Session[]
  readonly accepted: readonly Session[]
  readonly #listeners: readonly Listener[]
  readonly #router: Router

  static async start(lab: Lab, router: Router, settings: Partial<SessionOptions>): Promise<FourWays> {
    const ways = new FourWays(lab, router, settings)
    for (const listener of ways.#listeners) await listener.listen()
    for (const session of ways.all) session.start()
    return ways
  }

  private constructor({ host, host6, otherHost, otherHost6 }: Lab, router: Router, settings: Partial<SessionOptions>) {
    const session = (ours: string, passive: boolean) =>
      new Session({
        local: { as: 65010, id: passive ? otherHost : host, address: ours },
        peer: { as: 65001, address: ours.includes(':') ? router.address6 : router.address },
        passive,
        ...settings,
      })
    this.dialled = [host, host6].map(address => session(address, false))
    this.accepted = [otherHost, otherHost6].map(address => session(address, true))
    this.#listeners = this.accepted.map(
      session => new Listener({ address: session.config.local.address! }).serve(session), // given just above
    )
    this.#router = router
  }

  get all(): readonly Session[] {
    return [...this.dialled, ...this.accepted]
  }

  /** Ours and then the router's own word for each, in the order of `all`. */
  states(): Promise<string[][]> {
    return Promise.all(
      this.all.map(async ({ state, config }) => [state, (await this.#router.session(config.local.address)).state]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.all.map(session => session.stop()), ...this.#listeners.map(one => one.close())])
  }
}
