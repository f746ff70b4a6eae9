import type { SegmentScenario } from '../scenario.ts'
import { changes } from './changes.ts'
import { conflicts } from './conflicts.ts'
import { drills } from './drill.ts'
import { faults } from './faults.ts'
import { frames } from './frames.ts'

/** Every scenario, in the order in which they run. */
export const segmentScenarios: readonly SegmentScenario[] = [...frames, ...faults, ...changes, ...conflicts, ...drills]
