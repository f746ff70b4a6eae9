import { expect, it } from 'vitest'
import { inline, note, noteAbove, wrapped, yamlOf } from './yaml.ts'

it('yamlOf() has comments behind a value, above a name and above an item', () => {
  const value = {
    grace: note(11, 'a stop takes 10 s at most'),
    probe: noteAbove({ path: '/healthz' }, 'Whether the event loop runs.'),
    list: [noteAbove('a', 'The first one.'), 'b'],
    empty: inline({}),
    rights: inline({ drop: ['ALL', 'b'], add: 1 }),
    names: inline(['a', 'b']),
  }
  expect(yamlOf(value, 'A head.\nOf two lines.')).toBe(`\
# A head.
# Of two lines.
grace: 11 # a stop takes 10 s at most
# Whether the event loop runs.
probe:
  path: /healthz
list:
  # The first one.
  - a
  - b
empty: {}
rights: { drop: [ALL, b], add: 1 }
names: [a, b]
`)
})
it('yamlOf() writes an object that is used twice two times, without an anchor', () => {
  const labels = { a: 1 }
  expect(yamlOf({ one: labels, two: labels })).toBe('one:\n  a: 1\ntwo:\n  a: 1\n')
})
it('yamlOf() has no head if there is none, and wraps long comments but no values', () => {
  const long = 'word '.repeat(30).trim()
  expect(yamlOf({ a: noteAbove(long, long) })).toBe(
    `# ${'word '.repeat(16).trim()}\n# ${'word '.repeat(14).trim()}\na: ${long}\n`,
  )
  expect(yamlOf({ a: 1 }, long)).toBe(`# ${'word '.repeat(19).trim()}\n# ${'word '.repeat(11).trim()}\na: 1\n`)
})
it.each([
  ['ab cd', 5, 'ab cd'],
  ['ab cd', 4, 'ab\ncd'],
  ['ab cd ef', 5, 'ab cd\nef'],
  ['ab\ncd ef', 5, 'ab\ncd ef'],
  ['abcdefgh ij', 4, 'abcdefgh\nij'],
])('wrapped() makes of %j with %i columns %j', (text, width, expected) => {
  expect(wrapped(text, width)).toBe(expected)
})
