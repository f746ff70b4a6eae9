/** The routes of the VIP in the router over time: what each node advertised, and which node the router used. */
import { type NodeName, nodes } from '../network.ts'
import type { RouteChange } from './observed.ts'

/** A MED below this is that of a leader, and a later leader has a lower one (docs/leases.md). */
const MED_BASE = 1_000_000

interface Moment {
  readonly at: number
  /** The MED of each node that advertises. */
  readonly meds: ReadonlyMap<NodeName, number>
  readonly used: NodeName | undefined
}
interface Interval<what> {
  at: number
  until: number
  what: what
}

export class RoutesSeen {
  readonly #moments: readonly Moment[]
  readonly #until: number

  /** `begin` and `until`: what is before and after does not count. */
  constructor(changes: readonly RouteChange[], { begin, until }: { readonly begin: number; readonly until: number }) {
    const tables = new Map<NodeName, Set<number>>(nodes.map(node => [node, new Set()]))
    const moments: Moment[] = []
    let used: NodeName | undefined
    for (const { at, table, node, metric, isDeleted } of changes) {
      if (table === 'used') used = isDeleted ? undefined : node
      else if (isDeleted) tables.get(table)?.delete(metric)
      else tables.get(table)?.add(metric)
      const meds = new Map([...tables].flatMap(([name, own]) => (own.size > 0 ? [[name, Math.min(...own)]] : [])))
      moments.push({ at: Math.max(at, begin), meds, used })
    }
    this.#moments = moments.filter(({ at }) => at <= until)
    this.#until = until
  }

  /** How many different MEDs of leaders there were. */
  get leaders(): number {
    return new Set(this.#moments.flatMap(({ meds }) => [...meds.values()].filter(med => med < MED_BASE))).size
  }

  /** Two nodes with the MED of one leader, at one time or one after the other. */
  get shared(): readonly { readonly at: number; readonly text: string }[] {
    const owners = new Map<number, NodeName>()
    const found = new Map<number, { at: number; text: string }>()
    for (const { at, meds } of this.#moments)
      for (const [node, med] of meds) {
        if (med >= MED_BASE) continue
        const owner = owners.get(med) ?? node
        owners.set(med, owner)
        if (owner !== node && !found.has(med))
          found.set(med, {
            at,
            text: `${owner} and ${node} advertised with MED ${med}, which only one leader may have`,
          })
      }
    return [...found.values()]
  }

  /** The route of an earlier leader beside that of a later one. */
  get overlaps() {
    return nodes
      .flatMap(older =>
        this.#intervals(({ meds }) => {
          const own = meds.get(older) ?? MED_BASE
          const newer = [...meds].find(([node, med]) => node !== older && own < MED_BASE && med < own)?.[0]
          return newer && `${own} ${newer}`
        }).map(({ at, until, what }) => ({ at, until, older, newer: what.split(' ')[1] })),
      )
      .toSorted((a, b) => a.at - b.at)
  }

  /** The router had no route. `before`: the node that it used before. */
  get absences() {
    return this.#intervals(({ used }) => (used === undefined ? 'none' : undefined)).map(({ at, until }) => ({
      at,
      until,
      before: this.#moments.findLast(moment => moment.at < at && moment.used)?.used,
    }))
  }

  /** The router used another node than one with the lowest MED. */
  get notPreferred() {
    return this.#intervals(({ meds, used }) =>
      used !== undefined && meds.size > 0 && !preferred(meds).includes(used) ? used : undefined,
    ).map(({ at, until, what }) => ({ at, until, used: what }))
  }

  usedAt(at: number): NodeName | undefined {
    return this.#moments.findLast(moment => moment.at <= at)?.used
  }
  /** The nodes that had the lowest MED at any time between the two. */
  preferredWithin(from: number, to: number): ReadonlySet<NodeName> {
    const first = this.#moments.findLastIndex(({ at }) => at <= from)
    const last = this.#moments.findLastIndex(({ at }) => at <= to)
    return new Set(this.#moments.slice(Math.max(0, first), last + 1).flatMap(({ meds }) => preferred(meds)))
  }

  /** The intervals in which `tell` returns the same text. */
  #intervals<what extends string>(tell: (moment: Moment) => what | undefined): readonly Interval<what>[] {
    const all: Interval<what>[] = []
    for (const [i, moment] of this.#moments.entries()) {
      const what = tell(moment)
      if (what === undefined) continue
      const until = this.#moments[i + 1]?.at ?? this.#until
      const last = all.at(-1)
      if (last?.until === moment.at && last.what === what) last.until = until
      else all.push({ at: moment.at, until, what })
    }
    return all.filter(({ at, until }) => until > at)
  }
}

function preferred(meds: ReadonlyMap<NodeName, number>): readonly NodeName[] {
  const lowest = Math.min(...meds.values())
  return [...meds].filter(([, med]) => med === lowest).map(([node]) => node)
}
