/** UPDATEs with faults that did not end the session: counted and reported, so that the cause can be found (RFC 7606 §6). */
import { type Issue, type Prefix, routes, type Update } from '@softspoken/wire'

/** How many so far, by handling. One with several faults has the strongest of their handlings (RFC 7606 §3.h). */
export type MalformedUpdates = { readonly [handling in Issue['handling']]: number }

export const zeroMalformed: MalformedUpdates = { 'treat-as-withdraw': 0, 'attribute-discard': 0 }

/** The payload of `malformed`. At most one event per minute, because a peer may send them without end. */
export interface MalformedUpdate {
  readonly type: 'malformed'
  readonly handling: Issue['handling']
  /** One sentence for each fault. */
  readonly faults: readonly string[]
  /** Up to twenty of the routes in it. */
  readonly routes: readonly Prefix[]
  /** The whole message as received. */
  readonly octets: Uint8Array
  /** Malformed UPDATEs since the last event, this one included. */
  readonly updates: number
}

const MAX_ROUTES = 20

/** Counts one more. */
export function countMalformed(counters: MalformedUpdates, issues: readonly Issue[]): MalformedUpdates {
  const handling = strongest(issues)
  return { ...counters, [handling]: counters[handling] + 1 }
}

export function malformedUpdate(update: Update, issues: readonly Issue[], updates: number): MalformedUpdate {
  const { withdrawn, announced } = routes(update)
  return {
    type: 'malformed',
    handling: strongest(issues),
    faults: issues.map(({ attribute, detail, at }) => `${attribute} at octet ${at}: ${detail}`),
    routes: [...withdrawn, ...announced.map(({ prefix }) => prefix)].slice(0, MAX_ROUTES),
    octets: update.octets ?? new Uint8Array(), // a decoded UPDATE has them
    updates,
  }
}

function strongest(issues: readonly Issue[]): Issue['handling'] {
  return issues.some(({ handling }) => handling === 'treat-as-withdraw') ? 'treat-as-withdraw' : 'attribute-discard'
}
