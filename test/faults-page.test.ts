import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const root = new URL('..', import.meta.url)
const faults = new URL('interop/faults/', root)

it('docs/faults.md names each file of tests of connection faults, and no other', () => {
  const page = readFileSync(new URL('docs/faults.md', root), 'utf8').split('## A control plane of three nodes')[0] ?? ''
  const named = [...page.matchAll(/\| `([^`]+)`\s*\|$/gm)].map(
    ([, name = '']) => new URL(`${name}.test.ts`, faults).href,
  )
  const files = readdirSync(faults).filter(file => file.endsWith('.test.ts'))
  for (const file of files) expect(named).toContain(new URL(file, faults).href)
  for (const file of named) expect(existsSync(new URL(file)), file).toBe(true)
})

it('docs/faults.md names each file of scenarios of a control plane, and no other', () => {
  const page = readFileSync(new URL('docs/faults.md', root), 'utf8').split('## A control plane of three nodes')[1] ?? ''
  const [, , ...rows] = page.split('\n### ')[0]?.match(/^\|.*\|$/gm) ?? []
  const named = rows.flatMap(
    row =>
      row
        .split('|')
        .at(-2)
        ?.match(/[\w-]+/g) ?? [],
  )
  const files = readdirSync(new URL('interop/kubernetes/scenarios', root)).map(file => file.replace('.ts', ''))
  expect([...new Set(named)].sort()).toEqual(files.filter(file => file !== 'all' && file !== 'pairs').sort())
})
