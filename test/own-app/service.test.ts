import { dialTo, ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { expect, test } from 'vitest'
import { announceService } from './service.js'

const VIP = '198.51.100.10/32'

function start() {
  const service = { ready: true }
  const clock = new VirtualClock()
  const router = new ScriptedPeer({ clock, as: 65000, address: '192.0.2.254' })
  const app = announceService(() => service.ready, { clock, dial: dialTo(router), random: () => 1 })
  return { service, clock, router, app }
}

test('the router has the route while the service is ready', async () => {
  const { service, clock, router } = start()
  await clock.advance(5)
  expect(router.routes.get(VIP)?.nextHop).toBe('192.0.2.1')

  service.ready = false
  await clock.advance(5)
  expect(router.routes.has(VIP)).toBe(false)
})

test('the route comes back after the router was unreachable for an hour', async () => {
  const { clock, router } = start()
  await clock.advance(5)

  router.onDial = 'refuse'
  router.close()
  await clock.advance(3600)
  router.onDial = 'answer'
  await clock.advance(300)
  expect(router.routes.has(VIP)).toBe(true)
})

test('the router gets a withdrawal and then Cease when the app stops', async () => {
  const { clock, router, app } = start()
  await clock.advance(5)

  const stopped = app.stop()
  await clock.advance(10)
  await stopped
  expect(router.received.slice(-2)).toMatchObject([
    { type: 'update', withdrawn: [VIP] },
    { type: 'notification', code: 6, subcode: 2 },
  ])
  expect(clock.pendingTimers).toBe(0)
})
