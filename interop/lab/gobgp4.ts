import { gobgp } from './gobgp.ts'
import type { Daemon } from './router.ts'

/**
 * The newest GoBGP, which is in no distribution yet. images/gobgp4.sh builds it, and needs a Go toolchain. It takes part only
 * with `npx --yes pnpm@12 test:matrix --gobgp4`.
 */
export const gobgp4: Daemon = { ...gobgp, name: 'GoBGP 4', image: 'softspoken-interop/gobgp4' }
