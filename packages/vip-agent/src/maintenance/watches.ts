/** What else than a call takes this node out of service: a file, and the cordon of the node. */
import type { Clock, Logger } from '@softspoken/session'
import type { AgentInput, DrainSource } from '../agent/state.ts'
import { CordonWatch } from './cordon.ts'
import { DrainFile } from './drain-file.ts'
import type { Look } from './look-at.ts'

export interface MaintenanceOptions {
  readonly disabledBy: string | undefined
  readonly drainOnCordon: ((signal: AbortSignal) => Promise<boolean>) | undefined
  readonly hasElection: boolean
}

/** They run until stop(). */
export function watchMaintenance(
  { disabledBy, drainOnCordon, hasElection }: MaintenanceOptions,
  feed: (input: AgentInput) => void,
  run: { readonly clock: Clock; readonly log: Logger; readonly look: ((file: string) => Promise<Look>) | undefined },
): { stop(): void } {
  const changed = (source: DrainSource) => (drain: Extract<AgentInput, { type: 'drain' }>['drain']) =>
    feed({ type: 'drain', source, drain })
  const watches = [
    ...(disabledBy === undefined ? [] : [new DrainFile({ ...run, file: disabledBy, changed: changed('file') })]),
    ...(drainOnCordon
      ? [new CordonWatch({ ...run, isCordoned: drainOnCordon, hasElection, changed: changed('cordon') })]
      : []),
  ]
  return {
    stop() {
      for (const watch of watches) watch.stop()
    },
  }
}
