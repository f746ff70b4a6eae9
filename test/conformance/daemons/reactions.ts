/** What daemons did with malformed messages, as it is stored. */
import { readFileSync } from 'node:fs'

/**
 * What a speaker did: a NOTIFICATION (`3/5`), an end without one, or an UPDATE that the session survived. `kept`: at least one of
 * its routes is in the speaker's table, or the message has no routes.
 */
export type Reaction = `${number}/${number}` | 'closed' | 'withdrawn' | 'kept'

/** One daemon of each implementation, so BIRD once. */
export const daemonNames = ['bird3', 'frr', 'gobgp', 'openbgpd', 'exabgp'] as const
export type DaemonName = (typeof daemonNames)[number]

export interface Reactions {
  readonly date: string
  readonly daemons: Readonly<Record<DaemonName, { readonly name: string; readonly version: string }>>
  readonly messages: readonly {
    readonly id: string
    /** What the codec finds wrong. */
    readonly kind: string
    readonly ours: Reaction
    readonly reactions: Readonly<Record<DaemonName, Reaction>>
  }[]
}

export const reactionsFile = new URL('reactions.json', import.meta.url)

export function readReactions(): Reactions {
  return JSON.parse(readFileSync(reactionsFile, 'utf8')) as Reactions // measure() wrote it
}
