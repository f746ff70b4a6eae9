/** One invariant for every argument of the library: a value of a wrong kind throws an OptionError that is data and one sentence. */
import {
  type AnnounceOptions,
  Announcer,
  HealthGate,
  hostRoute,
  httpCheck,
  OptionError as ofAnnouncer,
  tcpCheck,
} from '@softspoken/announcer'
import { registerMetrics } from '@softspoken/announcer/prometheus'
import { dialBudget, Listener, OptionError as ofSession, Session } from '@softspoken/session'
import { sessionOptions } from '@softspoken/session/internal'
import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { type Context, Decoder, decode, encode, OptionError, parseAddress } from '@softspoken/wire'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'

const throws = (): never => {
  throw new Error('hunter2')
}
/** Values that no option below takes. Those that are no text hold `hunter2`, which no message may show. */
const wrong = new Map<string, unknown>([
  ['null', null],
  ['NaN', Number.NaN],
  ['-1', -1],
  ['1e99', 1e99],
  ['text with a line feed', `${'x'.repeat(500)}\n`],
  ['a list', [1.5]],
  ['a list of lists', [[]]],
  ['a Set', new Set(['hunter2'])],
  ['a function', () => 'hunter2 hunter2'],
  ['a symbol', Symbol('hunter2')],
  ['a bigint', 10n],
  ['a misspelt name', { hodlTime: 'hunter2' }],
  ['an object whose text throws', { toString: throws, toJSON: throws, valueOf: throws }],
])

const session = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65000, address: '192.0.2.254' } }
const announcer = { local: session.local, peers: [session.peer], dial: throws, clock: new VirtualClock() }
const gate = { check: async () => {}, clock: new VirtualClock() }
const open = { type: 'open', version: 4, as: 65001, holdTime: 90, id: '192.0.2.1', capabilities: [] } as const
const attributes = { origin: 'igp', asPath: [], nextHop: '192.0.2.1' } as const
const update = { type: 'update', withdrawn: [], attributes, announced: ['198.51.100.10/32'] } as const
const without = (...kinds: string[]): readonly string[] => kinds

