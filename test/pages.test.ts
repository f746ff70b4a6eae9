/** Each page with commands is run by a test, or its first paragraph says that it is not. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { matchesOutput } from '@softspoken/test-support/page/output'
import { hasCommands, isExcluded, stepsOf } from '@softspoken/test-support/page/steps'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...patterns], {
    cwd: root,
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** CONTRIBUTING.md and interop/ are for those who run the tests. */
const pages = files('*.md', ':!CONTRIBUTING.md', ':!interop/*', ':!.*').filter(page => hasCommands(read(page)))
const calls = files('*.ts').flatMap(file => read(file).match(/(?<=runPage\(')[^']+/g) ?? [])

describe('a page with commands', () => {
  it.each(pages)('is run by a test, or says that it is not: %s', page => {
    const says = isExcluded(read(page)) || stepsOf(read(page)).length === 0
    expect([calls.includes(page) || linksToItsTest(page), says]).toContain(true)
    expect(calls.includes(page) && isExcluded(read(page))).toBe(false)
  })
  it.each(pages)('has them in blocks with the name sh: %s', page => {
    expect(read(page)).not.toMatch(/^ *```(bash|shell|console)$/m)
  })
})

/** Whether the page links to a program that names the page. */
function linksToItsTest(page: string): boolean {
  const links = [...read(page).matchAll(/\]\(([^)#]+\.ts)\)/g)].map(([, link = '']) => join(dirname(page), link))
  return links.some(link => read(link).includes(page))
}

describe('the steps of a page', () => {
  const block = (language: string, code: string) => `\`\`\`${language}\n${code}\n\`\`\`\n\n`
  it('are its commands with the output that follows', () => {
    const page = `${block('sh', 'one')}${block('text', '1')}${block('sh', 'two')}It prints:\n\n${block('text', '2')}`
    expect(stepsOf(page)).toMatchObject([
      { code: 'one\n', output: '1\n', line: 1 },
      { code: 'two\n', output: '2\n' },
    ])
  })
  it('have no output from a block after other text', () => {
    const page = `${block('sh', 'one')}A picture.\n\nIt shows:\n\n${block('text', '1')}`
    expect(stepsOf(page).map(({ output }) => output)).toEqual([undefined])
  })
  it('have a Ctrl-C if the text has one', () => {
    const page = `${block('sh', 'one')}Press Ctrl-C:\n\n${block('text', 'end')}`
    expect(stepsOf(page)).toMatchObject([{ action: 'run' }, { action: 'interrupt', output: 'end\n' }])
  })
  it('have no command that a test does not run', () => {
    expect(stepsOf(`(This was not run by\na test: why.)\n\n${block('sh', 'one')}`)).toEqual([])
  })
})

describe('an output', () => {
  it.each([
    ['12:00:00.1  up 5 s', '17:31:02.345 up 12.5 s'],
    ['3 packets …', '3 packets transmitted'],
    ['first\n…\nlast', 'first\nsecond\nthird\nlast\n'],
    ['time=0.05 ms', 'time=0.112 ms'],
  ])('may differ in times, spaces and …: %j', (expected, actual) => {
    expect(matchesOutput(expected, actual)).toBe(true)
  })
  it.each([
    ['AS 64515', 'AS 64516'],
    ['up', 'up\ndown'],
    ['first\n…\nlast', 'first\nsecond'],
    ['a.c', 'abc'],
    ['198.51.100.10/32 …', '198.51.100.11/32 via'],
  ])('may differ in nothing else: %j', (expected, actual) => {
    expect(matchesOutput(expected, actual)).toBe(false)
  })
})
