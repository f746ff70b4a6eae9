/**
 * The most log lines that one router causes: the table of docs/defaults.md. The router is a bad one. It dials us twice a second, and
 * resets each session after a malformed UPDATE. Each of its lines comes as soon as its limit allows. That no
 * sequence gets more through a limit is searched in packages/session/src/limit-search.test.ts.
 */
import { readFileSync } from 'node:fs'
import { RateLimit } from '@softspoken/session/internal'
import { MemorySocket, openMessage } from '@softspoken/session/testing'
import { encode } from '@softspoken/wire'
import { expect, test, vi } from 'vitest'
import { VIP } from './announcer-helpers.ts'
import { Lab } from './lab.ts'

const page = readFileSync(new URL('../../docs/defaults.md', import.meta.url), 'utf8')
const [, section = ''] = page.split('## The log lines of a router')
/** The lines of each row, and the most of them in a minute, in ten minutes and in an hour. */
const rows = [...section.matchAll(/^\| (`.*?) \| (\d+) \| (\d+) \| (\d+) \|$/gm)].map(([, names = '', ...most]) => ({
  lines: [...names.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line),
  most: most.map(Number),
}))
const spans = [60, 600, 3600]

const [ORIGIN_VALUE, UNDEFINED_ORIGIN] = [26, 9] // where it is in the UPDATE below
const malformed = encode({
  type: 'update',
  withdrawn: [],
  attributes: { origin: 'igp', asPath: [{ type: 'sequence', as: [65000] }], nextHop: '192.0.2.254' },
  announced: ['203.0.113.7/32'],
}).with(ORIGIN_VALUE, UNDEFINED_ORIGIN)

/** When each line at level info or above was logged, in seconds. */
async function provoke(seconds: number): Promise<{ readonly at: number; readonly text: string }[]> {
  const lab = new Lab()
  lab.router({ answers: false })
  const seen: { at: number; text: string }[] = []
  const note = (_: object, text: string) => void seen.push({ at: lab.clock.now() / 1000, text })
  const announcer = lab.announcer({ log: { debug: () => {}, info: note, warn: note, error: note } })
  announcer.announce(VIP)
  const session = announcer.sessions[0]! // one router, one session
  const dial = async () => {
    const [ours, theirs] = MemorySocket.pair()
    theirs.localAddress = '192.0.2.1'
    session.accept(theirs)
    for (const message of [openMessage(65000, { id: '192.0.2.254' }), { type: 'keepalive' } as const])
      ours.write(encode(message))
    ours.write(malformed)
    await lab.pass(0.001)
    ours.reset()
    await lab.pass(0)
  }
  await lab.pass(1000) // each limit has its whole burst
  seen.length = 0
  const begin = lab.clock.now()
  for (let dials = 0; dials < 12; dials++) await dial()
  while (lab.clock.now() < begin + seconds * 1000) {
    await dial()
    await lab.pass(0.5)
  }
  return seen
}

function mostIn(span: number, times: readonly number[]): number {
  return Math.max(0, ...times.map((from, i) => times.findLastIndex(at => at < from + span) - i + 1))
}

test('a router that resets each session causes the lines of the budget, and no more', {
  timeout: 60_000,
}, async () => {
  const seen = await provoke(3700)
  expect(rows.length).toBeGreaterThan(0)
  for (const { lines, most } of rows) {
    const times = seen.flatMap(({ at, text }) => (lines.includes(text) ? [at] : []))
    expect([lines, spans.map(span => mostIn(span, times))]).toEqual([lines, most])
  }
  expect(new Set(seen.map(({ text }) => text))).toEqual(
    new Set(rows.flatMap(({ lines }) => lines).filter(line => line !== 'route cannot be sent')), // for this router each route can be
  )
})

test('without the limit, this router causes more', async () => {
  const take = vi.spyOn(RateLimit.prototype, 'take').mockReturnValue(true)
  const seen = await provoke(60)
  take.mockRestore()
  for (const { lines, most } of rows.slice(0, 2))
    expect(seen.filter(({ text }) => lines.includes(text)).length).toBeGreaterThan(most[0]!)
})