/** What is called, and the kinds of `wrong` that are right there. */
const calls: Readonly<Record<string, readonly [call: (value: never) => unknown, right?: readonly string[]]>> = {
  'new Session()': [value => new Session(value)],
  ...Object.fromEntries(
    Object.keys(sessionOptions).map(name => [
      `new Session() with ${name}`,
      [
        (value: never) => new Session(withOption(name, value) as never),
        name === 'stateDirectory' ? without('text with a line feed') : [],
      ] as const,
    ]),
  ),
  'session.accept()': [value => new Session(session).accept(value)],
  'session.send()': [value => new Session(session).send(value)],
  'session.resend() of a family': [value => new Session(session).resend(value, [])],
  'session.resend() of routes': [value => new Session(session).resend('ipv4-unicast', value)],
  'new Listener()': [value => new Listener(value)],
  'new Listener() with address': [address => new Listener({ address })],
  'new Listener() with port': [port => new Listener({ port })],
  'listener.serve()': [value => new Listener().serve(value)],
  'dialBudget()': [value => dialBudget(value)],
  'dialBudget() of endings': [value => dialBudget(new Session(session).config.backOff, value)],
  'new Announcer()': [value => new Announcer(value)],
  ...Object.fromEntries(
    ['local', 'peers', 'nextHop', 'maxPrefixes', 'drainTime', 'advertisementInterval', 'log', 'clock', 'dial'].map(
      name => [
        `new Announcer() with ${name}`,
        [
          (value: never) => new Announcer({ ...announcer, [name]: value }),
          name === 'dial' ? without('a function') : [],
        ] as const,
      ],
    ),
  ),
  'announce() of a prefix': [value => new Announcer(announcer).announce(value)],
  ...Object.fromEntries(
    ['signal', 'ttl', 'gate', 'med', 'communities', 'largeCommunities', 'prepend'].map(name => [
      `announce() with ${name}`,
      [
        (value: never) => new Announcer(announcer).announce('198.51.100.10/32', { [name]: value } as AnnounceOptions),
      ] as const,
    ]),
  ),
  'new HealthGate()': [value => new HealthGate(value)],
  'new HealthGate() with check': [check => new HealthGate({ ...gate, check }), without('a function')],
  'new HealthGate() with interval': [interval => new HealthGate({ ...gate, interval })],
  'new HealthGate() with holdDown': [holdDown => new HealthGate({ ...gate, holdDown })],
  'httpCheck()': [value => httpCheck(value)],
  'httpCheck() with options': [value => httpCheck('https://127.0.0.1/', value)],
  'httpCheck() with ca': [ca => httpCheck('https://127.0.0.1/', { ca })],
  'tcpCheck()': [value => tcpCheck(value)],
  'tcpCheck() with host': [host => tcpCheck({ port: 80, host }), without('text with a line feed')],
  'hostRoute()': [value => hostRoute(value)],
  'registerMetrics() of an announcer': [value => registerMetrics(value, new Registry())],
  'registerMetrics() in a registry': [value => registerMetrics(new Announcer(announcer), value)],
  'decode()': [value => decode(value)],
  'decode() with a context': [value => decode(new Uint8Array(19), value), without('a function', 'a Set')],
  'new Decoder() with fourOctetAs': [fourOctetAs => new Decoder({ fourOctetAs })],
  'new Decoder() with addPath': [addPath => new Decoder({ addPath })],
  'decoder.push()': [value => new Decoder().push(value)],
  'encode()': [value => encode(value)],
  'encode() of a type': [type => encode({ type })],
  ...Object.fromEntries(
    Object.keys(open).map(name => [
      `encode() of an OPEN with ${name}`,
      [(value: never) => encode({ ...open, [name]: value })] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['origin', 'asPath', 'nextHop', 'med', 'localPref', 'communities', 'mpReach'].map(name => [
      `encode() of an UPDATE with ${name}`,
      [(value: never) => encode({ ...update, attributes: { ...attributes, [name]: value } })] as const,
    ]),
  ),
  'parseAddress()': [value => parseAddress(value)],
}

it.each(Object.entries(calls))('%s rejects every value of a wrong kind', (_name, [call, right = []]) => {
  for (const [kind, value] of wrong) {
    if (right.includes(kind)) continue
    const error = thrownBy(() => call(value as never))
    expect(error, kind).toBeInstanceOf(OptionError)
    const { option, allowed, message } = error as OptionError
    expect(option, kind).not.toBe('')
    expect(allowed, kind).not.toBe('')
    expect(message, kind).toMatch(new RegExp(`^${option.replaceAll(/[[\]().]/g, '\\$&')}: `))
    expect(message, kind).not.toMatch(/hunter2|=>|\[object|Cannot |is not a function|\n/)
    expect(message.length, kind).toBeLessThan(500)
  }
})

it('session and announcer export the OptionError of wire', () => {
  expect([ofSession, ofAnnouncer]).toEqual([OptionError, OptionError])
})

it('the error for a router that is text does not show it, because it may hold a key', () => {
  const error = thrownBy(() => new Announcer({ ...announcer, peers: ['192.0.2.254 hunter2' as never] }))
  expect(error).toMatchObject({ option: 'peers[0]', value: undefined })
  expect(String(error)).not.toContain('hunter2')
})

it('decode() rejects a misspelt name of a context', () => {
  const misspelt = { fourOctetAS: false } as Partial<Context>
  expect(() => decode(new Uint8Array(19), misspelt)).toThrow(
    "context: 'fourOctetAS' is not allowed, did you mean 'fourOctetAs'?",
  )
})

it('resend() of a wrong family leaves the session established', async () => {
  const clock = new VirtualClock()
  const { peer, dial } = new ScriptedPeer({ clock, as: 65000 })
  await using established = new Session({ local: session.local, peer, clock, dial }).start()
  await clock.advance(0)
  expect(() => established.resend('ipv4' as never, [])).toThrow("family: 'ipv4' is not allowed")
  await clock.advance(0)
  expect(established.state).toBe('Established')
  void established.stop()
  await clock.advance(2)
})

function withOption(name: string, value: unknown): object {
  const [group = '', part] = name.split('.')
  if (part === undefined) return { ...session, [name]: value }
  const needed = { ...session, gracefulRestart: { restartTime: 120 } } as Readonly<Record<string, object>>
  return { ...session, [group]: { ...needed[group], [part]: value } }
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}
