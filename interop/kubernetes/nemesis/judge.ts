/** Whether the promises of docs/leases.md held, by what the router saw. Nothing here comes from an agent. */
import type { NodeName } from '../network.ts'
import type { Mode } from '../softspoken.ts'
import { hit } from './faults.ts'
import { type FaultSpan, HOLD_TIME, type Observed, type Packet, parsePacket, parseRoute } from './observed.ts'
import { RoutesSeen } from './routes-seen.ts'
import type { FaultKind } from './schedule.ts'

/** Milliseconds since the epoch. */
interface Span {
  readonly at: number
  readonly until: number
}
/** `cause`: the latest fault that began before it, and hit this node. */
export interface Caused extends Span {
  readonly cause: FaultKind | undefined
}
export interface Verdict {
  /** What breaks the promise, a sentence each, in the order of time. */
  readonly breaks: readonly { readonly at: number; readonly text: string }[]
  /** The route of an earlier leader was there beside that of a later one. */
  readonly overlaps: readonly Caused[]
  /** The router had no route. */
  readonly absences: readonly Caused[]
  /** No request of the client was answered. */
  readonly gaps: readonly Caused[]
  readonly faults: readonly FaultSpan[]
  readonly seconds: number
  /** How many leaders there were, by their MEDs. */
  readonly leaders: number
  readonly requests: number
  readonly unanswered: number
  readonly recovered: number | undefined
}

/**
 * Why the route of an earlier leader may stay beside that of a later one, and for how many seconds (docs/leases.md). `after`: a fault
 * that ended so many seconds before still counts. A hand-over takes 4 s by a clock that may be slow, and a planned end 8 s. The kernel
 * ends a process that is stopped 5 s after its last step. The router may not learn either while the node is cut off from it.
 */
const excuses: Partial<Record<FaultKind, { readonly allowed: number; readonly after: number }>> = {
  term: { allowed: 5, after: 8 },
  stop: { allowed: 5, after: 1 },
  router: { allowed: HOLD_TIME, after: HOLD_TIME },
}
/** The seconds without such a fault. In standby mode the MED changes once per advertisement interval. */
const allowedAlways: Readonly<Record<Mode, number>> = { leader: 0, standby: 5, 'all-nodes': 0 }
/** Seconds, for a busy machine: how much later the router may act, and a line be read. */
const SLACK = 1
/** Seconds. A fault that ended earlier causes nothing. */
const AFTERWARDS = 10

export function judge(observed: readonly Observed[], vip: string, mode: Mode): Verdict {
  const faults = observed.filter(one => one.kind === 'fault').toSorted((a, b) => a.at - b.at)
  const begin = observed.find(one => one.kind === 'begin')?.at ?? 0
  const end = observed.find(one => one.kind === 'end')
  const until = end?.at ?? begin
  const lines = (kind: 'route' | 'packet') => observed.flatMap(one => (one.kind === kind ? [one.line] : []))
  const seen = new RoutesSeen(
    lines('route').flatMap(line => parseRoute(line, vip) ?? []),
    { begin, until },
  )
  const caused = (node: NodeName | undefined, span: Span): Caused => ({
    ...span,
    cause: faults.findLast(
      one =>
        one.at <= span.at &&
        one.until >= span.at - AFTERWARDS * 1000 &&
        (node === undefined || hit(one.fault, one.node).includes(node)),
    )?.fault,
  })

  const breaks = [...seen.shared]
  for (const { at, until, older, newer } of seen.overlaps) {
    const reasons = faults.filter(one => {
      const after = excuses[one.fault]?.after
      return after !== undefined && one.node === older && one.at <= until && one.until >= at - after * 1000
    })
    // Several may follow each other: a node is stopped while it hands over.
    const together = [...new Set(reasons.map(one => one.fault))].map(kind => excuses[kind]?.allowed ?? 0)
    const allowed = Math.max(allowedAlways[mode], sum(together)) + SLACK
    const length = (until - at) / 1000
    if (length > allowed)
      breaks.push({
        at,
        text: `${older} advertised for ${length.toFixed(2)} s beside ${newer}, a later leader; ${allowed} s ${allowed === 1 ? 'is' : 'are'} allowed`,
      })
  }
  for (const { at, until, used } of seen.notPreferred)
    if (until - at > SLACK * 1000)
      breaks.push({
        at,
        text: `the router used ${used} for ${((until - at) / 1000).toFixed(2)} s, which is not the latest leader`,
      })

  const requests = requestsOf(
    lines('packet').flatMap(line => parsePacket(line) ?? []),
    { at: begin, until },
  )
  for (const { at, by } of requests)
    if (by && !seen.preferredWithin(at - SLACK * 1000, by.at + SLACK * 1000).has(by.node))
      breaks.push({ at, text: `${by.node} answered a request, and was not preferred` })
  return {
    breaks: breaks.toSorted((a, b) => a.at - b.at),
    overlaps: seen.overlaps.map(span => caused(span.older, span)),
    absences: seen.absences.map(span => caused(span.before, span)),
    gaps: gapsOf(requests, until).map(span => caused(seen.usedAt(span.at), span)),
    faults,
    seconds: (until - begin) / 1000,
    leaders: seen.leaders,
    requests: requests.length,
    unanswered: requests.filter(({ by }) => by === undefined).length,
    recovered: end?.recovered,
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

interface Request {
  readonly at: number
  by?: { readonly node: NodeName; readonly at: number }
}
/** Milliseconds for which the client waits; and after which a SYN with the same port is another request. */
const [CLIENT_WAITS, AGAIN] = [400, 5000]

function requestsOf(packets: readonly Packet[], { at: begin, until }: Span): readonly Request[] {
  const all: Request[] = []
  const last = new Map<number, Request>()
  for (const { at, from, port } of packets) {
    const request = last.get(port)
    if (from === 'client') {
      if (request && at - request.at < AGAIN) continue
      const next: Request = { at }
      last.set(port, next)
      if (at >= begin && at + CLIENT_WAITS <= until) all.push(next)
    } else if (request && !request.by && at - request.at <= CLIENT_WAITS) request.by = { node: from, at }
  }
  return all
}

/** From the first request without an answer to the next one with an answer. */
function gapsOf(requests: readonly Request[], until: number): readonly Span[] {
  const gaps: Span[] = []
  let first: Request | undefined
  for (const request of requests) {
    if (request.by === undefined) first ??= request
    else if (first) {
      gaps.push({ at: first.at, until: request.at })
      first = undefined
    }
  }
  if (first) gaps.push({ at: first.at, until })
  return gaps
}
