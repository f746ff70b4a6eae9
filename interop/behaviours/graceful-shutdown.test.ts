import { Announcer } from '@softspoken/announcer'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { waitFor } from '../lab/wait-for.ts'

const both = { passive: ['host', 'otherHost'] } as const
const honours = 'import filter { if (65535, 0) ~ bgp_community then bgp_local_pref = 0; accept; };'
const policy = `
[[defined-sets.bgp-defined-sets.community-sets]]
  community-set-name = "leaving"
  community-list = ["65535:0"]
[[policy-definitions]]
  name = "leaving"
  [[policy-definitions.statements]]
    [policy-definitions.statements.conditions.bgp-conditions.match-community-set]
      community-set = "leaving"
    [policy-definitions.statements.actions]
      route-disposition = "accept-route"
      [policy-definitions.statements.actions.bgp-actions]
        set-local-pref = 1
[global.apply-policy.config]
  import-policy-list = ["leaving"]
  default-import-policy = "accept-route"
`
const match = 'match from ebgp community GRACEFUL_SHUTDOWN set localpref 0\n'

forEachDaemon(
  {
    ...configureAll(both, { bird: `ipv4 { ${honours} };` }), // FRR does so by default
    openbgpd: addresses => configureAll(both).openbgpd(addresses) + match,
    gobgp: addresses => configureAll(both).gobgp(addresses) + policy,
    exabgp: 'has no best path: it passes on all routes',
  },
  'an external router leaves a draining speaker before its withdrawal (RFC 8326 §4)',
  async (lab, router) => {
    const speaker = (address: string) => {
      const announcer = new Announcer({
        local: { as: 65010, id: address, address },
        peers: [{ as: 65001, address: router.address }],
        advertisementInterval: 5,
        gracefulShutdownTime: 25,
        drainTime: 0,
      })
      announcer.announce('198.51.100.10/32')
      return announcer
    }
    const table = () => router.routes('198.51.100.10/32')
    await using drains = speaker(lab.host)
    await waitFor(table, { until: ([first]) => first?.nextHop === lab.host, within: 60, what: 'the first route' })
    await using _stays = speaker(lab.otherHost)
    await waitFor(table, { until: routes => routes.length === 2, within: 60, what: 'both routes' })
    const drained = drains.drain()
    await waitFor(table, {
      until: ([first, second]) => first?.nextHop === lab.otherHost && second?.communities.join() === '65535:0',
      within: 20,
      what: 'the other route to be best while the first still exists',
    })
    await drained
  },
)
