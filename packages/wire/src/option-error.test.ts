import { describe, expect, it } from 'vitest'
import { hiddenValue, nearest, OptionError, renamed, shown, unknownOption } from './option-error.ts'

describe('OptionError', () => {
  it('carries the option, the value and what is allowed', () => {
    const error = new OptionError('holdTime', 5, 'from 9 to 65535 seconds')
    expect(error).toMatchObject({
      name: 'OptionError',
      option: 'holdTime',
      value: 5,
      allowed: 'from 9 to 65535 seconds',
    })
    expect(error.message).toBe('holdTime: 5 is not allowed, it must be from 9 to 65535 seconds')
  })
  it('quotes text, so that a number given as text shows', () => {
    expect(new OptionError('local.as', '64515', 'a whole number').message).toBe(
      "local.as: '64515' is not allowed, it must be a whole number",
    )
  })
  it('has the rest of its message as detail', () => {
    expect(new OptionError('holdTime', 5, 'from 9 to 65535 seconds').detail).toBe(
      '5 is not allowed, it must be from 9 to 65535 seconds',
    )
    const error = new OptionError('multihop', 2, 'left out', 'leave it out')
    expect([error.message, error.detail]).toEqual(['multihop: leave it out', 'leave it out'])
  })
})

describe('renamed()', () => {
  it('changes the option and nothing else', () => {
    const error = hiddenValue('as', 'the value of as', 'a number')
    expect(renamed(error, option => `peers[0].${option}`)).toEqual(
      new OptionError('peers[0].as', undefined, 'a number', 'the value of as is not allowed, it must be a number'),
    )
  })
  it('returns any other error as it is', () => {
    const error = new TypeError('holdTime: 5')
    expect(renamed(error, () => 'other')).toBe(error)
  })
})

describe('unknownOption()', () => {
  it('suggests the nearest name and lists all', () => {
    const error = unknownOption('local.adress', ['as', 'id', 'address'])
    expect(error.option).toBe('local.adress')
    expect(error.allowed).toBe('one of as, id, address')
    expect(error.message).toBe('local.adress: no such option, did you mean address?')
  })
  it('suggests nothing for a word unlike all names', () => {
    expect(unknownOption('colour', ['as', 'id']).message).toBe('colour: no such option, it must be one of as, id')
  })
})

describe('shown()', () => {
  it.each([
    ['text', "'text'"],
    [5, '5'],
    [null, 'null'],
    [undefined, 'undefined'],
    [10n, '10'],
    [[], 'an empty list'],
    [['secret'], 'a list'],
    [{ toString: () => 'secret' }, 'an object'],
    [() => 'secret', 'a function'],
    [Symbol('secret'), 'a symbol'],
  ])('shows %s as %s', (value, text) => {
    expect(shown(value)).toBe(text)
  })
})

describe('nearest()', () => {
  const names = ['holdTime', 'passive', 'backOff', 'families']
  it.each([
    ['holdtime', 'holdTime'],
    ['hold', undefined],
    ['pasive', 'passive'],
    ['backoff', 'backOff'],
    ['familys', 'families'],
    ['', undefined],
    ['zzzzzzzz', undefined],
  ])('finds for %s: %s', (word, name) => {
    expect(nearest(word, names)).toBe(name)
  })
})
