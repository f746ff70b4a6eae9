/** A run of all behaviours takes a quarter of an hour. These tests check that its stored results match the tests in interop/behaviours. */
import { readFileSync } from 'node:fs'
import { expect, it, vi } from 'vitest'
import { daemons } from '../../lab/daemons.ts'
import { type Configurations, configurationOf, kindOf } from '../../lab/for-each-daemon.ts'
import { suites } from '../../lab/suite.ts'
import { behaviourFiles, readMatrices } from './matrix.ts'
import { renderPage } from './page.ts'

/** By title: the configurations of each behaviour test. */
const tests = vi.hoisted(() => new Map<string, Configurations>())

// The test files are imported, and only register their titles here.
vi.mock('../../lab/for-each-daemon.ts', async original => ({
  ...(await original<typeof import('../../lab/for-each-daemon.ts')>()),
  forEachDaemon: (configurations: Configurations, behaviour: string) => tests.set(behaviour, configurations),
}))

const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
for (const file of behaviourFiles()) await import(file)

const matrices = readMatrices()

it('docs/interop.md is what the stored results render to', () => {
  expect(text('docs/interop.md')).toBe(renderPage(matrices))
})

it('there is a matrix for each suite', () => {
  expect(matrices.map(({ suite }) => suite)).toEqual(suites)
})

it.each(matrices)('the matrix of $suite has all daemons in the order of the lab', matrix => {
  expect(matrix.daemons.map(({ daemon }) => daemon)).toEqual(Object.keys(daemons))
})

it.each(matrices)('the matrix of $suite has a row for each behaviour test, and no other', matrix => {
  expect(matrix.behaviours.map(({ behaviour }) => behaviour).sort()).toEqual([...tests.keys()].sort())
})

it.each(matrices)('each result of $suite is pass or fail, or the reason that the test gives', matrix => {
  for (const { behaviour, results } of matrix.behaviours)
    for (const { daemon: name } of matrix.daemons) {
      const config = configurationOf(tests.get(behaviour)!, kindOf(name), matrix.suite) // the former test finds one that is missing
      if (typeof config === 'string') expect(results[name], behaviour).toEqual({ reason: config })
      else expect(['pass', 'fail'], `${behaviour}: ${name}`).toContain(results[name])
    }
})
