import { bird } from './bird.ts'
import type { Daemon } from './router.ts'
import { imageOf } from './suite.ts'

/** Has the configuration of BIRD 2, and almost the same commands. */
export const bird3: Daemon = {
  ...bird,
  name: 'BIRD 3',
  image: imageOf('bird3'),
  operatorCommands: { ...bird.operatorCommands, 'request-refresh': () => ['birdc', 'reload', 'bgp', 'in', 'host'] },
}
