import { afterEach, expect, it, vi } from 'vitest'
import { parseYaml, YAML_LIMITS } from './yaml.ts'

afterEach(() => void vi.restoreAllMocks())

const brackets = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
/** Two tokens for each. */
const comments = (count: number): string => '#\n'.repeat(count)

it('parseYaml() takes what is within its limits', async () => {
  expect((await parseYaml('a: [1, x]\nb: { c: true }'))?.toJS()).toEqual({ a: [1, 'x'], b: { c: true } })
  expect((await parseYaml(brackets(90)))?.errors).toEqual([])
  expect((await parseYaml(comments(24_000)))?.errors).toEqual([])
  expect((await parseYaml(''))?.toJS()).toBeNull()
  expect(YAML_LIMITS).toBe('at most 100 levels and 50000 tokens of YAML')
})
it.each([
  ['too many levels', brackets(101)],
  ['levels without an end', '['.repeat(100_000)],
  ['too many tokens', comments(26_000)],
])('parseYaml() has no document of a text with %s', async (_, text) => {
  expect(await parseYaml(text)).toBeUndefined()
})
it('parseYaml() merges maps if that is asked for', async () => {
  const text = 'a: &a { x: 1 }\nb: { <<: *a }'
  expect((await parseYaml(text, { merge: true }))?.toJS()).toMatchObject({ b: { x: 1 } })
  expect((await parseYaml(text))?.toJS()).not.toMatchObject({ b: { x: 1 } })
})
it('parseYaml() writes no warning of the library, which would quote the text', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const document = await parseYaml('a: !secret x')
  document?.toJS()
  expect([document?.warnings.length, warn.mock.calls]).toEqual([1, []])
})
