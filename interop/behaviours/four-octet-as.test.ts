import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import type { Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

const OURS = 4200000010

forEachDaemon(
  configureAll({ as: 4200000001, peerAs: OURS }),
  'both sides use four-octet AS numbers (RFC 6793)',
  (lab, router) => arrives(lab, router, { ours: OURS, as: 4200000001, fourOctetAs: true }),
)

/** Routers that do not offer the capability. */
const without = {
  bird: 'enable as4 off;',
  frr: 'dont-capability-negotiate',
  openbgpd: 'announce as-4byte no',
  exabgp: 'capability { asn4 disable; }',
}
const cannot = 'cannot leave the capability out'
forEachDaemon(
  { ...configureAll({}, without), gobgp: cannot },
  'a router with two-octet AS numbers gets a two-octet AS_PATH (RFC 6793 §4.2.2)',
  (lab, router) => arrives(lab, router, { ours: 65010, as: 65001, fourOctetAs: false }),
)

forEachDaemon(
  {
    // These send no capability, but compare the AS in our capability with their configuration. ExaBGP compares AS_TRANS.
    ...configureAll({ peerAs: OURS }, without),
    frr: 'reads our capability even if it sends none, and therefore ignores AS4_PATH',
    exabgp: configureAll({ peerAs: 23456 }, without).exabgp,
    // BIRD accepts no number above 65535 for such a neighbour, but it accepts `external`.
    bird: addresses =>
      configureAll({ peerAs: OURS }, without)
        .bird(addresses)
        .replace(`${addresses.host} as ${OURS}`, `${addresses.host} external`),
    gobgp: cannot,
    // 9.3 logs 'aspath merge failed', and answers 3/11.
    newer: { openbgpd: 'rejects the AS4_PATH of every speaker, also that of BIRD' },
  },
  'a router with two-octet AS numbers gets our AS in AS4_PATH (RFC 6793 §4.2.2)',
  (lab, router) => arrives(lab, router, { ours: OURS, as: 65001, fourOctetAs: false }),
)

interface Numbers {
  ours: number
  as: number
  fourOctetAs: boolean
}

async function arrives(lab: Lab, router: Router, { ours, as, fourOctetAs }: Numbers): Promise<void> {
  await using announcer = new Announcer({
    local: { as: ours, id: lab.host, address: lab.host },
    peers: [{ as, address: router.address }],
  })
  announcer.announce('198.51.100.10/32', { prepend: 1 })
  const [route] = await waitFor(() => router.routes('198.51.100.10/32'), {
    until: routes => routes.length === 1,
    within: 60,
    what: 'the route',
  })
  expect(route?.asPath).toEqual([ours, ours])
  expect(announcer.status().peers[0]?.negotiated?.fourOctetAs).toBe(fourOctetAs)
}
