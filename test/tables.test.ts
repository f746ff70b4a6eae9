/** A cell of a table is read at one glance: it has at most 30 words. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const LONGEST_CELL = 30
const root = fileURLToPath(new URL('..', import.meta.url))
const pages = execFileSync('git', ['ls-files', '*.md', ':!.*'], { cwd: root, encoding: 'utf8' }).trim().split('\n')

it.each(pages)('no cell of a table has more than 30 words: %s', page => {
  const lines = readFileSync(`${root}${page}`, 'utf8').split('\n')
  const long = lines.flatMap((line, i) =>
    line.startsWith('|')
      ? cellsOf(line).flatMap(words => (words > LONGEST_CELL ? `line ${i + 1}: ${words} words` : []))
      : [],
  )
  expect(long).toEqual([])
})

/** The number of words of each cell. A bar inside of code, `\|`, ends none. */
function cellsOf(line: string): number[] {
  return line.split(/(?<!\\)\|/).map(cell => cell.split(/\s+/).filter(Boolean).length)
}
