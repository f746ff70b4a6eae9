import { bird } from './bird.ts'
import { bird3 } from './bird3.ts'
import { exabgp } from './exabgp.ts'
import { frr } from './frr.ts'
import { gobgp } from './gobgp.ts'
import { openbgpd } from './openbgpd.ts'
import type { Daemon } from './router.ts'

/** Every daemon that a lab can start, in the order of the matrix. */
export const daemons = { bird, bird3, frr, gobgp, openbgpd, exabgp } as const satisfies {
  [name: string]: Daemon
}

export type DaemonName = keyof typeof daemons
