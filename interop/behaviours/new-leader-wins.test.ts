import { type AnnounceOptions, Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import type { Lab } from '../lab/lab.ts'
import type { Route, Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

const exabgp = 'has no best path: it passes on all routes'
const external = { ...configureAll({ passive: ['host', 'otherHost'] }), exabgp }
const internal = { ...configureAll({ as: 65010, passive: ['host', 'otherHost'] }), exabgp }

forEachDaemon(external, 'a new leader wins by MED over a dead one that the router still has', async (lab, router) => {
  const best = await bestOfLeaders(lab, router, 65001, epoch => ({ med: { base: 1000, epoch } }), 'next')
  expect(best.med).toBe(992)
})

forEachDaemon(
  internal,
  'a new leader wins by LOCAL_PREF over a dead one in one AS (RFC 4271 §9.1.1)',
  async (lab, router) => {
    const best = await bestOfLeaders(lab, router, 65010, epoch => ({ localPref: { base: 1000, epoch } }), 'next')
    expect(best.localPref).toBe(1008)
  },
)

forEachDaemon(external, 'at equal MED a router stays with the dead leader', async (lab, router) => {
  await bestOfLeaders(lab, router, 65001, () => ({ med: 1000 }), 'dead')
})

/** Announces as a leader of epoch 7, which stays silent, and then as one of epoch 8. Resolves with the best of both routes. */
async function bestOfLeaders(
  lab: Lab,
  router: Router,
  as: number,
  preference: (epoch: number) => AnnounceOptions,
  winner: 'dead' | 'next',
): Promise<Route> {
  const leader = (address: string, epoch: number) => {
    const announcer = new Announcer({
      local: { as: 65010, id: address, address },
      peers: [{ as, address: router.address }],
      drainTime: 0,
    })
    announcer.announce('198.51.100.10/32', preference(epoch))
    return announcer
  }
  const table = () => router.routes('198.51.100.10/32')
  await using _dead = leader(lab.host, 7) // sends no UPDATE from here on
  await waitFor(table, {
    until: ([one]) => one?.nextHop === lab.host && one.best,
    within: 60,
    what: 'the first leader',
  })
  await using _next = leader(lab.otherHost, 8)
  const expected = winner === 'dead' ? lab.host : lab.otherHost
  const routes = await waitFor(table, {
    until: routes => routes.length === 2 && routes.some(({ best, nextHop }) => best && nextHop === expected),
    within: 60,
    what: `both leaders in the table, and ${expected} the best`,
  })
  return routes.find(({ best }) => best)! // waitFor has seen it
}
