/** What an announcer emits about its peers. */
import { expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'

/** Names and peers of all events, in order. */
function recorded(announcer: ReturnType<Lab['announcer']>): string[] {
  const events: string[] = []
  for (const name of ['established', 'down', 'sent', 'unsendable'] as const)
    announcer.on(name, ({ peer }: { peer: string }) => events.push(`${name} ${peer}`))
  return events
}

test('established and down name the peer, after the peer has been sent its routes', async () => {
  const lab = new Lab()
  const router = lab.router()
  const announcer = lab.announcer()
  const events = recorded(announcer)
  announcer.announce(VIP)
  const updates: number[] = []
  announcer.on('established', () => updates.push(router.received.length))
  await lab.pass(1)
  router.reset()
  await lab.pass(0)
  expect(events).toEqual(['sent 192.0.2.254', 'established 192.0.2.254', 'down 192.0.2.254'])
})

test('established has what was negotiated, and down has the failure of the session', async () => {
  const lab = new Lab()
  const router = lab.router()
  const announcer = lab.announcer()
  const payloads: object[] = []
  announcer.on('established', event => payloads.push(event)).on('down', event => payloads.push(event))
  await lab.pass(1)
  router.reset()
  await lab.pass(0)
  const [session] = announcer.sessions
  expect(payloads).toMatchObject([
    { peer: '192.0.2.254', negotiated: { families: ['ipv4-unicast'] } },
    { peer: '192.0.2.254', reason: 'reset', from: 'Established', retryIn: expect.any(Number) },
  ])
  expect(session?.status().lastFailure).toMatchObject({ reason: 'reset' })
})

test('down has the reason stopped when the announcer stops', async () => {
  const lab = new Lab()
  lab.router()
  const announcer = lab.announcer({ drainTime: 0 })
  const reasons: string[] = []
  announcer.on('down', ({ reason }) => reasons.push(reason))
  await lab.pass(1)
  announcer.stop()
  await lab.pass(2)
  expect(reasons).toEqual(['stopped'])
})

test('unsendable is emitted once per prefix and session, with its reason', async () => {
  const lab = new Lab()
  const router = lab.router({ localAddress: '198.51.100.10' })
  const announcer = lab.announcer()
  const events: object[] = []
  announcer.on('unsendable', event => events.push(event))
  const announcement = announcer.announce(VIP)
  await lab.pass(1)
  announcement.update({ med: 1 })
  await lab.pass(1)
  const event = {
    peer: '192.0.2.254',
    prefix: VIP,
    reason: 'next-hop-is-announced',
    detail: '198.51.100.10 is the address that is announced',
  }
  expect(events).toEqual([event])
  router.reset()
  await lab.pass(100)
  expect(events, 'the next session').toEqual([event, event])
})

test('a listener of down may stop the announcer', async () => {
  const lab = new Lab()
  const router = lab.router()
  const announcer = lab.announcer()
  announcer.on('down', () => announcer.stop())
  await lab.pass(1)
  router.reset()
  await lab.pass(100)
  expect(announcer.sessions[0]?.state).toBe('Idle')
  expect(router.connections).toBe(1)
})
