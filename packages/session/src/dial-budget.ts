/**
 * The dial budget: the exact maximum of dials to one peer in a given time, for a given back-off. It is a shortest path over
 * the delays of backoff.ts, in which an adversary chooses how each dial ends, and the jitter is always the minimum.
 *
 * The choices are complete. A later failure, a session longer than it must be to be stable, and a longer delay only cost
 * the adversary time. An incoming connection does not help it either: it costs no dial, but it fails as a dial at that
 * time could, or is stable for as long as one that we dialled. A dial that stop() ends is left out; `minInterval` holds for it.
 */
import {
  type BackOff,
  delayAfter,
  earliestDial,
  type FailureClass,
  type History,
  noHistory,
  recordFailure,
  resetFailures,
} from './backoff.ts'

/** How a dial may end: the failure, and whether a session was stable before it, which resets the failures. */
interface Ending {
  readonly failureClass: FailureClass
  readonly stable?: true
}
export const endings = {
  'TCP fails': { failureClass: 'transport' },
  rejected: { failureClass: 'protocol' },
  'administrative Cease': { failureClass: 'administrative' },
  'stable session, then lost': { failureClass: 'transport', stable: true },
  'stable session, then rejected': { failureClass: 'protocol', stable: true },
  'stable session, then administrative Cease': { failureClass: 'administrative', stable: true },
  'stable session, then restarted': { failureClass: 'restart', stable: true },
} as const satisfies Readonly<Record<string, Ending>>
export type EndingName = keyof typeof endings

/** The maximum of dials in any minute, ten minutes and hour. A period includes its first moment and not its last. */
export interface DialBudget {
  readonly minute: number
  readonly tenMinutes: number
  readonly hour: number
}

const MIN_JITTER = 0.75 // of Tick.jitter: the shortest delay
const MAX_FAILURES = 12 // in a row, after which no delay of an accepted back-off grows

const all = Object.keys(endings) as EndingName[] // its own keys

/** For dials that end in these ways. Default: in every way. */
export function dialBudget(backOff: BackOff, among: readonly EndingName[] = all): DialBudget {
  const dials = (span: number) => mostDials(backOff, span, among).length + 1
  return { minute: dials(60), tenMinutes: dials(600), hour: dials(3600) }
}

interface Path {
  /** Seconds from the first dial to the last. */
  readonly seconds: number
  readonly last?: EndingName
  readonly before?: Path
}

/** How each dial except the last ends, in the period of `span` seconds with the most dials. */
export function mostDials(backOff: BackOff, span: number, among: readonly EndingName[] = all): readonly EndingName[] {
  const states = reachable(backOff, among)
  // The period may begin with any history.
  let paths = new Map<State, Path>([...states.values()].map(state => [state, { seconds: 0 }]))
  let best: Path = { seconds: 0 }
  while (paths.size > 0) {
    const longer = new Map<State, Path>()
    for (const [state, path] of paths) {
      best = path
      for (const { ending, seconds, next } of state.steps) {
        const total = path.seconds + seconds
        const known = longer.get(next)
        if (total < span && (known === undefined || total < known.seconds))
          longer.set(next, { seconds: total, last: ending, before: path })
      }
    }
    paths = longer
  }
  return [...endingsOf(best)].reverse()
}
function* endingsOf(path: Path): Generator<EndingName> {
  for (let at: Path | undefined = path; at?.last !== undefined; at = at.before) yield at.last
}

/** A history, as far as the next delays depend on it, and the state that each ending of a dial leads to. */
interface State {
  readonly steps: { readonly ending: EndingName; readonly seconds: number; readonly next: State }[]
}

function reachable(backOff: BackOff, among: readonly EndingName[]): Map<string, State> {
  const states = new Map<string, State>()
  const stateOf = ({ transport, protocol }: History): State => {
    const history = { transport: Math.min(transport, MAX_FAILURES), protocol: Math.min(protocol, MAX_FAILURES) }
    const key = `${history.transport} ${history.protocol}`
    const known = states.get(key)
    if (known !== undefined) return known
    const state: State = { steps: [] }
    states.set(key, state)
    for (const ending of among) {
      const { at, after } = redial(history, endings[ending], backOff)
      state.steps.push({ ending, seconds: at / 1000, next: stateOf(after) })
    }
    return state
  }
  stateOf(noHistory)
  return states
}

/** When the next dial is, in milliseconds after this one, and its history; as toIdleOnFailure() of fsm.ts computes them. */
function redial(history: History, { failureClass, stable }: Ending, backOff: BackOff): { at: number; after: History } {
  const dialled = { ...history, dialledAt: 0 }
  const now = stable ? backOff.resetAfter * 1000 : 0
  const after = recordFailure(stable ? resetFailures(dialled) : dialled, failureClass)
  return {
    at: earliestDial(now + delayAfter(after, failureClass, backOff, MIN_JITTER) * 1000, after, backOff),
    after,
  }
}
