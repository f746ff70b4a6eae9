import { afterEach, describe, expect, test, vi } from 'vitest'
import { escapeControls } from './escape-controls.ts'
import { logTo } from './log.ts'
import { terminalLine } from './terminal-line.ts'

test('the colour of the level ends before the message, and is optional', () => {
  const event = { level: 40, time: 0, msg: 'x' }
  expect(terminalLine(event, true)).toMatch(/:00\.000 .\[33mWARN .\[0m x\n$/)
  expect(terminalLine(event, false)).toMatch(/^\d\d:\d\d:00\.000 WARN {2}x\n$/)
})

test('a long line goes on below its first word, within 100 columns', () => {
  const detail =
    'the peer sent Cease, Administrative Shutdown: maintenance of the second line card until six in the morning'
  const lines = terminalLine({ level: 40, time: 0, msg: 'session down', peer: '10.0.5.1', detail }, false).split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toMatch(/^ {19}[a-z]/)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
  expect(lines.map(line => line.trim()).join(' ')).toContain(detail)
})
test('a line feed at the end of a text begins no empty line', () => {
  const line = terminalLine({ level: 40, time: 0, msg: 'session down', detail: 'by the peer\n' }, false)
  expect(line).toMatch(/by the peer\\u000a\n$/)
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
      expect(terminalLine({ level: 30, time: 0, msg: text, ...fields }, false)).not.toMatch(
        /(?!\n$)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u,
      )
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

describe('the log', () => {
  afterEach(() => {
    vi.unstubAllEnvs()
    vi.useRealTimers()
  })
  /** A log whose descriptor fails while `code` is set. */
  function logged(level: string, isTerminal = false) {
    const to = { text: '', code: '' }
    const made = logTo(
      (octets, done) => {
        if (to.code === '') to.text += Buffer.from(octets)
        done(to.code === '' ? null : Object.assign(new Error(to.code), { code: to.code }), octets.length)
      },
      level,
      isTerminal,
    )
    return { ...made, to }
  }

  test('has a line of JSON for each event, without the process and the host', () => {
    const { log, to } = logged('info')
    log.info({ peer: '10.0.5.1' }, 'session up')
    log.debug('below the level')
    log.warn({ detail: 'a\u009bb' }, 'session down')
    const [up = '', down = '', ...rest] = to.text.split('\n')
    expect(JSON.parse(up)).toEqual({ level: 30, time: expect.any(Number), peer: '10.0.5.1', msg: 'session up' })
    expect(down).toContain('a\\u009bb')
    expect(rest).toEqual([''])
  })
  test.each([
    [undefined, true],
    ['', true],
    ['1', false],
  ])('is readable on a terminal, and with NO_COLOR=%j coloured: %s', (value, coloured) => {
    vi.stubEnv('NO_COLOR', value)
    const { log, to } = logged('debug', true)
    log.debug({ peer: '10.0.5.1' }, 'dial')
    expect(to.text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} \S*DEBUG\S* dial.*10\.0\.5\.1.*\n$/)
    expect(to.text.includes('\u001b[34m')).toBe(coloured)
  })
  test('reports as an error how many lines it lost, and why', () => {
    vi.useFakeTimers()
    const { log, output, to } = logged('info')
    to.code = 'ENOSPC'
    log.info('one')
    to.code = ''
    vi.advanceTimersByTime(250)
    expect(JSON.parse(to.text)).toMatchObject({ level: 50, msg: 'log lines lost', lines: 1, reason: 'ENOSPC' })
    expect(output.dropped).toBe(1)
  })
})
