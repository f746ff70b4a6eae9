/** What the client saw: probe-program.ts prints a line for each request. Times are in milliseconds since the epoch. */
import { type NodeName, nodes } from '../network.ts'
import type { Moment } from '../nodes-lab.ts'

/** `at` is when the request was sent. */
export interface Answer extends Moment<NodeName | undefined> {
  readonly end: number
  /** Why no node answered: a code of Node, such as ECONNRESET, or `timeout`. */
  readonly failure: string | undefined
}

/** Milliseconds until `ip monitor` reads a change, on a busy machine. */
const MONITOR_LATE = 100

/** `<start> <end> <name of the node, or why none answered>` */
export function parseAnswer(line: string): Answer {
  const [at, end, result] = line.split(' ')
  const what = nodes.find(node => node === result)
  return { at: Number(at), end: Number(end), what, failure: what ? undefined : result }
}

/**
 * The requests that were lost. A connection that is under way when the router uses another node is reset by that node, and no
 * agent can prevent this: such a request does not count. It does if it got no answer at all, or if there was no route.
 */
export function lostOf(answers: readonly Answer[], routes: readonly Moment<NodeName | undefined>[]): readonly Answer[] {
  const changes = routes.filter(({ what }, at) => what !== undefined && routes[at - 1]?.what !== undefined)
  const isReset = ({ failure, at, end }: Answer): boolean =>
    failure === 'ECONNRESET' && changes.some(change => at <= change.at && change.at <= end + MONITOR_LATE)
  return answers.filter(answer => answer.what === undefined && !isReset(answer))
}

/**
 * In seconds: the longest time without an answer, from a request that failed to the next one that was answered. Two gaps are not one:
 * on a busy machine the next holder may lose the VIP for a moment, too.
 */
export function longestGap(answers: readonly Answer[], from: number): number {
  const asked = answers.filter(({ at }) => at >= from).sort((one, other) => one.at - other.at)
  let longest = 0
  let since: number | undefined
  for (const { at, what } of asked) {
    if (what === undefined) since ??= at
    if (since !== undefined) longest = Math.max(longest, at - since)
    if (what !== undefined) since = undefined
  }
  return longest / 1000
}

/** `at 12:00:00.123 timeout, …` */
export function describeLost(lost: readonly Answer[]): string {
  const all = lost.map(({ at, failure }) => `at ${new Date(at).toISOString().slice(11, 23)} ${failure}`)
  return all.length > 5 ? `${all.slice(0, 5).join(', ')}, and ${all.length - 5} more` : all.join(', ')
}
