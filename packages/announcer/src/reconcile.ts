/**
 * What one peer has been told against what it should know: a pure function that says what to send now and when to look
 * again. A withdrawal is never delayed; two advertisements of one prefix keep their distance (RFC 4271 §9.2.1.1).
 */
import type { Prefix } from '@softspoken/wire'

/** What a peer knows of us, and when it heard. Cleared when the session ends: then it knows nothing. */
export interface Told {
  /** The content last advertised, by prefix; a withdrawn one is absent. */
  readonly current: ReadonlyMap<Prefix, string>
  /** When each prefix was last advertised, in milliseconds, withdrawn since or not. */
  readonly advertisedAt: ReadonlyMap<Prefix, number>
}

export interface Plan {
  readonly withdraw: readonly Prefix[]
  readonly advertise: readonly Prefix[]
  /** When more is to be done, in milliseconds. */
  readonly wakeAt?: number
  /** What the peer knows once this is sent. */
  readonly told: Told
}

export const toldNothing: Told = { current: new Map(), advertisedAt: new Map() }

/** `desired` maps each prefix to a text that is equal where its content is. `interval` is in milliseconds. */
export function reconcile(told: Told, desired: ReadonlyMap<Prefix, string>, now: number, interval: number): Plan {
  const current = new Map(told.current)
  const advertisedAt = new Map(
    [...told.advertisedAt].filter(([prefix, at]) => current.has(prefix) || now < at + interval),
  )
  const withdraw = [...told.current.keys()].filter(prefix => !desired.has(prefix))
  for (const prefix of withdraw) current.delete(prefix)
  const advertise: Prefix[] = []
  let wakeAt = Number.POSITIVE_INFINITY
  for (const [prefix, content] of desired) {
    if (current.get(prefix) === content) continue
    const allowedAt = (advertisedAt.get(prefix) ?? Number.NEGATIVE_INFINITY) + interval
    if (allowedAt > now) {
      wakeAt = Math.min(wakeAt, allowedAt)
      continue
    }
    advertise.push(prefix)
    current.set(prefix, content)
    advertisedAt.set(prefix, now)
  }
  return { withdraw, advertise, ...(wakeAt < Number.POSITIVE_INFINITY && { wakeAt }), told: { current, advertisedAt } }
}

/** The peer asks for these again: to be advertised as if it had heard other content, as soon as the interval allows. */
export function forgetContent(told: Told, prefixes: readonly Prefix[]): Told {
  const current = new Map(told.current)
  for (const prefix of prefixes) if (current.has(prefix)) current.set(prefix, '')
  return { ...told, current }
}
