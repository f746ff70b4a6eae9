import type { SegmentLab } from './segment-lab.ts'

export interface SegmentScenario {
  /** Subject, verb, outcome. */
  readonly title: string
  /** More options of the program. */
  readonly options?: readonly string[]
  /** Rejects if the outcome is not the expected one. No agent runs yet. Resolves with figures to print. */
  run(lab: SegmentLab): Promise<unknown>
}
