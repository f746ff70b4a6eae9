/** What a router uses for the address, and since when, as it says itself: in milliseconds since 1970. */
import type { Output } from '../../lab/output.ts'
import type { Router } from '../../lab/router.ts'

export interface Change {
  readonly at: number
  /** Undefined: it has no route. */
  readonly nextHop: string | undefined
}

/** How each daemon tells of its best route: BIRD through its kernel's table, GoBGP through its own. */
const monitors = {
  bird: 'ip monitor route',
  gobgp: 'gobgp monitor global rib',
} as const

/** Each line with the time, by the clock that all containers share with this process. */
export function watchBest(router: Router, daemon: keyof typeof monitors): Promise<Output> {
  const stamp = 'while read -r line; do echo "$(date +%s%N) $line"; done'
  return router.watch('sh', '-c', `${monitors[daemon]} | ${stamp}`)
}

/** Of one prefix. A line that tells of no change of it is left out. */
export function changes(lines: readonly string[], prefix: string): Change[] {
  const address = prefix.replace(/\/.*/, '').replaceAll('.', '\\.')
  return lines.flatMap(line => {
    const [, stamp = '', said = ''] = /^(\d+) (.*)$/.exec(line) ?? []
    if (!new RegExp(`(^| )${address}[/ ]`).test(said)) return []
    const isGone = /Deleted |\[DELROUTE\]/.test(said)
    const nextHop = isGone ? undefined : / via ([^ ]+)/.exec(said)?.[1]
    return isGone || nextHop !== undefined ? [{ at: Number(stamp) / 1e6, nextHop }] : []
  })
}
