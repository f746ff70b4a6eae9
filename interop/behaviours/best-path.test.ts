import { type AnnounceOptions, Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import type { Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

const configurations = {
  ...configureAll({ passive: ['host', 'otherHost'] }),
  exabgp: 'has no best path: it passes on all routes',
}

forEachDaemon(configurations, 'the router prefers the speaker with the lower MED (RFC 4271 §9.1.2.2)', (lab, router) =>
  decides(lab, router, { med: 200 }, { med: 100 }),
)

forEachDaemon(
  configurations,
  'the router prefers the speaker with the shorter AS_PATH (RFC 4271 §9.1.2.2)',
  (lab, router) => decides(lab, router, { prepend: 2 }, { prepend: 1 }),
)

/** The worse route is announced first, so that the age of a route does not decide. */
async function decides(lab: Lab, router: Router, worse: AnnounceOptions, better: AnnounceOptions): Promise<void> {
  const speaker = (address: string, options: AnnounceOptions) => {
    const announcer = new Announcer({
      local: { as: 65010, id: address, address },
      peers: [{ as: 65001, address: router.address }],
      drainTime: 0,
    })
    announcer.announce('198.51.100.10/32', options)
    return announcer
  }
  const table = () => router.routes('198.51.100.10/32')
  await using _worse = speaker(lab.host, worse)
  await waitFor(table, { until: ([first]) => first?.nextHop === lab.host, within: 60, what: 'the first route' })
  await using _better = speaker(lab.otherHost, better)
  const routes = await waitFor(table, {
    until: routes => routes.length === 2 && routes.some(({ nextHop, best }) => best && nextHop === lab.otherHost),
    within: 60,
    what: 'both routes, and the better one as best',
  })
  expect(routes.map(({ nextHop, best }) => [nextHop, best])).toEqual([
    [lab.otherHost, true],
    [lab.host, false],
  ])
}
