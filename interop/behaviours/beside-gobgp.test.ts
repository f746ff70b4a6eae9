/**
 * GoBGP on the node, as Cilium's BGP Control Plane runs it: without a listener, in the network of the host. FRR is the router
 * of both. It keeps one session for each address (RFC 4271 §6.8), and counts how often each was established.
 */
import { Announcer } from '@softspoken/announcer'
import { describe, expect, inject, it } from 'vitest'
import { daemons } from '../lab/daemons.ts'
import { docker } from '../lab/docker.ts'
import { DIAL, Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { routerModel } from '../lab/router-model.ts'
import { waitFor } from '../lab/wait-for.ts'

const OURS = 65010
const VIP = '198.51.100.10/32'
const POOL = '198.51.100.64/26'
const API = '50951' // GoBGP's own port may be taken on this host
/** How often the test checks that nothing changes. A look takes a good part of a second. */
const LOOKS = 20

// One after the other: both GoBGPs have the same port for their API.
describe.skipIf(!inject('engine'))('beside GoBGP on the same node', () => {
  it('from a second address, both sessions and all routes stand', { timeout: 180_000 }, async () => {
    await using lab = await Lab.create()
    const router = await frr(lab, { host: 65020, otherHost: OURS })
    await besideGobgp(lab, router, 65020)
    await using announcer = announcerFrom(lab, router, lab.otherHost)
    announcer.announce(VIP)
    await waitFor(() => router.routes(VIP), { until: ({ length }) => length === 1, within: 60, what: 'our route' })
    await stays(async () => {
      expect(await established(router, lab.host)).toBe(1)
      expect(await established(router, lab.otherHost)).toBe(1)
      const routes = (await router.routes()).map(({ prefix, nextHop }) => [prefix, nextHop])
      expect(routes.toSorted()).toEqual([
        [VIP, lab.otherHost],
        [POOL, lab.host],
      ])
    })
  })

  it('from its address, the log warns, and neither disturbs the other', { timeout: 180_000 }, async () => {
    await using lab = await Lab.create()
    const router = await frr(lab, { host: OURS })
    await besideGobgp(lab, router, OURS)
    await using dials = await router.capture(`(${DIAL}) and src host ${lab.host}`)
    const warnings: string[] = []
    await using announcer = announcerFrom(lab, router, lab.host, warnings)
    announcer.announce(VIP)
    const peer = () => announcer.status().peers[0]
    await waitFor(peer, { until: ({ counters }) => counters.dials === 1, within: 10, what: 'the first dial' })
    await stays(async () => {
      expect(await established(router, lab.host), "GoBGP's session").toBe(1)
      expect((await router.routes()).map(({ prefix }) => prefix)).toEqual([POOL])
    })
    expect(peer()?.state).not.toBe('Established')
    expect(dials.lines(), 'one dial, and then the back-off').toHaveLength(1)
    expect(warnings).toContain(
      'this host already has a connection to the peer, and a router accepts one session per address',
    )
  })
})

function frr(lab: Lab, peerAs: { readonly host: number; readonly otherHost?: number }): Promise<Router> {
  const passive = ['host', ...('otherHost' in peerAs ? (['otherHost'] as const) : [])] as const
  return lab.start('frr', {
    config: addresses => daemons.frr.configure(routerModel(addresses, { peerAs, passive }, '')),
  })
}

/** Starts GoBGP, and resolves when the router has its route. */
async function besideGobgp(lab: Lab, router: Router, as: number): Promise<void> {
  const configuration = `
    [global.config]
      as = ${as}
      router-id = "${lab.host}"
      port = -1
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${router.address}"
        peer-as = 65001
      [neighbors.transport.config]
        local-address = "${lab.host}"
  `
  const start = `printf %s "$CONFIG" >/tmp/c.toml; exec gobgpd --config-file /tmp/c.toml --api-hosts 127.0.0.1:${API} --pprof-disable`
  const name = await lab.onHost('--env', `CONFIG=${configuration}`, daemons.gobgp.image, 'sh', '-c', start)
  const add = ['gobgp', '--port', API, 'global', 'rib', 'add', POOL, '-a', 'ipv4']
  await waitFor(async () => (await docker('exec', name, ...add)) === '', { within: 30, what: 'GoBGP to answer' })
  await waitFor(() => router.routes(POOL), { until: ({ length }) => length === 1, within: 60, what: "GoBGP's route" })
}

function announcerFrom(lab: Lab, router: Router, address: string, warnings: string[] = []): Announcer {
  const ignore = (): void => {}
  return new Announcer({
    local: { as: OURS, id: lab.otherHost, address },
    peers: [{ as: 65001, address: router.address }],
    log: { debug: ignore, info: ignore, warn: (_, text) => warnings.push(text), error: ignore },
    drainTime: 0,
  })
}

/** How often the router's session with this neighbour was established; 0 if it is not now. */
async function established(router: Router, neighbor: string): Promise<number> {
  const neighbours: Record<string, { readonly bgpState: string; readonly connectionsEstablished: number }> = JSON.parse(
    await router.exec('vtysh', '-c', 'show bgp neighbors json'),
  )
  const { bgpState, connectionsEstablished } = neighbours[neighbor]!
  return bgpState === 'Established' ? connectionsEstablished : 0
}

async function stays(check: () => Promise<void>): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) await check()
}
