import { expect, it } from 'vitest'
import type { Verdict } from './judge.ts'
import { report } from './report.ts'

const verdict: Verdict = {
  breaks: [],
  overlaps: [{ at: 1000, until: 1499, cause: 'term' }],
  absences: [],
  gaps: [
    { at: 0, until: 5000, cause: 'kill' },
    { at: 9000, until: 9050, cause: undefined },
  ],
  faults: [{ kind: 'fault', fault: 'kill', node: 'n1', at: 0, until: 1 }],
  seconds: 100,
  leaders: 2,
  requests: 2000,
  unanswered: 101,
  recovered: undefined,
}
const text = report(
  [
    { mode: 'leader', verdict },
    { mode: 'standby', verdict },
  ],
  { command: 'test:nemesis --minutes 1 --seed 1', date: '2026-11-26', machine: 'a machine' },
)

it('report() counts each duration in the bin that begins with it', () => {
  expect(text).toContain('\n| 0 to 0.1 | 0 | 0 | 1 | 0 | 0 | 1 |\n| 0.1 to 0.5 | 1 | 0 | 0 | 1 | 0 | 0 |\n')
  expect(text).toContain('\n| 5 to 10 | 0 | 0 | 1 | 0 | 0 | 1 |\n')
})
it('report() has the cause, the longest, and whether a node serves again', () => {
  expect(text).toContain('\n| agent killed (SIGKILL) | 1 |  |  | 1 (5.00) |')
  expect(text).toContain('| no answer | 2, 5.0 s (5.0 %), longest 5.00 s |')
  expect(text).toContain('| one node serves again after the end | no |')
})
