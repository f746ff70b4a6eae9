/** docs/interop.md is made by a run that takes twenty minutes; here is held that it speaks of the tests that there are. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'
import { type DaemonName, daemons } from '../../lab/daemons.ts'
import { type Configurations, kindOf } from '../../lab/for-each-daemon.ts'
import { type Cell, read, withSummary } from './matrix.ts'

/** By behaviour: what its file asks of each daemon. */
const tests = vi.hoisted(() => new Map<string, Configurations>())

// The files are read as they are, and tell what they would run.
vi.mock('../../lab/for-each-daemon.ts', async original => ({
  ...(await original<typeof import('../../lab/for-each-daemon.ts')>()),
  against: (configurations: Configurations, behaviour: string) => tests.set(behaviour, configurations),
}))

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const folder = fileURLToPath(new URL('../../behaviours/', import.meta.url))
for (const file of readdirSync(folder).filter(name => name.endsWith('.test.ts')))
  if (text(`interop/behaviours/${file}`).includes('against(')) await import(`${folder}${file}`)

const matrix = read(text('docs/interop.md'))
const names = Object.keys(daemons).slice(0, matrix.columns.length) as DaemonName[] // of an object of ours

describe('docs/interop.md', () => {
  it('has a column for each daemon, in their order; GoBGP 4 may be missing', () => {
    expect(matrix.columns.length).toBeGreaterThanOrEqual(Object.keys(daemons).length - 1)
    for (const [i, name] of names.entries())
      expect(matrix.columns[i]).toMatch(new RegExp(`^${daemons[name].name.split(' ')[0]} `))
  })

  it('has a row for each behaviour that is tested, and no other', () => {
    expect([...matrix.rows.keys()].sort()).toEqual([...tests.keys()].sort())
  })

  it('has a dash exactly where a test has a reason, and gives that reason', () => {
    const dashes = (cells: readonly (Cell | undefined)[]) =>
      cells.map(cell => (typeof cell === 'object' ? cell.reason : ''))
    for (const [behaviour, configurations] of tests) {
      const asked = names.map(name => configurations[name] ?? configurations[kindOf(name)])
      const reasons = asked.map(config => (typeof config === 'string' ? config : ''))
      expect(dashes(matrix.rows.get(behaviour) ?? []), behaviour).toEqual(reasons)
    }
  })

  it('has a result in every other cell', () => {
    for (const [behaviour, cells] of matrix.rows) expect(cells, behaviour).not.toContain('not run')
  })
})

it('the README counts what docs/interop.md has', () => {
  expect(text('README.md')).toBe(withSummary(text('README.md'), matrix))
})
