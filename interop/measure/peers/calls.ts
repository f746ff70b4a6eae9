/** Timed calls of an announcer, and the events of the router's kernel after them. */
import type { RouteEvent } from '../kernel-routes.ts'
import type { Announcer } from './announcers.ts'

/** Seconds between two calls. */
export const BETWEEN = 0.2

export interface Call {
  what: string
  address: string
  /** Milliseconds since 1970. */
  begun: number
  ended: number
}

/** `announce 198.51.100.101/32 1795275075.100400 1795275075.102400` */
export function readCalls(lines: readonly string[]): Call[] {
  return lines.flatMap(line => {
    const [, what = '', address = '', begun, ended] = /^(\w+) (\S+?)(?:\/32)? (\d+\.\d+) (\d+\.\d+)$/.exec(line) ?? []
    return what === '' ? [] : { what, address, begun: Number(begun) * 1000, ended: Number(ended) * 1000 }
  })
}

/** Milliseconds from each call of this kind to the event of the router's kernel. */
export function latencies(
  calls: readonly Call[],
  what: 'announce' | 'withdraw',
  events: readonly RouteEvent[],
): number[] {
  return calls
    .filter(call => call.what === what)
    .map(({ address, begun }) => {
      const event = events.find(
        event => event.address === address && event.gone === (what === 'withdraw') && event.at >= begun,
      )
      if (event === undefined) throw new Error(`The router's kernel had no event after: ${what} ${address}`)
      return event.at - begun
    })
}

/** Milliseconds that each call of this kind took. */
export function durations(calls: readonly Call[], what: string): number[] {
  return calls.filter(call => call.what === what).map(({ begun, ended }) => ended - begun)
}

/** Bash: a function that times a call, and prints it for readCalls(). */
const timed = `timed() {
  local begun=$EPOCHREALTIME
  "$@" >/dev/null 2>&1
  echo "$1 $2 $begun $EPOCHREALTIME"
  sleep ${BETWEEN}
}`

/** Announces and withdraws each route, and runs the query. */
export function callsScript(
  { announce, withdraw, query }: Exclude<Announcer['changes'], { program: string }>,
  routes: readonly { i: number; route: string }[],
): string {
  return [
    timed,
    `announce() { ${announce}; }`,
    `withdraw() { ${withdraw}; }`,
    ...(query === undefined ? [] : [`query() { ${query}; }`]),
    ...routes.flatMap(({ i, route }) => [
      `i=${i}`,
      ...['announce', 'withdraw', ...(query === undefined ? [] : ['query'])].map(what => `timed ${what} ${route}`),
    ]),
  ].join('\n')
}

/** Runs a command this number of times. */
export function repeatScript(command: string, times: number): string {
  return [timed, `run() { ${command}; }`, ...Array.from({ length: times }, () => 'timed run -')].join('\n')
}
