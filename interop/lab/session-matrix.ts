import { Listener, Session, type SessionOptions } from '@softspoken/session'
import type { Lab } from './lab.ts'
import type { Router } from './router.ts'

/**
 * Four sessions with one router: outgoing and incoming, each over IPv4 and IPv6. We dial from `host` and `host6`; the
 * router has to dial `otherHost` and `otherHost6`. The router's AS is 65001, ours is 65010.
 */
export class SessionMatrix implements AsyncDisposable {
  readonly outgoing: readonly Session[]
  readonly incoming: readonly Session[]
  readonly #listeners: readonly Listener[]
  readonly #router: Router

  static async start(lab: Lab, router: Router, options: Partial<SessionOptions>): Promise<SessionMatrix> {
    const matrix = new SessionMatrix(lab, router, options)
    for (const listener of matrix.#listeners) await listener.listen()
    for (const session of matrix.all) session.start()
    return matrix
  }

  private constructor({ host, host6, otherHost, otherHost6 }: Lab, router: Router, options: Partial<SessionOptions>) {
    const session = (address: string, passive: boolean) =>
      new Session({
        local: { as: 65010, id: passive ? otherHost : host, address },
        peer: { as: 65001, address: address.includes(':') ? router.address6 : router.address },
        passive,
        ...options,
      })
    this.outgoing = [host, host6].map(address => session(address, false))
    this.incoming = [otherHost, otherHost6].map(address => session(address, true))
    this.#listeners = this.incoming.map(
      session => new Listener({ address: session.config.local.address! }).serve(session), // set a few lines above
    )
    this.#router = router
  }

  get all(): readonly Session[] {
    return [...this.outgoing, ...this.incoming]
  }

  /** Per session, in the order of `all`: our state, and the router's own state. */
  states(): Promise<string[][]> {
    return Promise.all(
      this.all.map(async ({ state, config }) => [state, (await this.#router.session(config.local.address)).state]),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.all.map(session => session.stop()), ...this.#listeners.map(one => one.stop())])
  }
}
