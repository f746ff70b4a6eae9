/** A log or a listener that throws is reported, and stops neither a message to a peer nor another listener. */

import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { HealthGate } from '@softspoken/announcer'
import { type Logger, Session } from '@softspoken/session'
import { errorText, guardLog, notify } from '@softspoken/session/internal'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { settled } from '@softspoken/test-support/settled'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'
const bug = (): never => {
  throw new Error('a bug')
}

/** Errors and warnings that reached the process. An uncaught error fails the test. */
let escaped: unknown[] = []
let warnings: string[] = []
const note = (error: unknown) => void escaped.push(error)
const warned = ({ name, message }: Error) => void (name === 'SoftspokenWarning' && warnings.push(message))
beforeEach(() => {
  escaped = []
  warnings = []
  process.on('uncaughtException', note).on('unhandledRejection', note).on('warning', warned)
})
afterEach(async () => {
  await settled()
  process.off('uncaughtException', note).off('unhandledRejection', note).off('warning', warned)
  expect(escaped).toEqual([])
})

/** A log that fails at one line, in one way. */
function failing(at: string, how: () => unknown = bug): Logger {
  const call = (_: object, text: string): unknown => (text === at ? how() : undefined)
  return { debug: call, info: call, warn: call, error: call }
}
async function twoPeers(options: object) {
  const lab = new Lab()
  const [one, two] = [lab.router(), lab.router({ address: '192.0.2.253', as: 65002 })]
  const announcer = lab.announcer(options)
  await lab.pass(1)
  return { lab, one, two, announcer }
}

describe('a log that throws', () => {
  test.each<[string, () => unknown]>([
    ['throws', bug],
    ['returns a promise that rejects', () => Promise.reject(new Error('a bug'))],
    [
      'throws what cannot be shown',
      () => {
        throw { toString: bug }
      },
    ],
  ])('no peer keeps the route if the log, at "withdrawal sent", %s', async (_, how) => {
    const { lab, one, two, announcer } = await twoPeers({ log: failing('withdrawal sent', how) })
    const announcement = announcer.announce(VIP)
    await lab.pass(1)
    expect([one.table, two.table]).toEqual([{ [VIP]: '192.0.2.1' }, { [VIP]: '192.0.2.1' }])
    announcement.withdraw()
    await settled()
    expect([one.table, two.table]).toEqual([{}, {}])
    expect(warnings).toHaveLength(1) // two log calls failed, and at most one warning per minute is emitted
    expect(warnings[0]).toMatch(/^the log threw at 'withdrawal sent'/)
    announcer.stop()
    await lab.pass(5)
  })

  test('a log that throws at every line changes nothing that the peers see', async () => {
    const log: Logger = { debug: bug, info: bug, warn: bug, error: bug }
    const { lab, one, two, announcer } = await twoPeers({ log })
    let isHealthy = true
    const gate = new HealthGate({
      check: async () => void (isHealthy || bug()),
      log,
      clock: lab.clock,
      interval: 5,
      rise: 1,
      fall: 1,
    })
    announcer.announce(VIP, { gate })
    await lab.pass(10)
    expect([one.table, two.table]).toEqual([{ [VIP]: '192.0.2.1' }, { [VIP]: '192.0.2.1' }])
    isHealthy = false
    await lab.pass(6)
    expect([one.table, two.table]).toEqual([{}, {}])
    one.reset()
    await lab.pass(70)
    expect(announcer.sessions[0]?.state).toBe('Established')
    const closed = announcer.stop('over')
    await lab.pass(10)
    await closed
    gate.stop()
    expect([one.notification?.text, two.notification?.text]).toEqual(['over', 'over'])
  })

  test('the log is called after every peer has been sent the withdrawal', async () => {
    const seen: unknown[] = []
    const log = failing('withdrawal sent', () => seen.push(announcer.status().peers.map(({ sent }) => sent.length)))
    const { lab, announcer } = await twoPeers({ log })
    const announcement = announcer.announce(VIP)
    await lab.pass(1)
    announcement.withdraw()
    expect(seen).toEqual([
      [0, 0],
      [0, 0],
    ])
    announcer.stop()
    await lab.pass(5)
  })

  test('guardLog() returns a guarded log as it is', () => {
    const guarded = guardLog(failing('x'))
    expect(guardLog(guarded)).toBe(guarded)
  })
})

