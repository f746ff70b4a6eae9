/** Since when each peer has each route, and the attributes that it was sent last. */
import type { Announcer } from '@softspoken/announcer'
import type { Address, Attributes, Prefix } from '@softspoken/wire'

export interface SentRoute {
  /** When it was first sent, since the session was established or the route was withdrawn. */
  readonly since: Date
  readonly attributes: Attributes
}

export class SentRoutes {
  readonly #byPeer = new Map<Address, Map<Prefix, SentRoute>>()

  constructor(announcer: Announcer) {
    announcer.on('sent', ({ prefix, peer, attributes }) => {
      const routes = this.#byPeer.get(peer) ?? new Map<Prefix, SentRoute>()
      this.#byPeer.set(peer, routes.set(prefix, { since: routes.get(prefix)?.since ?? new Date(), attributes }))
    })
    announcer.on('withdrawn', ({ prefix }) => {
      for (const routes of this.#byPeer.values()) routes.delete(prefix)
    })
    announcer.on('down', ({ peer }) => void this.#byPeer.delete(peer))
  }

  /** By peer, and by prefix. */
  get report(): Readonly<Record<Address, Readonly<Record<Prefix, SentRoute>>>> {
    return Object.fromEntries([...this.#byPeer].map(([peer, routes]) => [peer, Object.fromEntries(routes)]))
  }
}
