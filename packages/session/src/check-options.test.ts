import { OptionError } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { configure, type SessionOptions, settingNames } from './config.ts'
import { Listener } from './listener.ts'
import { Session } from './session.ts'

const given: SessionOptions = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }

/** Values that a caller without types may give for anything, none of which any option takes. */
const wrong = new Map<string, unknown>([
  ['null', null],
  ['NaN', Number.NaN],
  ['a bigint', 10n],
  ['a symbol', Symbol('x')],
  ['a function', () => '192.0.2.1'],
  ['a list of text', ['192.0.2.1']],
  ['a list of lists', [['ipv4-unicast']]],
  ['an object without a prototype', Object.create(null)],
  ['an object that shows a secret', { toString: () => 'sesame', key: 'sesame' }],
  [
    'an object whose text throws',
    {
      toString() {
        throw new Error('toString ran')
      },
    },
  ],
])

/** Each option by its name, and how to give it. */
const options: Record<string, (value: unknown) => object> = {
  ...Object.fromEntries(settingNames.map(name => [name, (value: unknown) => ({ [name]: value })])),
  ...inner('local', given.local, ['as', 'id', 'address']),
  ...inner('peer', given.peer, ['as', 'address', 'port']),
  ...inner('backOff', {}, ['minInterval', 'transportCap', 'protocolInitial', 'administrative', 'resetAfter']),
  ...inner('gracefulRestart', { restartTime: 120 }, ['restartTime', 'forwarding', 'restarting', 'notification']),
}

describe.each(Object.entries(options))('%s', (name, change) => {
  const values = [...wrong].filter(
    ([value]) => !(['backOff', 'capabilities'].includes(name) && /^an object/.test(value)),
  ) // it may be empty
  it.each(values)('refuses %s in one sentence that names it', (_, value) => {
    const refused = refusal(() => configure({ ...given, ...change(value) } as SessionOptions)) // as a caller without types may
    // Of an object, what is missing in it, or unknown, is named.
    expect(refused).toMatch(new RegExp(`^${name}(\\.\\w+)?: (.* is not allowed|no such setting), `))
    expect(refused).not.toMatch(/sesame|\n/)
  })
})

describe('a Session', () => {
  it.each([undefined, ...wrong.values(), 'x', true])('refuses options that are no object, or an empty one', value => {
    expect(() => new Session(value as SessionOptions)).toThrow(TypeError) // as a caller without types may
  })
})

describe('a Listener', () => {
  it.each([...wrong.values(), 'x', true])(
    'refuses options, address, port and session of another type in one sentence',
    value => {
      const listener = new Listener()
      const refused = (message: RegExp, run: () => unknown) => expect(refusal(run)).toMatch(message)
      refused(/^address: .* is not allowed, /, () => new Listener({ address: value as string }))
      refused(/^port: .* is not allowed, /, () => new Listener({ port: value as number }))
      refused(/^session: .* is not allowed, it must be a Session$/, () => listener.serve(value as Session))
    },
  )
})

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof OptionError || error instanceof RangeError || error instanceof TypeError) return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}
function inner(group: string, others: object, names: readonly string[]): Record<string, (value: unknown) => object> {
  return Object.fromEntries(
    names.map(name => [`${group}.${name}`, (value: unknown) => ({ [group]: { ...others, [name]: value } })]),
  )
}
