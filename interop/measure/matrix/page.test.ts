/** A run of all behaviours takes a quarter of an hour. These tests check that its stored results match the tests in interop/behaviours. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it, vi } from 'vitest'
import { type DaemonName, daemons } from '../../lab/daemons.ts'
import { type Configurations, kindOf } from '../../lab/for-each-daemon.ts'
import { readMatrix } from './matrix.ts'
import { renderPage, withSummary } from './page.ts'

/** By title: the configurations of each behaviour test. */
const tests = vi.hoisted(() => new Map<string, Configurations>())

// The test files are imported, and only register their titles here.
vi.mock('../../lab/for-each-daemon.ts', async original => ({
  ...(await original<typeof import('../../lab/for-each-daemon.ts')>()),
  forEachDaemon: (configurations: Configurations, behaviour: string) => tests.set(behaviour, configurations),
}))

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const folder = fileURLToPath(new URL('../../behaviours/', import.meta.url))
for (const file of readdirSync(folder).filter(name => name.endsWith('.test.ts')))
  if (text(`interop/behaviours/${file}`).includes('forEachDaemon(')) await import(`${folder}${file}`)

const matrix = readMatrix()
const names = matrix.daemons.map(({ daemon }) => daemon)

it('docs/interop.md is what the stored results render to', () => {
  expect(text('docs/interop.md')).toBe(renderPage(matrix))
})

it('README.md has the summary of the stored results', () => {
  expect(text('README.md')).toBe(withSummary(text('README.md'), matrix))
})

it('the matrix has all daemons in the order of the lab; GoBGP 4 may be missing', () => {
  const all = Object.keys(daemons) as DaemonName[] // the keys of our own table
  expect(names).toEqual(all.filter(name => name !== 'gobgp4' || names.includes(name)))
})

it('the matrix has a row for each behaviour test, and no other', () => {
  expect(matrix.behaviours.map(({ behaviour }) => behaviour).sort()).toEqual([...tests.keys()].sort())
})

it('each result is pass or fail, or the reason that the test gives', () => {
  for (const { behaviour, results } of matrix.behaviours)
    for (const name of names) {
      const configurations = tests.get(behaviour)
      const config = configurations?.[name] ?? configurations?.[kindOf(name)]
      if (typeof config === 'string') expect(results[name], behaviour).toEqual({ reason: config })
      else expect(['pass', 'fail'], `${behaviour}: ${name}`).toContain(results[name])
    }
})
