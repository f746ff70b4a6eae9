/**
 * What one peer has been told against what it should know: a pure function that says what to send now and when to look
 * again. A withdrawal is never delayed; two advertisements of one prefix keep their distance (RFC 4271 §9.2.1.1).
 */
import type { Prefix } from '@softspoken/wire'

/** What a peer knows of us, and when it heard. Cleared when the session ends: then it knows nothing. */
export interface Told {
  /** The content last advertised, by prefix; a withdrawn one is absent. */
  readonly current: ReadonlyMap<Prefix, string>
  /** When each prefix was advertised within the interval, in milliseconds, withdrawn since or not. */
  readonly advertisedAt: ReadonlyMap<Prefix, number>
  /** What it has heard and has asked for again (RFC 2918). */
  readonly askedAgain: ReadonlySet<Prefix>
}

export interface Plan {
  readonly withdraw: readonly Prefix[]
  readonly advertise: readonly Prefix[]
  /** When more is to be done, in milliseconds. */
  readonly wakeAt?: number
  /** What the peer knows once this is sent. */
  readonly told: Told
}

export const toldNothing: Told = { current: new Map(), advertisedAt: new Map(), askedAgain: new Set() }

/** `desired` maps each prefix to a text that is equal where its content is. `interval` is in milliseconds. */
export function reconcile(told: Told, desired: ReadonlyMap<Prefix, string>, now: number, interval: number): Plan {
  const current = new Map(told.current)
  const advertisedAt = new Map([...told.advertisedAt].filter(([, at]) => now < at + interval))
  const askedAgain = new Set([...told.askedAgain].filter(prefix => desired.has(prefix)))
  const withdraw = [...told.current.keys()].filter(prefix => !desired.has(prefix))
  for (const prefix of withdraw) current.delete(prefix)
  const advertise: Prefix[] = []
  let wakeAt = Number.POSITIVE_INFINITY
  for (const [prefix, content] of desired) {
    if (current.get(prefix) === content && !askedAgain.has(prefix)) continue
    const tooRecent = advertisedAt.get(prefix)
    if (tooRecent !== undefined) {
      wakeAt = Math.min(wakeAt, tooRecent + interval)
      continue
    }
    advertise.push(prefix)
    current.set(prefix, content)
    advertisedAt.set(prefix, now)
    askedAgain.delete(prefix)
  }
  return {
    withdraw,
    advertise,
    ...(wakeAt < Number.POSITIVE_INFINITY && { wakeAt }),
    told: { current, advertisedAt, askedAgain },
  }
}

/** The peer asks for these again: each that is desired is to be advertised once more, as soon as the interval allows. */
export function askAgain(told: Told, prefixes: readonly Prefix[]): Told {
  if (prefixes.length === 0) return told
  return { ...told, askedAgain: new Set([...told.askedAgain, ...prefixes]) }
}
