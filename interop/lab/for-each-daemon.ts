import { describe, inject, it } from 'vitest'
import type { Addresses } from './addresses.ts'
import { type DaemonName, daemons } from './daemons.ts'
import { Lab } from './lab.ts'
import type { Daemon, Router } from './router.ts'
import { type ModelOptions, routerModel } from './router-model.ts'
import { type Suite, suite } from './suite.ts'

/** Writes a daemon's configuration, from the addresses of its lab. */
type Config = (addresses: Addresses) => string

/** The language of a configuration. BIRD 3 reads that of BIRD 2. */
export type Kind = Exclude<DaemonName, 'bird3'>

/** Per daemon: a configuration, or the reason why the behaviour cannot be observed with it. */
export type Configurations = { readonly [name in Kind]: Config | Reason } & {
  /** What differs with the releases of the newer suite. */
  readonly newer?: { readonly [name in Kind]?: Config | Reason }
}

/** One sentence: a footnote of the matrix. */
type Reason = string

declare module 'vitest' {
  interface TaskMeta {
    /** Set on the tests that are cells of the matrix (docs/interop.md). */
    interop?: { daemon: DaemonName; version?: string; reason?: Reason }
  }
}

/** One configuration per daemon, all from the same options. `extraLines` go into the block of every neighbour. */
export function configureAll(
  options: ModelOptions = {},
  extraLines: { readonly [name in Kind]?: string } = {},
): AllConfigurations {
  const { bird3: _, ...own } = daemons
  const config = ([name, { configure }]: [string, Daemon]): [string, Config] => [
    name,
    addresses => configure(routerModel(addresses, options, extraLines[name as Kind] ?? '')), // a key of `own`
  ]
  return Object.fromEntries(Object.entries(own).map(config)) as AllConfigurations // the keys of `own`
}

type AllConfigurations = { readonly [name in Kind]: Config }

/** Registers one test per daemon. Each test has a lab of its own, with one router that runs the daemon. */
export function forEachDaemon(
  configurations: Configurations,
  behaviour: string,
  check: (lab: Lab, router: Router, kind: Kind) => Promise<void>,
): void {
  describe.skipIf(!inject('engine')).concurrent(behaviour, () => {
    for (const daemon of Object.keys(daemons) as DaemonName[]) // the keys of our own table
      it(daemons[daemon].name, { timeout: 300_000 }, async ({ task, skip }) => {
        const kind = kindOf(daemon)
        const config = configurationOf(configurations, kind, suite)
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

export function kindOf(daemon: DaemonName): Kind {
  return daemon === 'bird3' ? 'bird' : daemon
}

/** The configuration for the release in that suite, or the reason why there is none. */
export function configurationOf(configurations: Configurations, kind: Kind, from: Suite): Config | Reason {
  return (from === 'trixie' ? undefined : configurations.newer?.[kind]) ?? configurations[kind]
}
