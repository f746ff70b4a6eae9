/** What the two OPENs of a connection negotiate, as far as decoding depends on it: the context of each direction. */
import { type Capability, type Context, type Family, familyByName, type Open } from '@softspoken/wire'

export class Negotiation {
  readonly #opens = new Map<number, Open>()
  /** By side; computed once per OPEN, because an OPEN may have thousands of capabilities and each segment needs the context. */
  readonly #contexts = new Map<number, Context>()
  readonly #assumed: Pick<Context, 'fourOctetAs'>

  /** `assumed` is used until both OPENs were read, and always if the capture begins after them. */
  constructor(assumed: Pick<Context, 'fourOctetAs'>) {
    this.#assumed = assumed
  }

  /** Takes the OPEN that this side sent. */
  addOpen(side: number, open: Open): void {
    this.#opens.set(side, open)
    this.#contexts.clear()
  }

  /** How to decode what this side sends. */
  contextFor(side: number): Context {
    const context = this.#contexts.get(side) ?? this.#negotiate(side)
    this.#contexts.set(side, context)
    return context
  }

  #negotiate(side: number): Context {
    const own = this.#opens.get(side)
    const [other] = [...this.#opens].flatMap(([number, open]) => (number === side ? [] : [open]))
    const all = [own, other].flatMap(open => (open ? [open] : []))
    const both = (name: Capability['name']): boolean => all.every(open => has(open, name))
    if (own === undefined || other === undefined) {
      const fourOctetAs = this.#assumed.fourOctetAs && both('four-octet-as')
      // As from an internal peer, so that LOCAL_PREF is shown: without both OPENs we do not know whether the peer is external.
      return { fourOctetAs, external: false, extendedMessage: false, addPath: [] }
    }
    return {
      fourOctetAs: both('four-octet-as'),
      external: own.as !== other.as,
      extendedMessage: both('extended-message'),
      // RFC 7911 §4: this side sends, the other receives.
      addPath: (Object.keys(familyByName) as Family[]).filter(
        family => can(own, family, 'send') && can(other, family, 'receive'),
      ),
    }
  }
}

function has({ capabilities }: Open, wanted: Capability['name']): boolean {
  return capabilities.some(({ name }) => name === wanted)
}
function can({ capabilities }: Open, family: Family, wanted: 'send' | 'receive'): boolean {
  const { afi, safi } = familyByName[family]
  return capabilities.some(
    capability =>
      capability.name === 'add-path' &&
      capability.families.some(
        row => row.afi === afi && row.safi === safi && (row.mode === wanted || row.mode === 'both'),
      ),
  )
}
