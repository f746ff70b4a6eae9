import { cease, type Message } from '@softspoken/wire'
import { expect, test } from 'vitest'
import { countMessage, zeroCounters } from './message-counters.ts'

const countAll = (messages: readonly (Message | undefined)[]) => messages.reduce(countMessage, zeroCounters)
const notification = (code: number, subcode: number): Message => ({
  type: 'notification',
  code,
  subcode,
  data: new Uint8Array(),
})

test('messages are counted by type (RFC 4271 §4.1), and malformed ones apart', () => {
  expect(countAll([{ type: 'keepalive' }, undefined, { type: 'keepalive' }, notification(4, 0)]).byType).toEqual({
    open: 0,
    update: 0,
    notification: 1,
    keepalive: 2,
    'route-refresh': 0,
    malformed: 1,
  })
})

test("NOTIFICATIONs are counted by name, without the operator's text (RFC 9003)", () => {
  const texts = ['on monday (or tuesday)', 'on wednesday', 'on a line\u2028of "its" own', ' (\n'].map(text =>
    cease(2, text),
  )
  const messages = [...texts, notification(4, 0), notification(2, 2)]
  expect(countAll(messages).notifications).toEqual([
    { code: 'Cease', subcode: 'Administrative Shutdown', count: 4 },
    { code: 'Hold Timer Expired', subcode: '', count: 1 },
    { code: 'OPEN Message Error', subcode: 'Bad Peer AS', count: 1 },
  ])
})

test('a peer that sends every code and subcode makes fewer than 80 rows', () => {
  const octets = Array.from({ length: 256 }, (_, octet) => octet)
  const { byType, notifications } = countAll(octets.flatMap(code => octets.map(subcode => notification(code, subcode))))
  expect(byType.notification).toBe(65_536)
  expect(notifications.length).toBeLessThan(80)
  expect(notifications).toContainEqual({ code: 'Cease', subcode: 'Hard Reset', count: 1 })
  expect(notifications).toContainEqual({ code: 'Unknown error', subcode: 'unknown subcode', count: 247 * 255 })
})
