import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { against, plain } from './lab/against.ts'
import type { DaemonName } from './lab/daemons.ts'
import { waitFor } from './lab/wait-for.ts'

const WHY = 'moved to rack 7'

/** The operator's own words at the router, by daemon, given our address. */
const reset: { readonly [name in DaemonName]?: (host: string) => string[] } = {
  bird: () => ['birdc', 'restart', 'host'],
  bird3: () => ['birdc', 'restart', 'host'],
  frr: host => ['vtysh', '-c', `clear bgp ${host}`],
  gobgp: host => ['gobgp', 'neighbor', host, 'reset'],
  openbgpd: host => ['bgpctl', 'neighbor', host, 'clear'],
}
const shutdown: typeof reset = {
  bird: () => ['birdc', 'disable', 'host', `"${WHY}"`],
  bird3: () => ['birdc', 'disable', 'host', `"${WHY}"`],
  frr: host => ['vtysh', '-c', 'conf t', '-c', 'router bgp 65001', '-c', `neighbor ${host} shutdown message ${WHY}`],
  gobgp: host => ['gobgp', 'neighbor', host, 'shutdown', '--reason', WHY],
  openbgpd: host => ['bgpctl', 'neighbor', host, 'down', WHY],
}

against(
  { ...plain(), exabgp: 'an operator has no word with it: only its own processes could end a session' },
  'a session that the operator resets is back with its route, after a decent wait (RFC 4486)',
  async (lab, router, daemon) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      backOff: { protocolFirst: 30 },
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    const peer = () => announcer.status().peers[0]
    await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route' })
    await router.exec(...(reset[daemon]?.(lab.host) ?? []))
    const { lastError, nextDialIn } = await waitFor(peer, {
      until: ({ lastError }) => lastError !== undefined,
      within: 10,
      what: 'the reset to arrive',
    })
    expect(lastError?.received).toMatchObject({ code: 6, subcode: 4 })
    expect(nextDialIn).toBeGreaterThan(20)
    await waitFor(() => peer()?.counters.fsmEstablishedTransitions === 2, { within: 120, what: 'the session again' })
    await waitFor(table, { until: routes => routes.length === 1, within: 10, what: 'the route to be back' })
  },
)

against(
  { ...plain(), exabgp: 'an operator has no word with it: only its own processes could end a session' },
  'an operator who shuts the session down is heard, reason included, and left in peace (RFC 9003)',
  async (lab, router, daemon) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    announcer.announce('198.51.100.10/32')
    const table = () => router.routes('198.51.100.10/32')
    await waitFor(table, { until: routes => routes.length === 1, within: 20, what: 'the route' })
    await router.exec(...(shutdown[daemon]?.(lab.host) ?? []))
    const { lastError, nextDialIn } = await waitFor(() => announcer.status().peers[0], {
      until: ({ lastError }) => lastError !== undefined,
      within: 10,
      what: 'the shutdown to arrive',
    })
    expect(lastError?.received).toMatchObject({ code: 6, subcode: 2 })
    expect(lastError?.why).toContain(WHY)
    expect(nextDialIn).toBeGreaterThan(200)
  },
)
