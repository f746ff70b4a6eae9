/** docs/conformance.md: its form, its sums, and its clauses. `test:conformance` runs the suites. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exceptions } from '../exceptions.ts'
import { bgpggSettled } from './bgpgg.ts'
import { exabgpSettled } from './exabgp.ts'
import { routerSettled } from './exabgp-router.ts'
import { renderPage, type Score } from './page.ts'
import type { Result, Settlement } from './suite.ts'
import { suites } from './suites.ts'

const page = readFileSync(new URL('../../../docs/conformance.md', import.meta.url), 'utf8')
const names = suites.map(({ name }) => name)
const settled: readonly Settlement[] = [...exabgpSettled, ...routerSettled, ...bgpggSettled]

/** The cells of the table below a heading, without its first two lines. */
function rows(text: string, heading: string): string[][] {
  const [, part = ''] = text.split(`${heading}\n`)
  const [, ...lines] = /^\|.*(?:\n\|.*)*/m.exec(part)?.[0].split('\n') ?? []
  return lines.slice(1).map(line => line.split(' | ').map(cell => cell.replace(/^\| ?| ?\|$/g, '')))
}
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

/** What does not add up in a page. */
function faults(text: string): string[] {
  const scores = rows(text, '# Conformance').map(([suite = '', , ...cells]) => ({ suite, counts: cells.map(Number) }))
  const listed = (heading: string, suite: string) =>
    sum(rows(text, heading).flatMap(([name, cases]) => (suite === 'all' || name === suite ? [Number(cases)] : [])))
  const wrong = scores.flatMap(({ suite, counts: [cases = 0, agree = 0, disagree = 0, notApplicable = 0] }) => [
    ...(cases === agree + disagree + notApplicable && cases > 0 ? [] : [`${suite}: cases`]),
    ...(disagree === listed('## Disagreements', suite) ? [] : [`${suite}: disagreements`]),
    ...(notApplicable === listed('## Not applicable', suite) ? [] : [`${suite}: not applicable`]),
  ])
  const all = scores.pop()?.counts.join()
  const total = [0, 1, 2, 3].map(i => sum(scores.map(({ counts }) => counts[i] ?? Number.NaN))).join()
  return all === total ? wrong : [...wrong, 'all']
}

describe('docs/conformance.md', () => {
  it('has a row for each suite, with its version', () => {
    const found = rows(page, '# Conformance')
    expect(found.map(([name]) => name)).toEqual([...names, 'all'])
    for (const [name, version] of found) if (name !== 'all') expect(version, name).toMatch(/\d/)
  })
  it('has counts that add up', () => expect(faults(page)).toEqual([]))
  it('has a clause for each disagreement, and it is one of the code', () => {
    const known = [...exceptions, ...settled].map(({ why, settledBy }) => `${why} | ${settledBy}`)
    for (const [, , why, settledBy] of rows(page, '## Disagreements')) {
      expect(settledBy).toMatch(/RFC \d{4} §|draft-/)
      expect(known).toContain(`${why} | ${settledBy}`)
    }
  })
  it('lists each settlement of the code, because one without a case is out of date', () => {
    for (const { why } of [...exceptions, ...settled]) expect(page).toContain(`| ${why} |`)
  })
  it('names the variables and the command that writes it', () => {
    expect(page).toContain('Made by `npx --yes pnpm@12 test:conformance --write` on 20')
    for (const { variable } of suites) expect(page).toContain(`${variable}=…`)
  })
})

describe('renderPage()', () => {
  const settlement = { why: 'it is late', settledBy: 'RFC 1234 §5' }
  const results: Result[] = [
    { id: 'a', outcome: 'agrees' },
    { id: 'b', outcome: 'agrees' },
    { id: 'c', outcome: 'disagrees', detail: 'want 1, got 2', settlement },
    { id: 'd', outcome: 'does not apply', reason: 'it is about a file' },
  ]
  const score = (results: readonly Result[]): Score => ({
    suite: { name: 'theirs', variable: 'THEIRS', source: 'a folder', about: 'messages' },
    version: '1.0',
    results,
  })
  it('counts each outcome, and lists settlements and reasons', () => {
    const text = renderPage([score(results)], [], '2026-01-02', '')
    expect(text).toContain('| theirs | 1.0 | 4 | 2 | 1 | 1 |')
    expect(text).toContain('| theirs | 1 | it is late | RFC 1234 §5 |')
    expect(text).toContain('| theirs | 1 | it is about a file |')
    expect(faults(text)).toEqual([])
  })
  it('shows a count that does not add up if a disagreement is not settled', () => {
    const text = renderPage([score([...results, { id: 'e', outcome: 'disagrees', detail: '' }])], [], '2026-01-02', '')
    expect(faults(text)).toEqual(['theirs: disagreements', 'all: disagreements'])
  })
})
