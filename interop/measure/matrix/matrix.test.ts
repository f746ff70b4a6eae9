import { expect, it } from 'vitest'
import { fromReport, page, read, runAgain, summary, withSummary } from './matrix.ts'

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
const found = fromReport(
  report(
    test('passed', { daemon: 'bird', version: '2.17.1' }),
    test('failed', { daemon: 'frr', version: '10.3' }),
    test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
    test('passed', { daemon: 'bird', version: '2.17.1' }, 'establishes'),
    test('passed'),
  ),
)

it('has a row for a behaviour and a column for a daemon, with versions, and a footnote for what cannot be', () => {
  const text = page(found)
  expect(text).toContain('on\n2026-01-02, in 3 minutes')
  expect(text).toContain('|  | BIRD 2.17.1 | FRR 10.3 | ExaBGP |')
  expect(text).toContain('| withdraws: the route leaves | pass | fail | –[^1] |')
  expect(text).toContain('| establishes | pass | not run | not run |')
  expect(text).toContain('[^1]: keeps no routes.')
})

it('says nothing of tests that are no cells', () => {
  expect([...found.rows.keys()]).toEqual(['withdraws: the route leaves', 'establishes'])
})

it('reads what it wrote', () => {
  const again = runAgain(found, found)
  expect(page(read(page(again)))).toBe(page(again))
})

it('takes the later result of what is run again, and says what there was before', () => {
  const later = fromReport(
    report(
      test('passed', { daemon: 'bird', version: '2.17.1' }),
      test('passed', { daemon: 'frr', version: '10.3' }),
      test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
    ),
  )
  const text = page(runAgain(found, later))
  expect(text).toContain('| withdraws: the route leaves | pass | pass | –[^1] |')
  expect(text).toContain('| establishes | pass | not run | not run |')
  expect(text).toContain('\n- 2026-01-02: withdraws: the route leaves (had failed with FRR 10.3)\n')
})

it('refuses to run again what had other columns', () => {
  const other = fromReport(report(test('passed', { daemon: 'bird', version: '2.18.0' })))
  expect(() => runAgain(found, other)).toThrow('has BIRD 2.18.0, where docs/interop.md has BIRD 2.17.1')
})

it('counts in the README, where there is a place for it', () => {
  const text = 'before\n<!-- interop: written by interop/measure/matrix/run.ts -->\nold\n<!-- /interop -->\nafter'
  expect(withSummary(text, found)).toBe(text.replace('old', summary(found)))
  expect(summary(found)).toContain('| BIRD 2.17.1 | 2 | 0 | 0 |\n| FRR 10.3 | 0 | 2 | 0 |\n| ExaBGP | 0 | 1 | 1 |')
  expect(() => withSummary('nothing', found)).toThrow('README.md has no place')
})
