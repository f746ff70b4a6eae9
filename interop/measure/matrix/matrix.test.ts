import { expect, it } from 'vitest'
import type { Suite } from '../../lab/suite.ts'
import { fromReport, mergeRerun } from './matrix.ts'
import { renderPage } from './page.ts'

const test = (status: string, interop?: object, behaviour = 'withdraws: the route leaves') => ({
  ancestorTitles: [behaviour],
  status,
  meta: { ...(interop && { interop }) },
})
const run = (suite: Suite, ...assertionResults: object[]) =>
  fromReport(
    JSON.stringify({
      startTime: Date.UTC(2026, 0, 2),
      testResults: [{ endTime: Date.UTC(2026, 0, 2, 0, 3), assertionResults }],
    }),
    suite,
  )
const matrix = run(
  'trixie',
  test('passed', { daemon: 'bird', version: '2.17.1' }),
  test('failed', { daemon: 'frr', version: '10.3' }),
  test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
  test('passed', { daemon: 'bird', version: '2.17.1' }, 'establishes'),
  test('passed'),
)

it('renders a row per behaviour, a column per daemon, and a footnote per reason', () => {
  const text = renderPage([matrix])
  expect(text).toContain('- Debian trixie: on 2026-01-02, in 3 minutes')
  expect(text).toContain('|  | BIRD 2.17.1 | FRR 10.3 | ExaBGP |')
  expect(text).toContain('| withdraws: the route leaves | pass | fail | –[^1] |')
  expect(text).toContain('| establishes | pass | not run | not run |')
  expect(text).toContain('[^1]: The daemon keeps no routes.')
})

it('renders both versions of a daemon in one column, and two results if they differ', () => {
  const newer = run(
    'forky',
    test('failed', { daemon: 'bird', version: '2.20.0' }),
    test('failed', { daemon: 'frr', version: '10.7.1' }),
    test('passed', { daemon: 'exabgp', version: '5.0.15' }),
  )
  const text = renderPage([matrix, newer])
  expect(text).toContain('|  | BIRD 2.17.1, 2.20.0 | FRR 10.3, 10.7.1 | ExaBGP, 5.0.15 |')
  expect(text).toContain('| withdraws: the route leaves | pass, fail | fail | –[^1], pass |')
  expect(text).toContain('| establishes | pass, not run | not run | not run |')
})

it('leaves out tests that are not part of the matrix', () => {
  expect(matrix.behaviours.map(({ behaviour }) => behaviour)).toEqual(['establishes', 'withdraws: the route leaves'])
})

it('takes the later result of a rerun, and shows the earlier failure', () => {
  const later = run(
    'trixie',
    test('passed', { daemon: 'bird', version: '2.17.1' }),
    test('passed', { daemon: 'frr', version: '10.3' }),
    test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
  )
  const text = renderPage([mergeRerun(matrix, later)])
  expect(text).toContain('| withdraws: the route leaves | pass | pass | –[^1] |')
  expect(text).toContain('| establishes | pass | not run | not run |')
  expect(text).toContain('\n- 2026-01-02: withdraws: the route leaves (had failed with FRR 10.3)\n')
})

it('adds a behaviour that was not in the matrix', () => {
  const later = run('trixie', test('passed', { daemon: 'bird', version: '2.17.1' }, 'drains'))
  const text = renderPage([mergeRerun(matrix, later)])
  expect(text).toContain('| drains | pass | not run | not run |')
  expect(text).toContain('\n- 2026-01-02: drains (a new test)\n')
})

it('rejects a rerun with another version of a daemon', () => {
  const other = run('trixie', test('passed', { daemon: 'bird', version: '2.18.0' }))
  expect(() => mergeRerun(matrix, other)).toThrow('the run has BIRD 2.18.0, the matrix has BIRD 2.17.1')
})
