import { bird } from './bird.ts'
import type { Daemon } from './router.ts'

/** Reads the configuration of BIRD 2, and is asked in the same words. */
export const bird3: Daemon = { ...bird, name: 'BIRD 3', image: 'softspoken-interop/bird3' }
