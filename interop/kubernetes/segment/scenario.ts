import type { SegmentLab, SegmentLabOptions } from './segment-lab.ts'

export interface SegmentScenario extends SegmentLabOptions {
  /** Subject, verb, outcome. */
  readonly title: string
  /** Rejects if the outcome is not the expected one. No agent runs yet. Resolves with figures to print. */
  run(lab: SegmentLab): Promise<unknown>
}
