/** Values of wrong types, from a caller without types: each is the caller's mistake. */
import { describe, expect, it } from 'vitest'
import { formatAddress } from './address.ts'
import { byKey } from './attribute/registry.ts'
import { Decoder } from './decoder.ts'
import { cutToFit, decode, encode, type Message } from './message.ts'
import { cease, describeNotification, hardReset } from './notification.ts'
import { OptionError } from './option-error.ts'
import { endOfRib, routes } from './routes.ts'
import type { Update } from './update.ts'

const update: Update = {
  type: 'update',
  withdrawn: [],
  attributes: { origin: 'igp', asPath: [{ type: 'sequence', as: [65001] }], nextHop: '192.0.2.1' },
  announced: ['198.51.100.10/32'],
}
const messages: { readonly [type in Message['type']]: Message } = {
  open: { type: 'open', version: 4, as: 65001, holdTime: 90, id: '192.0.2.1', capabilities: [] },
  update,
  notification: { type: 'notification', code: 6, subcode: 2, data: new Uint8Array() },
  keepalive: { type: 'keepalive' },
  'route-refresh': { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 },
}

/** What a caller without types can write. */
function untyped<wanted>(value: unknown): wanted {
  return value as wanted // the type is wrong on purpose
}

/** What a caller without types can give for anything. */
const wrongTypes = [undefined, null, 1.5, 10n, 'x', true, {}, [null], [{}], Symbol('x'), () => 0, Uint8Array.of(1)]

describe('encode()', () => {
  const fields = Object.values(messages).flatMap(message =>
    Object.keys(message).map(field => [message, field] as const),
  )
  const throwsNothingElse = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(OptionError)
    }
  }
  it.each(fields)('throws only OptionErrors for field %2$s of %1$o', (message, field) => {
    for (const value of wrongTypes) throwsNothingElse(() => encode(untyped({ ...message, [field]: value })))
  })
  it.each([...byKey.keys(), 'unknown'])('throws only OptionErrors for attribute %s', key => {
    for (const value of wrongTypes)
      for (const fourOctetAs of [true, false])
        throwsNothingElse(() =>
          encode({ ...update, attributes: { ...update.attributes, [key]: untyped(value) } }, { fourOctetAs }),
        )
  })
})

it.each(['withdrawn', 'attributes', 'announced'])('routes() and endOfRib() name a field %s of a wrong type', field => {
  for (const run of [routes, endOfRib]) {
    expect(() => run(untyped({ ...update, [field]: undefined }))).toThrow(OptionError)
    expect(() => run(untyped({ ...update, [field]: 'x' }))).toThrow(`${field}: `)
  }
})

describe('each public function', () => {
  it.each<[option: string, call: string, attempt: (value: never) => unknown]>([
    ['bytes', 'decode()', value => decode(value)],
    ['context', 'decode()', value => decode(new Uint8Array(19), value)],
    ['chunk', 'push()', value => new Decoder().push(value)],
    ['message', 'encode()', value => encode(value)],
    ['context', 'encode()', value => encode({ type: 'keepalive' }, value)],
    ['context.addPath', 'encode()', value => encode({ type: 'keepalive' }, { addPath: value })],
    ['octets', 'formatAddress()', value => formatAddress(value)],
    ['text', 'cease()', value => cease(2, value)],
    ['notification.data', 'describeNotification()', value => describeNotification(value)],
    ['notification.data', 'hardReset()', value => hardReset(value)],
    ['notification.data', 'cutToFit()', value => cutToFit(value)],
    ['update', 'routes()', value => routes(value)],
    ['update', 'endOfRib()', value => endOfRib(value)],
  ])('throws an OptionError for null as %s of %s', (option, _call, attempt) => {
    expect(() => attempt(untyped(null))).toThrow(expect.objectContaining({ name: 'OptionError', option }))
  })
  it('says what is allowed', () => {
    expect(() => decode(untyped('ffff'))).toThrow("bytes: 'ffff' is not allowed, it must be a Uint8Array")
  })
})
