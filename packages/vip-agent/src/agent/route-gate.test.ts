import { VirtualClock } from '@softspoken/session/testing'
import { expect, it } from 'vitest'
import { because } from './reasons.ts'
import { RouteGate } from './route-gate.ts'

it('a gate is open until its lease ends, also if no timer has run', async () => {
  const clock = new VirtualClock()
  const gate = new RouteGate(clock, () => because('lease-ended'))
  expect(gate.up).toBe(false)
  await clock.advance(1)
  gate.open(clock.now() + 5000)
  await clock.advance(2)
  expect(gate.status()).toEqual({ secondsLeft: 3 })
  await clock.advance(2.999)
  expect(gate.up).toBe(true)
  await clock.advance(0.001)
  expect(gate.up).toBe(false)
})
it.each([
  ['unhealthy', because('unhealthy', 'HTTP 500')],
  ['gate-down', because('not-leader')],
] as const)('a gate that is closed is %s', (withheld, why) => {
  const gate = new RouteGate(new VirtualClock(), () => why)
  expect(gate.status()).toEqual({ withheld, detail: why.detail })
})
it('a gate reports that it opens and closes, and not that it is renewed', () => {
  const clock = new VirtualClock()
  const gate = new RouteGate(clock, () => because('lease-ended'))
  const seen: string[] = []
  gate.on('up', () => seen.push('up')).on('down', () => seen.push('down'))
  gate.open(clock.now() + 1000)
  gate.open(clock.now() + 2000)
  gate.close()
  expect(seen).toEqual(['up', 'down'])
})
