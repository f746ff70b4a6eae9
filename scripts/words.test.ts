import { expect, it } from 'vitest'
import { forbiddenWords, longTitles, longTitlesIn, neverUsed, wordsIn } from './words.ts'

// Both read every file, which takes more than five seconds on a busy machine.
it('no file has a word that docs/glossary.md lists as never used', { timeout: 60_000 }, () => {
  expect(neverUsed()).toContain('nobody')
  expect(forbiddenWords()).toEqual([])
})

it('no title of a test is longer than 80 characters', { timeout: 60_000 }, () => {
  expect(longTitles()).toEqual([])
})

it.each([
  ['const strangerCount = 1', 'stranger'],
  ['class RivalSpeaker {}', 'rival'],
  ['const NOBODY_ELSE = 1', 'nobody'],
  ['they had better stop', 'had better'],
])('a forbidden word is found in: %s', (text, word) => {
  expect(wordsIn('x.ts', text, neverUsed())).toEqual([`x.ts:1 ${word}`])
})
it.each(['const totally = 1', 'User=nobody', 'chown nobody:nogroup x', 'arrival'])('no word is found in: %s', text => {
  expect(wordsIn('x.ts', text, neverUsed())).toEqual([])
})
it('a long title is found in it(), test.each() and it.skipIf()', () => {
  const long = 'x'.repeat(81)
  const text = `it('${long}', f)\ntest.each([1])('${long}', f)\nit.skipIf(true)(\`${long}\`, f)\ndescribe('${long}', f)`
  expect(longTitlesIn('x.test.ts', text)).toEqual([1, 2, 3].map(line => `x.test.ts:${line} 81 ${long}`))
})
