import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

// GoBGP's soft reset uses its own copy of the routes. The other daemons keep none, and send ROUTE-REFRESH.
forEachDaemon(
  configureAll({}, { exabgp: 'capability { route-refresh enable; }' }),
  'a route refresh is answered with the current routes only (RFC 2918)',
  async (lab, router, kind) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      advertisementInterval: 5,
      maxPrefixes: 2,
    })
    const [session] = announcer.sessions
    let requests = 0
    session?.on('refresh', () => requests++)
    announcer.announce('198.51.100.10/32')
    const gone = announcer.announce('198.51.100.11/32')
    const table = async () => (await router.routes()).map(({ prefix }) => prefix).sort()
    await waitFor(table, { until: routes => routes.length === 2, within: 60, what: 'both routes' })
    gone.withdraw()
    const sent = () => session?.status().counters.outUpdates ?? 0
    const before = sent()
    await router.operate('request-refresh')
    if (kind !== 'gobgp')
      await waitFor(async () => sent(), { until: now => now > before, within: 60, what: 'the answer' })
    await waitFor(table, { until: routes => routes.join() === '198.51.100.10/32', within: 60, what: 'the one route' })
    expect((await router.session()).state).toBe('Established')
    expect(session?.status().counters.fsmEstablishedTransitions).toBe(1)
    if (kind !== 'gobgp') expect(requests).toBe(1)
  },
)
