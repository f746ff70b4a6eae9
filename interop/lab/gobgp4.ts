import { gobgp } from './gobgp.ts'
import type { Daemon } from './router.ts'

/**
 * The newest, which is in no distribution yet: images/gobgp4.sh builds it where there is a Go toolchain, and it takes part
 * only where `npx --yes pnpm@12 interop:matrix --gobgp4` asks for it.
 */
export const gobgp4: Daemon = { ...gobgp, name: 'GoBGP 4', image: 'softspoken-interop/gobgp4' }
