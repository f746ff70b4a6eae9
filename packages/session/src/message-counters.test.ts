import { cease, type Message } from '@softspoken/wire'
import { expect, test } from 'vitest'
import { counted, nothingCounted } from './message-counters.ts'

const all = (messages: readonly (Message | undefined)[]) => messages.reduce(counted, nothingCounted)
const notification = (code: number, subcode: number): Message => ({
  type: 'notification',
  code,
  subcode,
  data: new Uint8Array(),
})

test('messages are counted by type (RFC 4271 §4.1), and those that cannot be read by themselves', () => {
  expect(all([{ type: 'keepalive' }, undefined, { type: 'keepalive' }, notification(4, 0)]).byType).toEqual({
    open: 0,
    update: 0,
    notification: 1,
    keepalive: 2,
    'route-refresh': 0,
    malformed: 1,
  })
})

test('NOTIFICATIONs are counted by name (RFC 4271 §4.5), without the text of an operator (RFC 9003)', () => {
  const texts = ['on monday (or tuesday)', 'on wednesday', 'on a line\u2028of "its" own', ' (\n'].map(text =>
    cease(2, text),
  )
  const said = [...texts, notification(4, 0), notification(2, 2)]
  expect(all(said).notifications).toEqual({
    'Cease/Administrative Shutdown': 4,
    'Hold Timer Expired': 1,
    'OPEN Message Error/Bad Peer AS': 1,
  })
})

test('a peer that sends every code and subcode makes no more names than the registries have', () => {
  const octets = Array.from({ length: 256 }, (_, octet) => octet)
  const { byType, notifications } = all(octets.flatMap(code => octets.map(subcode => notification(code, subcode))))
  expect(byType.notification).toBe(65_536)
  expect(Object.keys(notifications).length).toBeLessThan(80)
  expect(notifications).toMatchObject({ 'Cease/Hard Reset': 1, 'Unknown error/unknown subcode': 247 * 255 })
})
