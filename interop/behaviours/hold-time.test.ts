import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Announcer } from '@softspoken/announcer'
import { expect } from 'vitest'
import { configureAll, forEachDaemon } from '../lab/for-each-daemon.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'

forEachDaemon(
  configureAll({ holdTime: 30 }),
  'both sides use the shorter hold time (RFC 4271 §4.2)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    const { holdTime } = await waitFor(() => router.session(), {
      until: ({ state, holdTime }) => state === 'Established' && holdTime !== undefined,
      within: 60,
      what: 'the router to be Established',
    })
    expect(holdTime).toBe(30)
    expect(announcer.status().peers[0]?.negotiated?.holdTime).toBe(30)
  },
)

forEachDaemon(
  {
    ...configureAll({}, { bird: 'min hold time 60;', openbgpd: 'holdtime min 60' }),
    frr: addresses => configureAll().frr(addresses).replace('bgp router-id', 'bgp minimum-holdtime 60\nbgp router-id'),
    gobgp: 'has no option for a minimum hold time',
    exabgp: 'has no option for a minimum hold time',
  },
  'a router that rejects our hold time is dialled rarely (RFC 4271 §6.2)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      holdTime: 9,
    })
    const { received, hint, nextDialIn } = await sessionFailure(() => announcer.status().peers[0])
    expect(received).toMatchObject({ code: 2, subcode: 6 })
    expect(hint).toContain('hold time')
    expect(nextDialIn).toBeGreaterThan(30)
  },
)

forEachDaemon(
  {
    ...configureAll({ holdTime: 0 }),
    gobgp: 'proposes 90 s if it is configured with 0',
    openbgpd: 'cannot be configured with a hold time below 3 s',
  },
  'a router that proposes hold time 0 is rejected (RFC 4271 §4.2, §6.2)',
  async (lab, router) => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
    })
    const { sent, nextDialIn } = await sessionFailure(() => announcer.status().peers[0])
    expect(sent).toMatchObject({ code: 2, subcode: 6 })
    expect(nextDialIn).toBeGreaterThan(30)
    expect((await router.session()).state).not.toBe('Established')
  },
)

forEachDaemon(
  configureAll(),
  'the route of a frozen process goes within the hold time (RFC 4271 §6.5)',
  async (lab, router) => {
    const child = leaseholder({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: router.address }],
      holdTime: 9,
    })
    try {
      const table = () => router.routes('198.51.100.10/32')
      await waitFor(table, { until: routes => routes.length === 1, within: 60, what: 'the route' })
      child.kill('SIGSTOP')
      await waitFor(table, { until: routes => routes.length === 0, within: 20, what: 'the route to be gone' })
      expect((await router.session()).state).not.toBe('Established')
    } finally {
      child.kill('SIGKILL')
    }
  },
)

/** Its lease is longer than the test, so that only the hold timer can end the route. */
function leaseholder(options: object): ChildProcess {
  const program = fileURLToPath(new URL('../../test/process/leaseholder.ts', import.meta.url))
  return spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(options), '600'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
