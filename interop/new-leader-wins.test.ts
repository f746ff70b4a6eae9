import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { against, plain } from './lab/against.ts'
import { waitFor } from './lab/wait-for.ts'

const configurations = {
  ...plain({ waits: ['host', 'otherHost'] }),
  exabgp: 'has no best path: it passes on what it hears',
}

against(configurations, 'a new leader wins over one that is dead and still believed in', async (lab, router) => {
  const leader = (address: string, epoch: number) => {
    const announcer = new Announcer({
      local: { as: 65010, id: address, address },
      peers: [{ as: 65001, address: router.address }],
      drainTime: 0,
    })
    announcer.announce('198.51.100.10/32', { med: { base: 1000, epoch } })
    return announcer
  }
  const table = () => router.routes('198.51.100.10/32')
  const best = async () => (await table()).find(({ best }) => best)
  await using _dead = leader(lab.host, 7) // it says no more from here on
  await waitFor(best, { until: ({ nextHop }) => nextHop === lab.host, within: 60, what: 'the first leader' })
  await using _next = leader(lab.otherHost, 8)
  const route = await waitFor(best, {
    until: ({ nextHop }) => nextHop === lab.otherHost,
    within: 60,
    what: 'the second leader to win',
  })
  expect(route.med).toBe(992)
  expect(await table(), 'the first is still in the table').toHaveLength(2)
})
