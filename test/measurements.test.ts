/** The pages with measurements have one form: a question, three sentences, a plot, tables with their command, and what was done. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const root = new URL('../', import.meta.url)
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { scripts: object } // it has them

const pages = ['performance', 'peers', 'politeness', 'scale', 'failover', 'nemesis']

describe.each(pages)('docs/%s.md', name => {
  const page = readFileSync(new URL(`docs/${name}.md`, root), 'utf8')
  const [title = '', question = '', answer = '', plot = ''] = page.split('\n\n')

  it('begins with a question, three sentences and a plot', () => {
    expect(title).toMatch(/^# /)
    expect(question).toMatch(/\?$/)
    expect(answer.match(/^- /gm)).toHaveLength(3)
    expect(plot).toMatch(new RegExp(`^!\\[.{30,}\\]\\(${name}\\.svg\\)$`))
  })
  it('has the date, the command and the machine before the first table of each part', () => {
    const parts = [...page.matchAll(/<!-- ([\w ]+) -->\n+(.*?)<!-- \/\1 -->/gs)].map(([, , part = '']) => part)
    expect(parts).not.toEqual([])
    for (const part of parts) {
      const [, script] =
        /^Measured on \d{4}-\d\d-\d\d by `npx --yes pnpm@12 (\S+?)( [^`]+)?`: \S.+\.$/m.exec(part) ?? []
      expect(scripts).toHaveProperty([script ?? 'none'])
      expect(part.indexOf('Measured on')).toBe(0)
      expect(part).toContain('\n|')
    }
  })
  it('leads to the other measurements', () => {
    const others = pages.filter(other => other !== name)
    expect(others.filter(other => !page.includes(`(${other}.md)`))).toEqual([])
  })
})
