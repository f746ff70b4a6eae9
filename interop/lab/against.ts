import { describe, inject, it } from 'vitest'
import { Lab } from './lab.ts'
import type { Router } from './router.ts'

/** Each daemon's configuration, given the addresses of its lab. */
export type Configurations = { readonly [daemon in 'bird' | 'gobgp']: Parameters<Lab['bird']>[0]['config'] }

/** Runs one behaviour against each daemon, in a lab of its own, with the daemon's configuration beside it. */
export function against(
  configurations: Configurations,
  behaviour: string,
  check: (lab: Lab, router: Router, daemon: 'bird' | 'gobgp') => Promise<void>,
): void {
  describe.skipIf(!inject('engine')).concurrent(behaviour, () => {
    for (const daemon of ['bird', 'gobgp'] as const)
      it(daemon, { timeout: 300_000 }, async () => {
        await using lab = await Lab.create()
        await check(lab, await lab[daemon]({ config: configurations[daemon] }), daemon)
      })
  })
}
