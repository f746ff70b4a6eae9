import type { Scenario } from '../scenario.ts'
import { addresses } from './address.ts'
import { checks } from './check.ts'
import { clock } from './clock.ts'
import { drills } from './drill.ts'
import { election } from './election.ts'
import { etcd } from './etcd.ts'
import { handover } from './handover.ts'
import { health } from './health.ts'
import { identity } from './identity.ts'
import { maintenance } from './maintenance.ts'
import { pairs } from './pairs.ts'
import { rolling } from './rolling.ts'
import { router } from './router.ts'
import { secondSpeaker } from './second-speaker.ts'

/** Every scenario, in the order in which they run. */
export const scenarios: readonly Scenario[] = [
  ...handover,
  ...rolling,
  ...maintenance,
  ...drills,
  ...election,
  ...etcd,
  ...health,
  ...addresses,
  ...identity,
  ...checks,
  ...clock,
  ...router,
  ...secondSpeaker,
  ...pairs,
]
