/** The project's README: a command that the program understands, the page, code that compiles. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compilerErrors } from '@softspoken/test-support/compiler-errors'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../tools/configuration.ts'

const root = new URL('../../../', import.meta.url)
const readme = readFileSync(new URL('README.md', root), 'utf8')
const blocks = (language: string) =>
  Array.from(readme.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs')), ([, code]) => code).join('\n')

describe('the README', () => {
  it('has a command that the program accepts', async () => {
    const [, words = ''] = /pnpm@12 announce (.*)/s.exec(blocks('sh').replaceAll('\\\n', '')) ?? []
    const { options } = await readConfiguration(words.trim().split(/\s+/), {})
    expect(options).toMatchObject({ prefix: ['198.51.100.10/32'], health: 'tcp://127.0.0.1:6443' })
  })
  it('has a picture of the page that exists', () => {
    const [, picture = ''] = /<img src="([^"]+)"/.exec(readme) ?? []
    expect(picture).not.toBe('')
    expect(existsSync(new URL(picture, root))).toBe(true)
  })
  it('has code that compiles', { timeout: 60_000 }, () => {
    const mistake = "announcer.announce('198.51.100.11/32', { gates: health })" // the only error to find
    const code = `declare const ca: string\n${blocks('ts')}\n${mistake}`
    const file = fileURLToPath(new URL('embedding.ts', import.meta.url)) // the file does not exist
    expect(code).toContain('announcer.announce(')
    expect(compilerErrors(file, code)).toEqual([expect.stringContaining('gates')])
  })
})
