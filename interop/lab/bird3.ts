import { bird } from './bird.ts'
import type { Daemon } from './router.ts'

/** Reads the configuration of BIRD 2, and is asked in almost the same words. */
export const bird3: Daemon = {
  ...bird,
  name: 'BIRD 3',
  image: 'softspoken-interop/bird3',
  words: { ...bird.words, 'ask again': () => ['birdc', 'reload', 'bgp', 'in', 'host'] },
}
