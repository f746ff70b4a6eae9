/** The reasons of the announcer and of the health gate, as a program reads them. docs/errors.md lists them. */
import { type Announcement, Announcer, HealthGate } from '@softspoken/announcer'
import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { expect, it } from 'vitest'

const VIP = '198.51.100.10/32'

it.each<[reason: string, end: (route: Announcement, abort: AbortController, announcer: Announcer) => unknown]>([
  ['withdraw-called', route => route.withdraw()],
  ['signal-aborted', (_, abort) => abort.abort()],
  ['draining', (_, __, announcer) => announcer.drain()],
])('withdrawn has the reason %s', async (reason, end) => {
  const clock = new VirtualClock()
  const { peer, dial } = new ScriptedPeer({ clock, as: 65000 })
  const announcer = new Announcer({ local: { as: 65001, id: '192.0.2.1' }, peers: [peer], clock, dial })
  const reasons: string[] = []
  announcer.on('withdrawn', withdrawn => reasons.push(withdrawn.reason))
  const abort = new AbortController()
  const route = announcer.announce(VIP, { signal: abort.signal })
  await clock.advance(1)
  end(route, abort, announcer)
  await clock.advance(1)
  expect(reasons).toEqual([reason])
  void announcer.stop()
  await clock.advance(5)
})

it('a health gate is down for not-checked, then for check-timeout', async () => {
  const clock = new VirtualClock()
  using gate = new HealthGate({ check: () => new Promise(() => {}), clock })
  expect(gate.status().reason).toBe('not-checked')
  await clock.advance(30)
  expect(gate.status().reason).toBe('check-timeout')
})

it('a health gate whose process was stopped too long is down for result-expired', async () => {
  const clock = new VirtualClock()
  using gate = new HealthGate({ check: async () => {}, clock })
  await clock.advance(30)
  expect(gate.status()).toMatchObject({ up: true })
  clock.suspend(60)
  expect(gate.status()).toMatchObject({ up: false, reason: 'result-expired' })
})
