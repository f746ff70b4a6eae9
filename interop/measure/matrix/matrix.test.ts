import { expect, it } from 'vitest'
import { fromReport, mergeRerun } from './matrix.ts'
import { renderPage, renderSummary, withSummary } from './page.ts'

const test = (status: string, interop?: object, behaviour = 'withdraws: the route leaves') => ({
  ancestorTitles: [behaviour],
  status,
  meta: { ...(interop && { interop }) },
})
const report = (...assertionResults: object[]) =>
  JSON.stringify({
    startTime: Date.UTC(2026, 0, 2),
    testResults: [{ endTime: Date.UTC(2026, 0, 2, 0, 3), assertionResults }],
  })
const matrix = fromReport(
  report(
    test('passed', { daemon: 'bird', version: '2.17.1' }),
    test('failed', { daemon: 'frr', version: '10.3' }),
    test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
    test('passed', { daemon: 'bird', version: '2.17.1' }, 'establishes'),
    test('passed'),
  ),
)

it('renders a row per behaviour, a column per daemon, and a footnote per reason', () => {
  const text = renderPage(matrix)
  expect(text).toContain('on 2026-01-02, in 3 minutes')
  expect(text).toContain('|  | BIRD 2.17.1 | FRR 10.3 | ExaBGP |')
  expect(text).toContain('| withdraws: the route leaves | pass | fail | –[^1] |')
  expect(text).toContain('| establishes | pass | not run | not run |')
  expect(text).toContain('[^1]: keeps no routes.')
})

it('leaves out tests that are not part of the matrix', () => {
  expect(matrix.behaviours.map(({ behaviour }) => behaviour)).toEqual(['establishes', 'withdraws: the route leaves'])
})

it('takes the later result of a rerun, and shows the earlier failure', () => {
  const later = fromReport(
    report(
      test('passed', { daemon: 'bird', version: '2.17.1' }),
      test('passed', { daemon: 'frr', version: '10.3' }),
      test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
    ),
  )
  const text = renderPage(mergeRerun(matrix, later))
  expect(text).toContain('| withdraws: the route leaves | pass | pass | –[^1] |')
  expect(text).toContain('| establishes | pass | not run | not run |')
  expect(text).toContain('\n- 2026-01-02: withdraws: the route leaves (had failed with FRR 10.3)\n')
})

it('adds a behaviour that was not in the matrix', () => {
  const later = fromReport(report(test('passed', { daemon: 'bird', version: '2.17.1' }, 'drains')))
  const text = renderPage(mergeRerun(matrix, later))
  expect(text).toContain('| drains | pass | not run | not run |')
  expect(text).toContain('\n- 2026-01-02: drains (a new test)\n')
})

it('rejects a rerun with another version of a daemon', () => {
  const other = fromReport(report(test('passed', { daemon: 'bird', version: '2.18.0' })))
  expect(() => mergeRerun(matrix, other)).toThrow('the run has BIRD 2.18.0, the matrix has BIRD 2.17.1')
})

it('writes the summary into the marked place of README.md', () => {
  const text = 'before\n<!-- interop: written by interop/measure/matrix/run.ts -->\nold\n<!-- /interop -->\nafter'
  expect(withSummary(text, matrix)).toBe(text.replace('old', renderSummary(matrix)))
  expect(renderSummary(matrix)).toContain(
    '| BIRD 2.17.1 | 2 | 0 | 0 |\n| FRR 10.3 | 0 | 2 | 0 |\n| ExaBGP | 0 | 1 | 1 |',
  )
  expect(() => withSummary('nothing', matrix)).toThrow('README.md has no place')
})
