import { expect, test } from 'vitest'
import { escapeControls } from './escape-controls.ts'
import { oneLine } from './log.ts'

test('on a terminal a line is one line: words plain, sentences in quotes, numbers as people say them', () => {
  const fields = {
    level: 40,
    time: 0,
    peer: '203.0.113.2',
    detail: 'no answer within 10 s',
    retryIn: 55.946642059848934,
  }
  expect(oneLine({ ...fields, msg: 'session down', families: ['ipv4-unicast', 'ipv6-unicast'] })).toBe(
    'session down  peer=203.0.113.2 detail="no answer within 10 s" retryIn=55.9 families=ipv4-unicast,ipv6-unicast',
  )
  expect(oneLine({ msg: 'x', text: 'two\nlines' })).toBe('x  text="two\\nlines"')
})

/** C0 and C1 controls, DEL, and what turns text round, hides it or begins a line. */
const controls = [
  ...[0x00, 0x07, 0x0a, 0x0d, 0x1b, 0x7f, 0x80, 0x85, 0x9b, 0x9d, 0x9f],
  ...[0xad, 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff],
]
test.each(controls.map(code => [code.toString(16).padStart(4, '0')]))(
  'U+%s of a peer or a client is shown as its escape',
  digits => {
    const text = `a${String.fromCodePoint(Number.parseInt(digits, 16))}b`
    expect(escapeControls(text)).toBe(`a\\u${digits}b`)
    for (const fields of [{ why: text }, { why: `${text} c` }, { list: [text] }, { deep: { text } }, { [text]: 1 }])
      expect(oneLine({ msg: text, ...fields })).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    const line = `${JSON.stringify({ why: text })}\n`
    expect(JSON.parse(escapeControls(line)), 'JSON means the same').toEqual({ why: text })
    expect(escapeControls(line), 'one line').toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*\n$/u)
  },
)
test('letters of any script, emoji and a last line feed stay', () => {
  const text = 'Grüße, שלום, 你好 🛰️\n'
  expect(escapeControls(text)).toBe(text)
  expect(escapeControls('\u{e0041}')).toBe('\\udb40\\udc41')
})
