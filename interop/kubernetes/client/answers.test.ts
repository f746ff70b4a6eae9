import { expect, it } from 'vitest'
import { describeLost, lostOf, parseAnswer } from './answers.ts'

const moved = [
  { at: 0, what: 'n1' },
  { at: 1000, what: 'n2' },
] as const

it('reads the node that answered, or why none did', () => {
  expect(parseAnswer('1000 1004 n2')).toEqual({ at: 1000, end: 1004, what: 'n2', failure: undefined })
  expect(parseAnswer('1000 1900 timeout')).toEqual({ at: 1000, end: 1900, what: undefined, failure: 'timeout' })
})

it.each([
  ['1020 1025 n2', 'it was answered'],
  ['980 1005 ECONNRESET', 'the route moved while it was under way'],
  ['950 1005 ECONNRESET', 'this one, too'],
  ['980 990 ECONNRESET', 'the change was read late'],
])('does not count the request %s: %s', line => {
  expect(lostOf([parseAnswer(line)], moved)).toEqual([])
})

it.each([
  ['980 1880 timeout', 'no node had the VIP'],
  ['980 1005 ECONNREFUSED', 'the connection did not exist yet'],
  ['1010 1020 ECONNRESET', 'it began after the change'],
  ['700 800 ECONNRESET', 'it ended long before'],
])('counts the request %s as lost: %s', line => {
  expect(lostOf([parseAnswer(line)], moved)).toHaveLength(1)
})

it('counts a reset over a route that was away in between', () => {
  const away = [moved[0], { at: 990, what: undefined }, moved[1]]
  expect(lostOf([parseAnswer('980 1005 ECONNRESET')], away)).toHaveLength(1)
})

it('names five lost requests at most', () => {
  const lost = Array.from({ length: 7 }, (_, at) => parseAnswer(`${at * 50} ${at * 50} EHOSTUNREACH`))
  expect(describeLost(lost.slice(0, 1))).toBe('at 00:00:00.000 EHOSTUNREACH')
  expect(describeLost(lost)).toMatch(/^at 00:00:00\.000 EHOSTUNREACH, .*00\.200 EHOSTUNREACH, and 2 more$/)
})
