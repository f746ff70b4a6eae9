import { Announcer, type AnnouncerOptions } from '@softspoken/announcer'
import type { Lab, RouterConfig } from '../lab/lab.ts'
import type { Route, Router } from '../lab/router.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

const ROUTE = '198.51.100.10/32'

/** Routers that accept our connections. They reject us only shortly after an error, so that our own back-off decides the recovery time. */
export const configurations: { readonly [daemon in 'bird' | 'gobgp']: RouterConfig['config'] } = {
  bird: ({ own, host }) => `
    router id ${own};
    protocol device {}
    protocol bgp us {
      local ${own} as 65001; neighbor ${host} as 65010; passive; keepalive time 1; check link no; error wait time 1, 2;
      ipv4 { import all; export none; };
    }
  `,
  gobgp: ({ own, host }) => `
    [global.config]
      as = 65001
      router-id = "${own}"
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${host}"
        peer-as = 65010
      [neighbors.timers.config]
        idle-hold-time-after-reset = 1
      [neighbors.transport.config]
        passive-mode = true
  `,
}

/** An announcer with an established session and a route in the router's table. By default its timers are as short as allowed. */
export class EstablishedAnnouncer implements AsyncDisposable {
  readonly announcer: Announcer
  readonly router: Router

  static async start(lab: Lab, router: Router, options: Partial<AnnouncerOptions> = {}): Promise<EstablishedAnnouncer> {
    const announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      holdTime: 9,
      backOff: { protocolInitial: 30 },
      drainTime: 0,
      ...options,
    })
    const established = new EstablishedAnnouncer(announcer, router)
    announcer.announce(ROUTE)
    await established.waitForRoute(30)
    return established
  }

  private constructor(announcer: Announcer, router: Router) {
    this.announcer = announcer
    this.router = router
  }

  get status() {
    return this.announcer.status().peers[0]! // the one configured peer
  }

  /** The routes to the prefix in the router's own table. */
  routes(): Promise<Route[]> {
    return this.router.routes(ROUTE)
  }

  async waitForRoute(within: number): Promise<void> {
    await waitFor(() => this.routes(), { until: routes => routes.length === 1, within, what: 'the route' })
  }

  async waitForNoRoute(within: number): Promise<void> {
    await waitFor(() => this.routes(), { until: routes => routes.length === 0, within, what: 'the route to be gone' })
  }

  /** Waits for the end of the session, and resolves with its failure. */
  failure(within: number): ReturnType<typeof sessionFailure> {
    return sessionFailure(() => this.status, within)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.announcer.stop()
  }
}
