/** UPDATEs with faults that did not cost the session: counted, and told so that the cause can be found (RFC 7606 §6). */
import { type Issue, type Prefix, routes, type Update } from '@softspoken/wire'

/** How many so far, by what it cost; one with several faults counts where the strongest does (RFC 7606 §3.h). */
export type MalformedUpdates = { readonly [handling in Issue['handling']]: number }

export const noneMalformed: MalformedUpdates = { 'treat-as-withdraw': 0, 'attribute-discard': 0 }

/** One of them. Told once a minute at most, as a peer may send them without end. */
export interface MalformedUpdate {
  readonly type: 'malformed'
  readonly handling: Issue['handling']
  /** One sentence for each fault. */
  readonly faults: readonly string[]
  /** Up to twenty of the routes in it. */
  readonly routes: readonly Prefix[]
  /** The whole message as it came. */
  readonly octets: Uint8Array
  /** Malformed UPDATEs since the last that was told, this one included. */
  readonly updates: number
}

const MOST_ROUTES = 20

export function withOneMore(counted: MalformedUpdates, issues: readonly Issue[]): MalformedUpdates {
  const handling = strongest(issues)
  return { ...counted, [handling]: counted[handling] + 1 }
}

export function malformedUpdate(update: Update, issues: readonly Issue[], updates: number): MalformedUpdate {
  const { withdrawn, announced } = routes(update)
  return {
    type: 'malformed',
    handling: strongest(issues),
    faults: issues.map(({ attribute, detail, at }) => `${attribute} at octet ${at}: ${detail}`),
    routes: [...withdrawn, ...announced.map(({ prefix }) => prefix)].slice(0, MOST_ROUTES),
    octets: update.octets ?? new Uint8Array(), // a decoded one has them
    updates,
  }
}

function strongest(issues: readonly Issue[]): Issue['handling'] {
  return issues.some(({ handling }) => handling === 'treat-as-withdraw') ? 'treat-as-withdraw' : 'attribute-discard'
}
