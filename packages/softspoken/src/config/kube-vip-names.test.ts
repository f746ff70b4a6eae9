/** docs/coming-from.md has each of kube-vip's names that has a meaning here, once. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { isUnknown, understood, unused } from './kube-vip-names.ts'
import { optionTable } from './options.ts'

const page = readFileSync(new URL('../../../../docs/coming-from.md', import.meta.url), 'utf8')
const [, section = ''] = /^## kube-vip$(.*?)^## /ms.exec(page) ?? []
const [first = '', second = ''] = section.split(/^These cause a warning/m)
/** The names between backticks in the column, of the rows of a table. */
const namesIn = (text: string, column: number): string[] =>
  (text.match(/^\| `.*$/gm) ?? []).flatMap(row =>
    [...(row.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  )

it("docs/coming-from.md has kube-vip's names, and in a table those with a warning", () => {
  const warned = unused.map(([name]) => name)
  expect(namesIn(second, 1).sort()).toEqual([...warned].sort())
  expect(namesIn(first, 1).sort()).toEqual([...understood].filter(name => !warned.includes(name)).sort())
})
it('docs/coming-from.md names options that exist', () => {
  const names = new Set<string>(optionTable.map(({ name }) => name))
  const others = ['auto', 'unnumbered:', '/healthz', '/readyz', '/metrics']
  const named = [...namesIn(first, 2), ...namesIn(second, 2)].map(name => name.replace(/: .*/, ''))
  expect(named.filter(name => !names.has(name) && !others.includes(name))).toEqual([])
})
it("a name that looks like kube-vip's, and is none, is unknown", () => {
  expect(['vip_x', 'svc_namespace', 'PATH', 'bgp_as'].filter(isUnknown)).toEqual(['vip_x', 'svc_namespace'])
})
