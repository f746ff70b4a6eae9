/** The answers of each path, without a server. */
import { Announcer, type AnnouncerStatus, HealthGate } from '@softspoken/announcer'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { emptySite, siteOf } from './site.ts'

const [first, second] = ['198.51.100.10/32', '198.51.100.11/32']
const nothing: AnnouncerStatus = { announcements: [], withheld: {}, leases: {}, peers: [] }

const toStop: { stop(): unknown }[] = []
afterEach(() => {
  vi.useRealTimers()
  for (const one of toStop.splice(0)) void one.stop()
})

/** Of an announcer that never dials, with this status if it is given. */
function siteWith(status?: Partial<AnnouncerStatus>, gates: Readonly<Record<string, HealthGate>> = {}) {
  const announcer = new Announcer({
    local: { as: 64515, id: '10.0.5.11' },
    peers: [{ as: 65000, address: '10.0.5.1' }],
    firstDialDelay: 60,
  })
  const all = vi.fn(status === undefined ? announcer.status.bind(announcer) : () => ({ ...nothing, ...status }))
  Object.assign(announcer, { status: all })
  toStop.push(announcer)
  let dropped = 0
  const site = siteOf(announcer, { gates, routes: { [first]: { med: 7 } } }, () => dropped)
  return {
    calls: all.mock.calls,
    drop: (lines: number) => (dropped = lines),
    answer: async (path: string) => {
      const { status = 200, type, body } = (await site.get(path)?.()) ?? { type: '', body: '' }
      return { status, type, text: String(body) }
    },
  }
}
const peer = (state: string, sent: readonly string[], more: object = {}) =>
  ({ state, sent, peer: { as: 65000, address: '10.0.5.1' }, queued: {}, unsendable: {}, ...more }) as never // what is read of it

describe('/readyz', () => {
  const down = { state: 'Idle', lastFailure: { reason: 'timeout', detail: 'no answer' } }
  it.each<[string, Partial<AnnouncerStatus>]>([
    ['not ready: nothing is announced', {}],
    ['ready', { announcements: [first] }], // without BGP
    ['ready', { announcements: [first], peers: [peer('Established', [first])] }],
    ['ready', { announcements: [first], peers: [peer('Idle', []), peer('Established', [first])] }],
    [
      `not ready: ${second} is withheld, no check has passed yet`,
      {
        ...{ announcements: [first], peers: [peer('Established', [first])] },
        withheld: { [second]: { reason: 'unhealthy', detail: 'no check has passed yet' } },
      },
    ],
    [
      `not ready: ${second} has been sent to no peer`,
      { announcements: [first, second], peers: [peer('Established', [first])] },
    ],
    ['not ready: no session is established', { announcements: [first], peers: [peer('Idle', [])] }],
    [
      'not ready: no session is established; 10.0.5.1: no answer',
      { announcements: [first], peers: [peer('Connect', []), peer('Idle', [], down)] },
    ],
  ])('%s (%#)', async (body, status) => {
    const { answer } = siteWith(status)
    expect(await answer('/readyz')).toEqual({
      status: body === 'ready' ? 200 : 503,
      type: 'text/plain; charset=utf-8',
      text: `${body}\n`,
    })
  })
  it('is asked anew each time', async () => {
    const { answer, calls } = siteWith()
    await answer('/readyz')
    const before = calls.length
    await answer('/readyz')
    expect(calls.length).toBe(before + 1)
  })
})

describe('/status', () => {
  it('has version, verdict, routes and health beside the announcer', async () => {
    const gate = new HealthGate({ check: async () => {} })
    toStop.push(gate)
    const { answer } = siteWith({ announcements: [first], leases: { [first]: 1.23456 } }, { [first]: gate })
    const { type, text } = await answer('/status')
    expect(type).toBe('application/json')
    expect(text.endsWith('\n')).toBe(true)
    const status = JSON.parse(text)
    expect(status).toMatchObject({
      ...{ version: expect.any(String), uptime: expect.any(Number), verdict: expect.any(Object) },
      ...{ announcements: [first], leases: { [first]: 1.235 }, routes: { [first]: { med: 7 } }, advertised: {} },
    })
    expect(Object.keys(status.health)).toEqual([first])
    expect(status).not.toHaveProperty('agent')
  })
  it('shows octets as hex, and escapes what controls a terminal', async () => {
    const failure = { reason: 'notification', detail: 'a\u009bb', data: Uint8Array.of(0, 255) }
    const { answer } = siteWith({ peers: [peer('Idle', [], { lastFailure: failure })] })
    const { text } = await answer('/status')
    expect(text).toContain('"data":"00ff"')
    expect(text).toContain('a\\u009bb')
  })
  it('one answer serves all clients for a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { answer, calls } = siteWith()
    const both = await Promise.all([answer('/status'), answer('/status')])
    expect(both[0]).toEqual(both[1])
    const before = calls.length
    vi.advanceTimersByTime(999)
    await answer('/status')
    expect(calls.length).toBe(before)
    vi.advanceTimersByTime(1)
    await answer('/status')
    expect(calls.length).toBe(before + 1)
  })
  it('an answer that takes longer than a second serves those who ask meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { answer, calls } = siteWith()
    const before = calls.length
    const one = answer('/status')
    vi.advanceTimersByTime(1500)
    const two = answer('/status')
    expect(await one).toEqual(await two)
    expect(calls.length).toBe(before + 1)
    await answer('/status')
    expect(calls.length).toBe(before + 2)
  })
})

describe('the other paths', () => {
  it('/metrics has the build, and the lines that the log lost by now', async () => {
    const { answer, drop } = siteWith()
    drop(3)
    const { type, text } = await answer('/metrics')
    expect(type).toMatch(/^text\/plain; version=/)
    expect(text).toMatch(/^softspoken_log_lines_dropped_total 3$/m)
    expect(text).toMatch(/^softspoken_build_info\{version="[^"]+",node="[^"]+"\} 1$/m)
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  })
  it('/events begins empty', async () => {
    expect((await siteWith().answer('/events')).text).toBe('[]\n')
  })
  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/page.css', 'text/css; charset=utf-8'],
    ['/page.js', 'text/javascript; charset=utf-8'],
  ])('%s is %s, and the same each time', async (path, expected) => {
    const { answer } = siteWith()
    const one = await answer(path)
    expect([one.status, one.type]).toEqual([200, expected])
    expect(one.text.length).toBeGreaterThan(100)
    expect(await answer(path)).toEqual(one)
  })
  it('before there is an announcer the program starts, and lives', async () => {
    const site = emptySite()
    for (const path of ['/readyz', '/metrics', '/status', '/events'])
      expect(await site.get(path)?.()).toMatchObject({
        status: 503,
        body: Buffer.from('not ready: the program is starting\n'),
      })
    expect(await site.get('/healthz')?.()).toMatchObject({ status: 200, body: Buffer.from('the process runs\n') })
    expect(site.has('/')).toBe(true)
  })
})
