import { expect, it } from 'vitest'
import { describeLost, longestGap, lostOf, parseAnswer } from './answers.ts'

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

it.each([
  ['no request failed', 'n1 n1 n2', 0],
  ['one failed', 'n1 timeout n2', 1],
  ['two gaps, of which the longer counts', 'n1 timeout n2 timeout timeout n2', 2],
  ['the last requests failed', 'n1 timeout timeout timeout', 2],
  ['those before the fault do not count', 'timeout timeout timeout n1', 0, 2.5],
])('the longest gap if %s', (_, results, seconds, from = 0) => {
  const answers = results
    .split(' ')
    .map((result, second) => parseAnswer(`${second * 1000} ${second * 1000 + 9} ${result}`))
  expect(longestGap(answers.toReversed(), from * 1000)).toBe(seconds)
})
