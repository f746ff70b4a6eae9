import { expect, test } from 'vitest'
import { escapeControls } from './escape-controls.ts'
import { eventText, terminalLine } from './terminal-line.ts'

test('a line on a terminal has plain words, quoted sentences and rounded numbers', () => {
  const fields = {
    peer: '203.0.113.2',
    detail: 'no answer within 10 s',
    retryIn: 55.946642059848934,
  }
  expect(eventText({ ...fields, msg: 'session down', families: ['ipv4-unicast', 'ipv6-unicast'] })).toBe(
    'session down  peer=203.0.113.2 detail="no answer within 10 s" retryIn=55.9 families=ipv4-unicast,ipv6-unicast',
  )
  expect(eventText({ msg: 'x', text: 'two\nlines' })).toBe('x  text="two\\nlines"')
})
test.each([
  [{ peers: ['10.0.5.1 AS 65000', '10.0.6.1 AS 65000'] }, 'peers="10.0.5.1 AS 65000, 10.0.6.1 AS 65000"'],
  [{ asPath: [{ type: 'sequence', as: [64515] }] }, 'asPath=64515'],
  [
    {
      asPath: [
        { type: 'sequence', as: [64515, 64515] },
        { type: 'set', as: [1] },
      ],
    },
    'asPath="64515 64515, {1}"',
  ],
  [{ routeRefresh: true, extendedMessage: false, holdTime: 90 }, 'routeRefresh holdTime=90'],
  [{ err: { type: 'Error', message: 'no such file', stack: 'Error: …' } }, 'err="no such file"'],
  [{ received: { code: 6, subcode: 2 } }, 'received={"code":6,"subcode":2}'],
])('the fields %j are shown as %s', (fields, text) => {
  expect(eventText({ msg: 'x', ...fields })).toBe(`x  ${text}`)
})
test('the colour of the level ends before the message, and is optional', () => {
  const event = { level: 40, time: 0, msg: 'x' }
  expect(terminalLine(event, true)).toMatch(/:00\.000 .\[33mWARN .\[0m x\n$/)
  expect(terminalLine(event, false)).toMatch(/^\d\d:\d\d:00\.000 WARN {2}x\n$/)
})

/** C0 and C1 controls, DEL, and characters that reverse or hide text, or begin a line. */
const controls = [
  ...[0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9d, 0x9f],
  ...[0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff],
]
test.each(controls.map(code => [code.toString(16).padStart(4, '0')]))(
  'U+%s is shown as its escape in JSON and on a terminal',
  digits => {
    const text = `a${String.fromCodePoint(Number.parseInt(digits, 16))}b`
    expect(escapeControls(text)).toBe(`a\\u${digits}b`)
    for (const fields of [
      { detail: text },
      { detail: `${text} c` },
      { list: [text] },
      { deep: { text } },
      { [text]: 1 },
    ])
      expect(eventText({ msg: text, ...fields })).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    const line = `${JSON.stringify({ detail: text })}\n`
    expect(JSON.parse(escapeControls(line)), 'JSON means the same').toEqual({ detail: text })
    expect(escapeControls(line), 'one line').toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\n$/u)
  },
)
test('escapeControls keeps letters of any script, emoji and a last line feed', () => {
  const text = 'Grüße, שלום, 你好 🛰️\n'
  expect(escapeControls(text)).toBe(text)
  expect(escapeControls('\u{e0041}')).toBe('\\udb40\\udc41')
})
