import { describe, expect, it } from 'vitest'
import { type OptionRow, optionTable } from './options.ts'
import { parseText } from './parse-text.ts'
import { UsageError } from './usage-error.ts'

type Kind = OptionRow['kind']
const parse = (kind: Kind, given: unknown, secret = false) => {
  const row = optionTable.find(one => one.kind === kind && (one.secret === true) === secret)
  if (row === undefined) throw new Error(`no option is a ${kind}`)
  return parseText(row, given, '--x')
}

describe('parseText()', () => {
  it.each<[Kind, unknown, unknown]>([
    ['number', ' 007 ', 7],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['text', ' word ', 'word'],
    ['list', 'a, b  c', ['a', 'b', 'c']],
    ['list', [' a ', 'b'], ['a', 'b']],
    ['map', 'a=1 b=20', { a: 1, b: 20 }],
    ['map', ['a=1', 'b=20'], { a: 1, b: 20 }],
    ['map', 'false', false],
    ['checks', ' exec:/bin/a b, c ', 'exec:/bin/a b, c'],
    ['checks', 'exec:/bin/a ; kubernetes', ['exec:/bin/a', 'kubernetes']],
    ['checks', ['exec:/bin/a', 'kubernetes'], ['exec:/bin/a', 'kubernetes']],
  ])('reads as a %s: %j', (kind, given, value) => {
    expect(parse(kind, given)).toEqual(value)
  })
  it('keeps every octet of a key', () => {
    expect(parse('text', ' key ', true)).toBe(' key ')
  })
  it.each<[Kind, unknown, string]>([
    ['number', '7x', "--x: '7x' is not allowed, it must be a whole number"],
    ['number', 'x7', "--x: 'x7' is not allowed, it must be a whole number"],
    ['number', '-7', "--x: '-7' is not allowed, it must be a whole number"],
    ['boolean', 'yes', "--x: 'yes' is not allowed, it must be true or false"],
    ['boolean', 'TRUE', "--x: 'TRUE' is not allowed, it must be true or false"],
    ['text', ' ', '--x: it is empty; leave it out, or give it a value'],
    ['checks', ' ', '--x: it is empty; leave it out, or give it a value'],
    ['checks', 'a;', '--x: a part of it is empty; leave that part out, or give it a value'],
    ['list', 'a,,b', '--x: a part of it is empty; leave that part out, or give it a value'],
    ['list', ['a', ''], '--x: a part of it is empty; leave that part out, or give it a value'],
    ['list', ['a,b'], '--x: it has a comma; put spaces between the parts of a list in a flag'],
    ['map', 'a', '--x: each part must be a name and a number, such as name=10'],
    ['map', '=1', '--x: each part must be a name and a number, such as name=10'],
    ['map', '-a=1', '--x: each part must be a name and a number, such as name=10'],
    ['map', 'a=', "--x, a: '' is not allowed, it must be a whole number"],
    ['map', 'a=1=2', "--x, a: '1=2' is not allowed, it must be a whole number"],
    ['map', 'a=1 a=2', '--x: a name is given twice'],
  ])('refuses as a %s: %j', (kind, given, sentence) => {
    expect(() => parse(kind, given)).toThrow(new UsageError(sentence))
  })
})
