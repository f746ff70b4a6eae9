/** What the timeline of the page says of each event, and how many it keeps. */
import { EventEmitter } from 'node:events'
import type { Announcer, HealthGate } from '@softspoken/announcer'
import type { VipAgent } from '@softspoken/vip-agent'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { RecentEvents } from './recent-events.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 0 }))
afterEach(() => void vi.useRealTimers())

/** Emitters instead of the announcer and its parts, of which only events are read. */
function timeline() {
  const session = Object.assign(new EventEmitter(), { config: { peer: { address: '10.0.5.1' } } })
  const announcer = Object.assign(new EventEmitter(), { sessions: [session] })
  const [gate, agent] = [new EventEmitter(), new EventEmitter()]
  const shown = new RecentEvents(
    announcer as unknown as Announcer,
    { '198.51.100.10/32': gate as HealthGate },
    agent as VipAgent,
  )
  return { from: { session, announcer, gate, agent }, shown }
}
type Source = keyof ReturnType<typeof timeline>['from']

const [prefix, peer] = ['198.51.100.10/32', '10.0.5.1']
test.each<[string, Source, string, object]>([
  ['note dialled 10.0.5.1', 'session', 'dial', {}],
  [
    'good session with 10.0.5.1 established, hold time 90 s',
    'session',
    'established',
    { negotiated: { holdTime: 90 } },
  ],
  ['bad session with 10.0.5.1 down: no answer', 'session', 'down', { reason: 'timeout', detail: 'no answer' }],
  ['note session with 10.0.5.1 down: stop()', 'session', 'down', { reason: 'stopped', detail: 'stop()' }],
  [
    'bad malformed UPDATE from 10.0.5.1, treat-as-withdraw: one; two',
    'session',
    'malformed',
    { faults: ['one', 'two'], handling: 'treat-as-withdraw' },
  ],
  ['good 198.51.100.10/32 sent to 10.0.5.1', 'announcer', 'sent', { prefix, peer }],
  ['bad 198.51.100.10/32 withdrawn: drained', 'announcer', 'withdrawn', { prefix, detail: 'drained' }],
  ['good health check of 198.51.100.10/32 passes', 'gate', 'up', {}],
  ['bad health check of 198.51.100.10/32 fails: refused', 'gate', 'down', { detail: 'refused' }],
  ['good this node leads, epoch 7', 'agent', 'role', { role: 'leader', epoch: 7 }],
  ['note this node is standby', 'agent', 'role', { role: 'standby' }],
  ['good this node serves', 'agent', 'role', { role: 'serving' }],
  ['note this node waits', 'agent', 'role', { role: 'waiting' }],
  ['note address added to lo', 'agent', 'address', { present: true, interface: 'lo' }],
  ['note address is not on lo any more', 'agent', 'address', { present: false, interface: 'lo' }],
  ['note address is not on the interface any more', 'agent', 'address', { present: false }],
  ['bad 02:00:00:00:00:01 claims the VIP, too', 'agent', 'conflict', { mac: '02:00:00:00:00:01', blocked: false }],
  [
    'bad 02:00:00:00:00:01 has the VIP, which is not claimed',
    'agent',
    'conflict',
    { mac: '02:00:00:00:00:01', blocked: true },
  ],
  ['bad election: no answer', 'agent', 'election-failed', { detail: 'no answer' }],
  ['note this node is drained since 10:00', 'agent', 'serving', { reason: 'drained', detail: 'drained since 10:00' }],
  [
    'note the node is cordoned, seen since 11:00',
    'agent',
    'serving',
    { reason: 'cordoned', detail: 'the node is cordoned, seen since 11:00' },
  ],
])('%s', (line, source, name, event) => {
  const { from, shown } = timeline()
  from[source].emit(name, event)
  const [{ kind, text, ...rest } = { kind: '', text: '' }] = shown.events
  expect(`${kind} ${text}`).toBe(line)
  expect(rest).toEqual({ at: '1970-01-01T00:00:00.000Z', times: 1 })
})

test('why a node does not serve is shown elsewhere, unless a person took it out', () => {
  const { from, shown } = timeline()
  from.agent.emit('serving', { reason: 'no-session', detail: 'no BGP session is established' })
  from.agent.emit('serving', {})
  expect(shown.events).toEqual([])
})

test('a router that does not answer fills two lines, with number and last time', () => {
  const { from, shown } = timeline()
  from.announcer.emit('sent', { prefix, peer })
  for (let at = 1; at <= 200; at++) {
    vi.setSystemTime(at * 1000)
    from.session.emit('dial', {})
    from.session.emit('down', { reason: 'timeout', detail: 'no answer' })
  }
  expect(shown.events).toMatchObject([
    { text: 'session with 10.0.5.1 down: no answer', times: 200, at: '1970-01-01T00:03:20.000Z' },
    { text: 'dialled 10.0.5.1', times: 200, at: '1970-01-01T00:03:20.000Z' },
    { text: '198.51.100.10/32 sent to 10.0.5.1', times: 1, at: '1970-01-01T00:00:00.000Z' },
  ])
})

test('an event is shown anew if two others came between', () => {
  const { from, shown } = timeline()
  for (const role of ['standby', 'waiting', 'serving', 'standby']) from.agent.emit('role', { role })
  expect(shown.events.map(({ text, times }) => [text, times])).toEqual([
    ['this node is standby', 1],
    ['this node serves', 1],
    ['this node waits', 1],
    ['this node is standby', 1],
  ])
})

test('keeps the last hundred events, the latest first', () => {
  const { from, shown } = timeline()
  for (let epoch = 1; epoch <= 150; epoch++) from.agent.emit('role', { role: 'leader', epoch })
  expect(shown.events).toHaveLength(100)
  expect([shown.events[0]?.text, shown.events[99]?.text]).toEqual([
    'this node leads, epoch 150',
    'this node leads, epoch 51',
  ])
})

test('without an agent it shows the announcer alone', () => {
  const announcer = Object.assign(new EventEmitter(), { sessions: [] })
  const shown = new RecentEvents(announcer as unknown as Announcer, {})
  announcer.emit('withdrawn', { prefix, detail: 'drained' })
  expect(shown.events).toHaveLength(1)
})
