import { expect, it } from 'vitest'
import { fromReport, page } from './matrix.ts'

const test = (status: string, interop?: object) => ({
  ancestorTitles: ['withdraws: the route leaves'],
  status,
  meta: { ...(interop && { interop }) },
})
const report = JSON.stringify({
  startTime: Date.UTC(2026, 0, 2),
  testResults: [
    {
      endTime: Date.UTC(2026, 0, 2, 0, 3),
      assertionResults: [
        test('passed', { daemon: 'bird', version: '2.17.1' }),
        test('failed', { daemon: 'frr', version: '10.3' }),
        test('skipped', { daemon: 'exabgp', reason: 'keeps no routes' }),
        test('passed'),
      ],
    },
  ],
})

it('has a row for a behaviour and a column for a daemon, with versions, and a footnote for what cannot be', () => {
  const text = page(fromReport(report))
  expect(text).toContain('on\n2026-01-02, in 3 minutes')
  expect(text).toContain('|  | BIRD 2.17.1 | BIRD | FRR 10.3 |')
  expect(text).toContain('| withdraws: the route leaves | pass | not run | fail | not run | not run | –[^1] |')
  expect(text).toContain('[^1]: keeps no routes.')
})

it('says nothing of tests that are no cells', () => {
  expect(fromReport(report).cells).toHaveLength(3)
})
