/**
 * The most frames that a node sends for one VIP in a span of time, over every sequence of inputs and every lateness of our
 * process: a dynamic programme over frame-graph.ts, one step of time after the other.
 *
 * Of two ways to one state the better one has more frames, or as many and an older last announcement. The older one is never
 * worse: a refresh that is due sooner is one frame more, and after it the other way has its own still to come.
 */
import { FRAMES, REFRESH_INTERVAL } from '../src/segment/budget.ts'
import type { SegmentState } from '../src/segment/state.ts'
import { type Edge, type FrameGraph, frameGraph, GRID, type InputName, type Sent } from './frame-graph.ts'

interface Row {
  /** What may have happened before the span, and what happens in it. */
  readonly before: readonly InputName[]
  readonly during: readonly InputName[]
  /** Which states the span may begin with. */
  readonly from: (state: SegmentState) => boolean
  readonly claimInUse: boolean
}
const takeOver = ['time passes', 'it claims after a lease that ended', 'the address is there'] as const
const holding = [
  ...(['time passes', 'the address is there', 'the address is gone'] as const),
  ...(['another MAC address answers', 'carrier comes and goes'] as const),
]
const leading = ['it claims after a release', 'it claims after a lease that ended', 'the leadership ends'] as const
const isLongSince = ({ lastBurstAt }: SegmentState) => lastBurstAt < -10_000

/** The rows of the table in docs/leases.md. */
export const rows = {
  'a node holds the VIPs, and nothing happens': {
    ...{ before: takeOver, during: ['time passes'], claimInUse: true },
    from: state => state.phase === 'holding' && !state.burst && !state.burstWaits && isLongSince(state),
  },
  'a node takes over, and nothing else happens': {
    ...{ before: [], during: takeOver, claimInUse: true },
    from: state => state.phase === 'idle',
  },
  'each claim is blocked by another MAC address': {
    ...{ before: [], claimInUse: false, from: () => true },
    during: ['time passes', 'it claims after no holder', 'another MAC address answers'],
  },
  'a node holds the VIPs; its address and its carrier come and go, and other MAC addresses answer': {
    ...{ before: leading, during: holding, claimInUse: true },
    from: ({ phase }) => phase === 'holding' || phase === 'claimed',
  },
  'the same, and the node becomes and ceases to be the leader at any time': {
    ...{ before: [], during: [...holding, ...leading], claimInUse: true, from: () => true },
  },
} as const satisfies Readonly<Record<string, Row>>
export type RowName = keyof typeof rows
export const spans: readonly number[] = [10_000, 60_000]

export function graphOf(row: RowName, relaxed: boolean): FrameGraph {
  const { before, during, claimInUse }: Row = rows[row]
  return frameGraph({ claimInUse, claimDelay: 0 }, [...new Set([...during, ...before])], relaxed)
}
export function framesOf(protocol: keyof typeof FRAMES): (sent: Sent) => number {
  return ({ probes, announcements }) => probes + announcements * FRAMES[protocol]
}

/** The first state, and what happens then: the input, at so many milliseconds, and what it sends. */
export interface Witness {
  readonly from: SegmentState
  readonly events: readonly Event[]
}
interface Event extends Sent {
  readonly at: number
  readonly input: InputName
}
/** How a state was reached. */
interface Path {
  readonly from: number
  readonly previous: Path | undefined
  readonly edge: Edge
  readonly at: number
}
export interface Most {
  readonly frames: number
  readonly witness: () => Witness
}

const REFRESH = REFRESH_INTERVAL / GRID
/** A value has the frames in its upper bits, and the age of the last announcement in the lower ones. */
const AGES = 2048
const NONE = -(2 ** 31)

/** The edges of each state one after the other; those of state i begin at first[i]. */
function flat(edges: readonly (readonly Edge[])[], weight: (sent: Sent) => number) {
  const all = edges.flat()
  const first = new Int32Array(edges.length + 1)
  for (const [i, one] of edges.entries()) first[i + 1] = first[i]! + one.length
  return {
    ...{ all, first, to: Int32Array.from(all, ({ to }) => to) },
    more: Int32Array.from(all, edge => weight(edge) * AGES),
    resets: Int32Array.from(all, ({ announcements }) => Number(announcements > 0)),
  }
}

/** The most of `weight` in each span `within`, shortest first; `keep` allows witnesses. */
export function mostOf(
  { states, edges, later }: FrameGraph,
  { during, from }: Row,
  weight: (sent: Sent) => number,
  { keep = false, within = spans }: { readonly keep?: boolean; readonly within?: readonly number[] } = {},
): Most[] {
  const allowed = new Set(during)
  const usable = (all: readonly Edge[]) => all.filter(({ input }) => allowed.has(input))
  const early = flat(
    edges.map(one => usable(one.early)),
    weight,
  )
  const due = flat(
    edges.map(one => usable(one.due)),
    weight,
  )
  let values = Int32Array.from(states, state =>
    from(state) ? Math.min(REFRESH, Math.ceil(-Math.max(state.lastBurstAt, -REFRESH_INTERVAL) / GRID)) : NONE,
  )
  for (const [i, state] of states.entries()) if (from(state) && isLongSince(state)) values[i] = REFRESH
  let paths: (Path | undefined)[] = []
  let at = 0
  return within.map(span => {
    for (; ; at++) {
      now()
      if (at === span / GRID - 1) break
      pass()
    }
    const best = values.reduce((most, value, i) => (value > values[most]! ? i : most), 0)
    const path = paths[best]
    return { frames: Math.floor(values[best]! / AGES), witness: () => witness(path, states) }
  })

  /** Everything that happens at this time. */
  function now(): void {
    const open: number[] = []
    for (let i = 0; i < values.length; i++) if (values[i] !== NONE) open.push(i)
    for (let from = open.pop(); from !== undefined; from = open.pop()) {
      const value = values[from]!
      const age = value & (AGES - 1)
      const { first, to, more, resets, all } = age >= REFRESH ? due : early
      for (let i = first[from]!; i < first[from + 1]!; i++) {
        const next = value + more[i]! - age * resets[i]!
        const target = to[i]!
        if (next <= values[target]!) continue
        values[target] = next
        if (keep) paths[target] = { from, previous: paths[from], edge: all[i]!, at: at * GRID }
        open.push(target)
      }
    }
  }
  function pass(): void {
    const next = new Int32Array(values.length).fill(NONE)
    const before = paths
    paths = []
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (value === NONE) continue
      const older = (value & (AGES - 1)) >= REFRESH ? value : value + 1
      const to = later[i]!
      if (older <= next[to]!) continue
      next[to] = older
      paths[to] = before[i]
    }
    values = next
  }
}

function witness(last: Path | undefined, states: readonly SegmentState[]): Witness {
  const events: Event[] = []
  let from = states[last?.from ?? 0]!
  for (let path = last; path; path = path.previous) {
    const { input, probes, announcements, claims } = path.edge
    events.unshift({ at: path.at, input, probes, announcements, claims })
    from = states[path.from]!
  }
  const start = events[0]?.at ?? 0
  return { from, events: events.map(event => ({ ...event, at: event.at - start })) }
}
