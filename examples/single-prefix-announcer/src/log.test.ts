import { expect, test } from 'vitest'
import { oneLine } from './log.ts'

test('on a terminal a line is one line: words plain, sentences in quotes, numbers as people say them', () => {
  const fields = { level: 40, time: 0, peer: '203.0.113.2', why: 'no answer within 10 s', retryIn: 55.946642059848934 }
  expect(oneLine({ ...fields, msg: 'session down', families: ['ipv4-unicast', 'ipv6-unicast'] })).toBe(
    'session down  peer=203.0.113.2 why="no answer within 10 s" retryIn=55.9 families=ipv4-unicast,ipv6-unicast',
  )
  expect(oneLine({ msg: 'x', text: 'two\nlines' })).toBe('x  text="two\\nlines"')
})
