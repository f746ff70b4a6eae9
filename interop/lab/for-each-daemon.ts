import { describe, inject, it } from 'vitest'
import type { Addresses } from './addresses.ts'
import { type DaemonName, daemons } from './daemons.ts'
import { Lab } from './lab.ts'
import type { Daemon, Router } from './router.ts'
import { type Plain, plainRouter } from './usual-router.ts'

/** What a daemon is told, given the addresses of its lab. */
type Config = (addresses: Addresses) => string

/** These are told what their elders are, unless their own is given. */
const elders = { bird3: 'bird', gobgp4: 'gobgp' } as const

/** Whose words a daemon understands. */
export type Kind = Exclude<DaemonName, keyof typeof elders>

/** Each daemon's configuration, or the reason why this cannot be seen with it. */
export type Configurations = { readonly [name in Kind]: Config | Reason } & {
  readonly [name in keyof typeof elders]?: Config | Reason
}

/** One sentence for the matrix. */
type Reason = string

declare module 'vitest' {
  interface TaskMeta {
    /** Set in the tests that are cells of the matrix (docs/interop.md). */
    interop?: { daemon: DaemonName; version?: string; reason?: Reason }
  }
}

/** Those that take part; what needs a Go toolchain does so on request. */
const names = (Object.keys(daemons) as DaemonName[]) // of an object of ours
  .filter(name => name !== 'gobgp4' || process.env.SOFTSPOKEN_GOBGP4 === 'true')

/** The same for all of them, each told in its own words; `more` is added to every neighbour's settings. */
export function plain(settings: Plain = {}, more: { readonly [name in Kind]?: string } = {}): AllPlain {
  const { bird3: _, gobgp4: __, ...own } = daemons
  const config = ([name, { plain }]: [string, Daemon]): [string, Config] => [
    name,
    addresses => plain(plainRouter(addresses, settings, more[name as Kind] ?? '')), // a key of `own`
  ]
  return Object.fromEntries(Object.entries(own).map(config)) as AllPlain // the keys of `own`
}

type AllPlain = { readonly [name in Kind]: Config }

/** Runs one behaviour against each daemon, in a lab of its own, with the daemon's configuration beside it. */
export function against(
  configurations: Configurations,
  behaviour: string,
  check: (lab: Lab, router: Router, kind: Kind) => Promise<void>,
): void {
  describe.skipIf(!inject('engine')).concurrent(behaviour, () => {
    for (const daemon of names)
      it(daemons[daemon].name, { timeout: 300_000 }, async ({ task, skip }) => {
        const kind = kindOf(daemon)
        const config = configurations[daemon] ?? configurations[kind]
        if (typeof config === 'string') {
          task.meta.interop = { daemon, reason: config }
          skip(config)
          return
        }
        task.meta.interop = { daemon }
        await using lab = await Lab.create()
        const router = await lab.start(daemon, { config })
        task.meta.interop = { daemon, version: await router.version() }
        await check(lab, router, kind)
      })
  })
}

/** Whose configuration a daemon is given where it has none of its own. */
export function kindOf(daemon: DaemonName): Kind {
  return daemon === 'bird3' || daemon === 'gobgp4' ? elders[daemon] : daemon
}
