import { OptionError } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { assertInteger, assertMethods, assertObject, assertPath, assertRange, assertString } from './checks.ts'
import { configure } from './config.ts'
import { Listener } from './listener.ts'
import { optionNames } from './option-table.ts'
import { type SessionOptions, sessionOptions } from './options.ts'
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
  ...Object.fromEntries(optionNames(sessionOptions).map(name => [name, (value: unknown) => ({ [name]: value })])),
  ...Object.fromEntries(
    Object.keys(sessionOptions)
      .filter(name => name.includes('.'))
      .map(name => [name, inGroup(name)]),
  ),
}
/** What the group of an option needs besides it. */
const needed: Record<string, object> = {
  local: given.local,
  peer: given.peer,
  gracefulRestart: { restartTime: 120 },
}
function inGroup(name: string): (value: unknown) => object {
  const [group = '', own = ''] = name.split('.')
  return value => ({ [group]: { ...needed[group], [own]: value } })
}

describe.each(Object.entries(options))('%s', (name, change) => {
  const values = [...wrong].filter(
    ([value]) => !(['backOff', 'capabilities'].includes(name) && /^an object/.test(value)), // it may be empty
  )
  it.each(values)('configure() rejects %s with an OptionError that names it', (_, value) => {
    const rejected = rejection(() => configure({ ...given, ...change(value) } as SessionOptions)) // as a caller without types may
    // In an object, the missing or unknown name is named.
    expect(rejected.message).toMatch(new RegExp(`^${name}(\\.\\w+)?: (.* is not allowed|no such option), `))
    expect(rejected.message).not.toMatch(/sesame|\n/)
    expect(rejected.option.split('.')[0]).toBe(name.split('.')[0])
  })
})

describe('what a check allows', () => {
  it.each<[() => unknown, string]>([
    [() => assertRange(0, 1, 9, 'a'), 'a: 0 is not allowed, it must be from 1 to 9'],
    [() => assertRange(10, 1, 9, 'a', ' seconds'), 'a: 10 is not allowed, it must be from 1 to 9 seconds'],
    [() => assertInteger(10, 1, 9, 'a'), 'a: 10 is not allowed, it must be from 1 to 9'],
    [() => assertInteger(1.5, 1, 9, 'a'), 'a: 1.5 is not allowed, it must be a whole number from 1 to 9'],
    [() => assertString(7 as never, 'a'), 'a: 7 is not allowed, it must be a string'],
    [() => assertString(7 as never, 'a', 'x'), "a: 7 is not allowed, it must be a string such as 'x'"],
    [() => assertPath('', 'a'), "a: '' is not allowed, it must be a path"],
    [() => assertPath('/tmp\0', 'a'), 'it must be a path'],
    [() => assertObject('', 'a', 'an object'), "a: '' is not allowed, it must be an object"],
    [() => assertObject(new Date(), 'a', 'an object'), 'it must be an object'],
    [() => assertMethods(null, ['x'], 'a'), 'a: null is not allowed, it must be an object with the method x'],
    [() => assertMethods('', ['x', 'y'], 'a'), "a: '' is not allowed, it must be an object with the methods x and y"],
    [() => assertMethods(7, ['x', 'y', 'z'], 'a'), 'it must be an object with the methods x, y and z'],
    [() => assertMethods({ x() {} }, ['x', 'y'], 'a'), 'a.y: undefined is not allowed, it must be a method'],
    [() => assertMethods(unreadable('x'), ['x'], 'a'), 'a.x: undefined is not allowed, it must be a method'],
  ])('a check that fails has one sentence %#', (run, message) => {
    expect(rejection(run).message.slice(-message.length)).toBe(message)
  })
  it('the bounds themselves, a path, and a function with methods are allowed', () => {
    expect([assertRange(1, 1, 9, 'a'), assertInteger(9, 1, 9, 'a'), assertPath('a', 'a')]).toEqual([1, 9, 'a'])
    expect(() =>
      assertMethods(
        Object.assign(() => {}, { x() {} }),
        ['x'],
        'a',
      ),
    ).not.toThrow()
  })
  it('a string is no object with methods, even if it has them', () => {
    expect(rejection(() => assertMethods('text', ['trim'], 'a')).option).toBe('a')
  })
})

describe('a Session', () => {
  it.each([undefined, ...wrong.values(), 'x', true])(
    'a Session rejects options that are no object, and an empty object',
    value => {
      expect(() => new Session(value as SessionOptions)).toThrow(OptionError) // as a caller without types may
    },
  )
})

describe('a Listener', () => {
  it.each([...wrong.values(), 'x', true])(
    'a Listener rejects options, address, port and session of another type',
    value => {
      const listener = new Listener()
      const rejects = (message: RegExp, run: () => unknown) => expect(rejection(run).message).toMatch(message)
      rejects(/^address: .* is not allowed, /, () => new Listener({ address: value as string }))
      rejects(/^port: .* is not allowed, /, () => new Listener({ port: value as number }))
      rejects(/^session: .* is not allowed, it must be a Session$/, () => listener.serve(value as Session))
    },
  )
})

/** Whose property throws when it is read. */
function unreadable(name: string): object {
  const get = () => {
    throw new Error('a bug')
  }
  return Object.defineProperty({}, name, { get })
}
function rejection(run: () => unknown): OptionError {
  try {
    run()
  } catch (error) {
    if (error instanceof OptionError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
