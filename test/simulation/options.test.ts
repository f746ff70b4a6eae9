/** A value of a wrong type is rejected with one sentence that names the option, before anything is dialled, checked or sent. */

import {
  type AnnounceOptions,
  Announcer,
  HealthGate,
  type HttpCheckOptions,
  httpCheck,
  tcpCheck,
} from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { VirtualClock } from '@softspoken/session/testing'
import { describe, expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'
const bug = (): never => {
  throw new Error('a bug of the caller')
}
const wrong: readonly [string, unknown][] = [
  ['null', null],
  ['true', true],
  ['a number', 1e99],
  ['NaN', Number.NaN],
  ['a string', 'secret'],
  ['an empty string', ''],
  ['a list', []],
  ['a list of lists', [[]]],
  ['an object', { secret: 'secret' }],
  ['an object that has no text', { toString: bug, toJSON: bug }],
  ['an object without a prototype', Object.create(null)],
  ['a function', () => 'secret'],
  ['a symbol', Symbol('secret')],
  ['a bigint', 10n],
]

/** The error is a sentence of ours that begins with the option or a part of it. A long one would contain source text. */
function refuses(run: () => unknown, option: string, kind: string): void {
  let thrown: unknown
  try {
    run()
  } catch (error) {
    thrown = error
  }
  expect(thrown, `${option} may be ${kind}`).toBeInstanceOf(Error)
  const { message, name } = thrown as Error
  expect(name, `${option}, ${kind}`).toBe('OptionError')
  expect(message, kind).toMatch(new RegExp(`^${option}[^ ]*: .*(not allowed|no such|missing|must be)`))
  expect(message, kind).not.toMatch(/=>|a bug of the caller/)
  if (!/ommunities|gate/.test(option)) expect(message, kind).not.toMatch(/\[object/)
  expect(message.length).toBeLessThan(500)
}

/** The values among them that are allowed. */
const right: Readonly<Record<string, readonly string[]>> = {
  extendedMessage: ['true'],
  extendedNextHop: ['true'],
  requireFourOctetAs: ['true'],
  allowAggressiveTimers: ['true'],
  allowZeroHoldTime: ['true'],
  random: ['a function'],
  dial: ['a function'],
  communities: ['a list'],
  largeCommunities: ['a list'],
  backOff: ['an object without a prototype'],
  holdDown: ['an object without a prototype'],
  check: ['a function'],
  body: ['a string', 'an empty string'],
  nextHop: ['an object without a prototype'],
  host: ['a string'],
  tcpMd5Key: ['a string'],
  bindDevice: ['a string'],
}
const wrongFor = (option: string) => wrong.filter(([kind]) => !right[option]?.includes(kind))

describe('new Announcer()', () => {
  test.each([
    ...['local', 'peers', 'nextHop', 'maxPrefixes', 'advertisementInterval', 'drainTime', 'gracefulShutdownTime'],
    ...['log', 'clock', 'random', 'dial', 'families', 'holdTime', 'sendHoldTime', 'connectTimeout', 'firstDialDelay'],
    ...['backOff', 'gracefulRestart', 'extendedMessage', 'extendedNextHop', 'requireFourOctetAs'],
    ...['allowAggressiveTimers', 'allowZeroHoldTime', 'tcpMd5Key', 'ttlSecurity', 'multihop', 'bindDevice'],
  ])('new Announcer() rejects %s of a wrong type, and dials nothing', async option => {
    for (const [kind, value] of wrongFor(option)) {
      const lab = new Lab()
      const router = lab.router()
      refuses(() => lab.announcer({ [option]: value }), option, kind)
      expect(lab.clock.pendingTimers).toBe(0)
      await lab.pass(1)
      expect(router.connections).toBe(0)
    }
  })
  test('new Announcer() rejects options that are no object', () => {
    for (const [kind, options] of [...wrong, ['undefined', undefined]] as const)
      refuses(() => new Announcer(options as never), '(options|local|peers|secret|toString)', kind)
  })
  test('new Announcer() rejects a second peer that is no peer, and dials none', async () => {
    for (const [kind, peer] of wrong) {
      const lab = new Lab()
      const router = lab.router()
      refuses(() => lab.announcer({ peers: [router.peer, peer] }), '(peer|peers\\[1\\])', kind)
      expect(lab.clock.pendingTimers).toBe(0)
      await lab.pass(1)
      expect(router.connections).toBe(0)
    }
  })
  test.each(['as', 'address', 'port', 'tcpMd5Key', 'ttlSecurity', 'multihop', 'bindDevice'])(
    'new Announcer() rejects %s of a wrong type in a peer',
    name => {
      for (const [kind, value] of wrongFor(name)) {
        const lab = new Lab()
        const { peer } = lab.router()
        refuses(() => lab.announcer({ peers: [{ ...peer, [name]: value }] }), `(peer.|peers.0.\\.)?${name}`, kind)
      }
    },
  )
  test.each(['as', 'id', 'address'])('new Announcer() rejects local.%s of a wrong type', name => {
    for (const [kind, value] of wrong) {
      const lab = new Lab()
      lab.router()
      const run = () => lab.announcer({ local: { as: 65001, id: '192.0.2.1', [name]: value } })
      if (name === 'address' && kind === 'an object without a prototype') run()
      else refuses(run, `local.${name}`, kind)
    }
  })
  test('new Announcer() rejects a log or a clock that lacks a method', () => {
    const lab = new Lab()
    lab.router()
    for (const missing of ['debug', 'info', 'warn', 'error']) {
      const log = { debug() {}, info() {}, warn() {}, error() {}, [missing]: undefined }
      refuses(() => lab.announcer({ log }), `log.${missing}`, 'missing')
    }
    refuses(() => lab.announcer({ clock: { now: () => 0, setTimeout: 5, clearTimeout() {} } }), 'clock', 'missing')
  })
  test('an error shows a string of digits in quotes', () => {
    const lab = new Lab()
    lab.router()
    expect(() => lab.announcer({ maxPrefixes: '2' })).toThrow(
      "maxPrefixes: '2' is not allowed, it must be from 1 to 1000",
    )
  })
  test('an error names an option of a peer with its place in peers', () => {
    const lab = new Lab()
    const { peer } = lab.router()
    expect(() => lab.announcer({ peers: [{ ...peer, holdTim: 9 }] })).toThrow(
      'peers[0].holdTim: no such option, did you mean holdTime?',
    )
  })
})

test('Session and Listener reject log, clock, random and dial of a wrong type', () => {
  const given = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65000, address: '192.0.2.254' } }
  for (const option of ['log', 'clock', 'random', 'dial'])
    for (const [kind, value] of wrongFor(option)) {
      refuses(() => new Session({ ...given, [option]: value } as never), option, kind)
      if (option === 'log' || option === 'clock')
        refuses(() => new Listener({ [option]: value } as never), option, kind)
    }
})

