import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { crucial, explanations } from './explanations.ts'
import { mutationPage, type Report, unexplained } from './page.ts'
import { shouldIgnore } from './sentences.ts'

const place = {
  date: '2026-01-01',
  versions: 'StrykerJS 1',
  sources: { wire: ['wire/src/a.ts', 'wire/src/b.ts'], linux: ['linux/src/c.ts'] },
}
const reportOf = (file: string, ...statuses: readonly string[]): Report => ({
  files: {
    [`packages/${file}`]: {
      source: 'return one\n  + two',
      mutants: statuses.map(status => ({
        status,
        mutatorName: 'Arithmetic',
        replacement: 'one - two',
        location: { start: { line: 1, column: 8 }, end: { line: 2, column: 8 } },
      })),
    },
  },
})
const rowsOf = (page: string) => page.split('\n').filter(line => /^\| (`wire\/src\/[ab].ts|wire|linux)/.test(line))

describe('the page', () => {
  it('has a row for each file that was run, and sums by package', () => {
    const page = mutationPage('', reportOf('wire/src/a.ts', 'Killed', 'Timeout', 'Survived', 'NoCoverage'), place)
    expect(rowsOf(page)).toEqual([
      '| wire | 1 of 2 | 4 | 2 | 2 | 0 | 50.0 % |',
      '| linux | 0 of 1 | not run |  |  |  |  |',
      '| `wire/src/a.ts` | 2026-01-01 | 4 | 2 | 2 | 0 | 50.0 % |',
    ])
  })
  it('does not count what is ignored', () => {
    const page = mutationPage('', reportOf('wire/src/a.ts', 'Killed', 'Ignored', 'CompileError'), place)
    expect(rowsOf(page)[0]).toBe('| wire | 1 of 2 | 1 | 1 | 0 | 0 | 100.0 % |')
  })
  it('keeps the rows of other files, and replaces those of the same file', () => {
    const first = mutationPage('', reportOf('wire/src/a.ts', 'Survived'), place)
    const second = mutationPage(first, reportOf('wire/src/b.ts', 'Killed'), { ...place, date: '2026-01-02' })
    const third = mutationPage(second, reportOf('wire/src/a.ts', 'Killed'), { ...place, date: '2026-01-03' })
    expect(rowsOf(third)).toEqual([
      '| wire | 2 of 2 | 2 | 2 | 0 | 0 | 100.0 % |',
      '| linux | 0 of 1 | not run |  |  |  |  |',
      '| `wire/src/a.ts` | 2026-01-03 | 1 | 1 | 0 | 0 | 100.0 % |',
      '| `wire/src/b.ts` | 2026-01-02 | 1 | 1 | 0 | 0 | 100.0 % |',
    ])
  })
  it('names the files without a row', () => {
    const page = mutationPage('', reportOf('wire/src/a.ts', 'Killed'), place)
    expect(page).toContain('or were not run: `wire/src/b.ts`, `linux/src/c.ts`.')
  })
  it('says in which crucial file a survivor is not explained', () => {
    const sources = { session: ['session/src/fsm.ts'] }
    const sentenceOf = (...statuses: readonly string[]) =>
      /each survivor is explained.*?:/.exec(
        mutationPage('', reportOf('session/src/fsm.ts', ...statuses), { ...place, sources }),
      )?.[0]
    expect(sentenceOf('Killed', 'Survived')).toBe('each survivor is explained, but not 1 in `session/src/fsm.ts`:')
    expect(sentenceOf('Killed')).toBe('each survivor is explained:')
  })
  it('drops the row of a file that was removed', () => {
    const page = mutationPage('', reportOf('wire/src/former.ts', 'Killed'), place)
    expect(page).not.toContain('former.ts')
  })
})

it('a survivor without an explanation is printed with its place and its change', () => {
  expect(unexplained(reportOf('wire/src/a.ts', 'Killed', 'Survived'))).toEqual([
    'packages/wire/src/a.ts:1:8 Survived Arithmetic: one + two -> one - two',
  ])
})

describe('a string', () => {
  it('is not changed if it is a sentence', () => {
    expect(shouldIgnore({ node: { type: 'StringLiteral', value: 'no answer' } })).toBeDefined()
    const quasis = [{ value: { raw: 'no answer within ' } }, { value: { raw: ' s' } }]
    expect(shouldIgnore({ node: { type: 'TemplateLiteral', quasis } })).toBeDefined()
  })
  it('is changed if it is a code', () => {
    expect(shouldIgnore({ node: { type: 'StringLiteral', value: 'no-answer' } })).toBeUndefined()
    const quasis = [{ value: { raw: '' } }, { value: { raw: '/' } }, { value: { raw: '' } }]
    expect(shouldIgnore({ node: { type: 'TemplateLiteral', quasis } })).toBeUndefined()
  })
})

it.each(crucial)('the crucial file is there: %s', file => {
  expect(existsSync(new URL(`../../packages/${file}`, import.meta.url))).toBe(true)
})

it.each(explanations)(
  'an explanation is about code that is there: $file: $code',
  ({ file, code, line = code, becomes }) => {
    const source = readFileSync(new URL(`../../packages/${file}`, import.meta.url), 'utf8')
    expect(source.replace(/\s+/g, ' ')).toContain(line)
    expect(line).toContain(code)
    expect(becomes).not.toBe(code)
  },
)
