import { EventEmitter } from 'node:events'
import type { Announcer } from '@softspoken/announcer'
import type { VipAgent } from '@softspoken/vip-agent'
import { expect, test } from 'vitest'
import { RecentEvents } from './recent-events.ts'

test('a node that is drained or cordoned is one readable sentence', () => {
  const announcer = Object.assign(new EventEmitter(), { sessions: [] }) as unknown as Announcer
  const agent = new EventEmitter()
  const events = new RecentEvents(announcer, {}, agent as VipAgent)
  agent.emit('serving', { reason: 'drained', detail: 'drained since 10:00' })
  agent.emit('serving', { reason: 'cordoned', detail: 'the node is cordoned, seen since 11:00' })
  expect(events.events.map(({ text }) => text)).toEqual([
    'the node is cordoned, seen since 11:00',
    'this node is drained since 10:00',
  ])
})