describe('announce()', () => {
  test.each(['signal', 'ttl', 'gate', 'med', 'localPref', 'communities', 'largeCommunities', 'prepend'])(
    'announce() and update() reject %s of a wrong type, and change nothing',
    option => {
      for (const [kind, value] of wrongFor(option)) {
        const lab = new Lab()
        lab.router({ as: 65001 })
        lab.router({ address: '192.0.2.253' })
        const announcer = lab.announcer()
        refuses(() => announcer.announce(VIP, { [option]: value } as AnnounceOptions), option, kind)
        expect(announcer.status().announcements).toEqual([])
        const announcement = announcer.announce(VIP)
        refuses(() => announcement.update({ [option]: value } as AnnounceOptions), option, kind)
        expect(announcer.status().announcements).toEqual([VIP])
      }
    },
  )
  test('announce() rejects a prefix and options of a wrong type', () => {
    for (const [kind, value] of wrong) {
      const lab = new Lab()
      lab.router()
      const announcer = lab.announcer()
      refuses(() => announcer.announce(value as string), 'prefix', kind)
      if (kind !== 'an object without a prototype')
        refuses(() => announcer.announce(VIP, value as object), '(options|secret|toString)', kind)
      expect(announcer.status().announcements).toEqual([])
    }
  })
})

test.each(['check', 'interval', 'timeout', 'rise', 'fall', 'ttl', 'holdDown', 'log', 'clock'])(
  'new HealthGate() rejects %s of a wrong type, and checks nothing',
  option => {
    for (const [kind, value] of wrongFor(option)) {
      const clock = new VirtualClock()
      refuses(() => new HealthGate({ check: async () => {}, clock, [option]: value } as never), option, kind)
      expect(clock.pendingTimers).toBe(0)
    }
  },
)

describe('a ready-made check', () => {
  test.each(['status', 'body', 'ca', 'cert', 'key', 'verify'])('httpCheck() rejects %s of a wrong type', option => {
    for (const [kind, value] of wrongFor(option))
      refuses(() => httpCheck('https://127.0.0.1/', { [option]: value } as HttpCheckOptions), 'http', kind)
  })
  test('httpCheck() rejects a URL and options of a wrong type', () => {
    for (const [kind, value] of wrong) {
      refuses(() => httpCheck(value as string), 'httpCheck.url', kind)
      if (kind !== 'an object without a prototype')
        refuses(() => httpCheck('http://127.0.0.1/', value as object), 'http', kind)
    }
  })
  test.each(['host', 'port'])('tcpCheck() rejects %s of a wrong type', option => {
    for (const [kind, value] of wrongFor(option)) refuses(() => tcpCheck({ port: 80, [option]: value }), 'tcp', kind)
  })
  test('tcpCheck() rejects options of a wrong type', () => {
    for (const [kind, value] of wrong) refuses(() => tcpCheck(value as never), 'tcp', kind)
  })
})