describe('a listener that throws', () => {
  test('a listener that throws stops no other listener and no withdrawal', async () => {
    const { lab, one, two, announcer } = await twoPeers({})
    const emitted: string[] = []
    for (const session of announcer.sessions) {
      session.prependListener('state', bug)
      session.prependListener('down', bug)
    }
    announcer.on('withdrawn', bug)
    announcer.on('withdrawn', ({ prefix }) => emitted.push(prefix))
    announcer.on('sent', bug)
    const announcement = announcer.announce(VIP)
    await lab.pass(1)
    announcement.withdraw()
    await settled()
    expect([one.table, two.table, emitted]).toEqual([{}, {}, [VIP]])
    const lines = lab.lines('error')
    expect(lines).toMatchObject([
      { text: 'a listener threw', event: 'sent', times: 1 },
      { text: 'a listener threw', event: 'withdrawn', times: 1 },
    ])
    expect(lines[0]?.error).toMatch(/^Error: a bug\n/)
    one.reset()
    await lab.pass(70)
    expect(announcer.sessions[0]?.state).toBe('Established') // the announcer's own listener of 'down' was called
    announcer.stop()
    await lab.pass(5)
  })

  test("a gate's listener that throws does not stop the withdrawal", async () => {
    const { lab, one, announcer } = await twoPeers({})
    let isHealthy = true
    const gate = new HealthGate({ check: async () => void (isHealthy || bug()), clock: lab.clock, rise: 1, fall: 1 })
    const order: string[] = []
    gate.on('down', () => {
      order.push(announcer.status().peers[0]?.sent.length === 0 ? 'withdrawn' : 'sent')
      bug()
    })
    gate.on('checked', bug)
    announcer.announce(VIP, { gate })
    await lab.pass(6)
    expect(one.table).toEqual({ [VIP]: '192.0.2.1' })
    isHealthy = false
    await lab.pass(6)
    expect(one.table).toEqual({})
    expect(order, 'the withdrawal is on its way before a listener hears of it').toEqual(['withdrawn'])
    expect(warnings).toEqual([
      expect.stringMatching(/^a listener of 'checked' threw: Error: a bug/),
      expect.stringMatching(/^a listener of 'down' threw: Error: a bug/),
    ])
    gate.stop()
    announcer.stop()
    await lab.pass(5)
  })

  test("a session's listener that throws loses no message of the chunk", async () => {
    const clock = new VirtualClock()
    const [near, far] = MemorySocket.pair()
    const peer = new ScriptedConnection(far)
    const session = new Session({
      local: { as: 65001, id: '192.0.2.1' },
      peer: { as: 65000, address: '192.0.2.254' },
      clock,
      dial: () => near,
    }).start()
    const emitted: string[] = []
    session.on('update', bug)
    session.on('update', ({ update }) => emitted.push(...update.withdrawn))
    near.emitConnect()
    await settled()
    peer.send(openMessage(65000), { type: 'keepalive' })
    await settled()
    const withdrawn = ['203.0.113.0/24', '203.0.113.0/25', '203.0.113.128/25']
    peer.send(...withdrawn.map(one => ({ type: 'update', withdrawn: [one], attributes: {}, announced: [] }) as const))
    await settled()
    expect(emitted).toEqual(withdrawn)
    expect(session.state).toBe('Established')
    const stopped = session.stop()
    await clock.advance(2)
    await stopped
  })
})

test('a connection that closes during a write emits its states in order', async () => {
  const clock = new VirtualClock()
  const [near, far] = MemorySocket.pair()
  new ScriptedConnection(far)
  near.write = () => near.emit('close')
  const session = new Session({
    local: { as: 65001, id: '192.0.2.1' },
    peer: { as: 65000, address: '192.0.2.254' },
    clock,
    dial: () => near,
  })
  const emitted: string[] = []
  session
    .on('state', ({ from, to }) => emitted.push(`${from} to ${to}`))
    .on('down', ({ from }) => emitted.push(`down in ${from}`))
  session.start()
  near.emitConnect()
  await settled()
  expect(emitted).toEqual(['Idle to Connect', 'Connect to OpenSent', 'down in OpenSent', 'OpenSent to Idle'])
  await session.stop()
})

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['an object that has no text', { toString: bug }],
  ['a Proxy that throws', new Proxy({}, { get: bug, getPrototypeOf: bug })],
  ['an Error without a message that can be read', Object.defineProperty(new Error('x'), 'message', { get: bug })],
])('a connection whose error is %s counts as a failure', async (_, error) => {
  const clock = new VirtualClock()
  const near = new PassThrough()
  const session = new Session({
    local: { as: 65001, id: '192.0.2.1' },
    peer: { as: 65000, address: '192.0.2.254' },
    clock,
    dial: () => near,
  }).start()
  near.emit('error', error)
  near.emit('close')
  expect(session.status().lastFailure?.detail).toMatch(/^(undefined|an error that cannot be shown)$/)
  expect(session.status().nextDialIn).toBeGreaterThan(0)
  await session.stop()
})

describe('notify()', () => {
  const emitter = () => new EventEmitter<{ news: [number] }>()

  test('notify() calls each listener as emit() does', () => {
    const events = emitter()
    const emitted: unknown[] = []
    events.on('news', function (this: unknown, n) {
      emitted.push(this === events, n)
      events.on('news', () => emitted.push('too late'))
    })
    events.once('news', n => emitted.push(n))
    notify(events, undefined, 'news', 7)
    expect(emitted).toEqual([true, 7, 7])
    expect(events.listenerCount('news')).toBe(2)
  })

  test('notify() reports each listener that throws once a minute', async () => {
    const events = emitter()
    const again = () => bug()
    events.on('news', again).once('news', bug)
    for (let n = 0; n < 5; n++) notify(events, undefined, 'news', n)
    await settled()
    expect(warnings).toHaveLength(2)
  })

  test.each([Promise.reject.bind(Promise, 'a reason'), async () => bug()])(
    'notify() reports a listener whose promise rejects',
    async run => {
      const events = emitter().on('news', run as () => void)
      notify(events, undefined, 'news', 1)
      await settled()
      expect(warnings).toHaveLength(1)
    },
  )
})

describe('errorText()', () => {
  const hostile = new Proxy({}, { get: bug, getPrototypeOf: bug, has: bug })
  const withoutMessage = Object.defineProperty(new Error('x'), 'message', { get: bug })
  test.each<[unknown, string]>([
    [new Error('what is wrong'), 'what is wrong'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [new Error(''), 'Error'],
    ['', 'an error without a message'],
    [new AggregateError([new Error('refused'), new Error('no route')]), 'refused; no route'],
    [{ toString: bug }, 'an error that cannot be shown'],
    [Object.create(null), 'an error that cannot be shown'],
    [hostile, 'an error that cannot be shown'],
    [withoutMessage, 'an error that cannot be shown'],
    [new Error('x'.repeat(5000)), 'x'.repeat(1000)],
  ])('errorText() of value %# is never empty and never throws', (thrown, text) => {
    expect(errorText(thrown)).toBe(text)
  })
})
