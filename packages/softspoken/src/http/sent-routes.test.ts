import { EventEmitter } from 'node:events'
import type { Announcer, AnnouncerEvents } from '@softspoken/announcer'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { SentRoutes } from './sent-routes.ts'

const prefix = '198.51.100.10/32'
const [first, second] = ['10.0.5.1', '10.0.6.1'] as const
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 0 }))
afterEach(() => void vi.useRealTimers())

it('a route has the time of its first UPDATE and the attributes of its last', () => {
  const announcer = new EventEmitter<Pick<AnnouncerEvents, 'sent'>>()
  const routes = new SentRoutes(announcer as unknown as Announcer) // it listens, and nothing else
  const emit = announcer.emit.bind(announcer) as (name: string, event: object) => void
  emit('sent', { prefix, peer: first, attributes: { med: 1 } })
  vi.setSystemTime(5000)
  emit('sent', { prefix, peer: first, attributes: { med: 2 } })
  emit('sent', { prefix, peer: second, attributes: {} })
  expect(routes.report).toEqual({
    [first]: { [prefix]: { since: new Date(0), attributes: { med: 2 } } },
    [second]: { [prefix]: { since: new Date(5000), attributes: {} } },
  })
  emit('down', { peer: first })
  expect(Object.keys(routes.report)).toEqual([second])
  emit('withdrawn', { prefix })
  expect(routes.report).toEqual({ [second]: {} })
})
