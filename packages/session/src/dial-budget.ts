/**
 * The dial budget: the exact maximum of dials to one peer in a given time, for a given back-off. It is a shortest path over
 * the delays of backoff.ts, in which an adversary chooses how each dial ends, and the jitter is always the minimum.
 *
 * The choices are complete. A later failure, a session longer than it must be to be stable, and a longer delay only cost
 * the adversary time. An incoming connection does not help it either: it costs no dial, but it fails as a dial at that
 * time could, or is stable for as long as one that we dialled. A dial that stop() ends is left out; `minInterval` holds for it.
 */
import { OptionError } from '@softspoken/wire'
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
import { configureBackOff } from './config.ts'

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
  'stable session, then reset': { failureClass: 'reset', stable: true },
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

/**
 * For dials that end in these ways. Default: in every way.
 * @throws OptionError if a Session does not take this back-off, or an ending has another name.
 */
export function dialBudget(backOff: BackOff, among: readonly EndingName[] = all): DialBudget {
  const checked = configureBackOff(backOff)
  if (!Array.isArray(among) || among.some(name => !(all as readonly unknown[]).includes(name)))
    throw new OptionError('among', among, `a list of ${all.map(name => `'${name}'`).join(', ')}`)
  const dials = (span: number) => mostDials(checked, span, among).length + 1
  return { minute: dials(60), tenMinutes: dials(600), hour: dials(3600) }
}

/** A sequence of dials, of which the last has not ended. */
interface Path {
  /** Seconds from the first dial to the last. */
  readonly seconds: number
  readonly history: History
  readonly previous?: { readonly path: Path; readonly ending: EndingName }
}

/** How each dial except the last ends, in the period of `span` seconds with the most dials. */
export function mostDials(backOff: BackOff, span: number, among: readonly EndingName[] = all): readonly EndingName[] {
  // With fewer failures no delay is longer, so the period begins with none.
  let best: Path = { seconds: 0, history: noHistory }
  for (let paths = [best]; paths[0] !== undefined; ) {
    best = paths[0]
    const shortest = new Map<string, Path>() // one for each history, so that their number stays small
    for (const path of paths)
      for (const ending of among) {
        const { at, history } = redial(path.history, endings[ending], backOff)
        const seconds = path.seconds + at / 1000
        const key = `${history.transport} ${history.protocol}`
        if (seconds < (shortest.get(key)?.seconds ?? span))
          shortest.set(key, { seconds, history, previous: { path, ending } })
      }
    paths = [...shortest.values()]
  }
  const found: EndingName[] = []
  for (let { previous } = best; previous !== undefined; previous = previous.path.previous)
    found.unshift(previous.ending)
  return found
}

/** When the next dial is, in milliseconds after this one, and its history; as toIdleOnFailure() of fsm.ts computes them. */
function redial(
  history: History,
  { failureClass, stable }: Ending,
  backOff: BackOff,
): { at: number; history: History } {
  const dialled = { ...history, dialledAt: 0 }
  const now = stable ? backOff.resetAfter * 1000 : 0
  const after = recordFailure(stable ? resetFailures(dialled) : dialled, failureClass)
  const { transport, protocol } = after
  return {
    at: earliestDial(now + delayAfter(after, failureClass, backOff, MIN_JITTER) * 1000, after, backOff),
    history: { transport: Math.min(transport, MAX_FAILURES), protocol: Math.min(protocol, MAX_FAILURES) },
  }
}
