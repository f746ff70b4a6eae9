/** The best route of a router for one prefix over time, from the router's own output. */
import type { Output } from '../../lab/output.ts'
import type { Router } from '../../lab/router.ts'

export interface Change {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Undefined if there is no route. */
  readonly nextHop: string | undefined
}

/** The commands that print changes of the best route: from BIRD's kernel table, and from GoBGP's own table. */
const monitors = {
  bird: 'ip monitor route',
  gobgp: 'gobgp monitor global rib',
} as const

/** Each line begins with the time. All containers have the clock of this host. */
export function watchBest(router: Router, daemon: keyof typeof monitors): Promise<Output> {
  const stamp = 'while read -r line; do echo "$(date +%s%N) $line"; done'
  return router.watch('sh', '-c', `${monitors[daemon]} | ${stamp}`)
}

/** The changes of one prefix. */
export function changes(lines: readonly string[], prefix: string): Change[] {
  const address = prefix.replace(/\/.*/, '').replaceAll('.', '\\.')
  return lines.flatMap(line => {
    const [, stamp = '', output = ''] = /^(\d+) (.*)$/.exec(line) ?? []
    if (!new RegExp(`(^| )${address}[/ ]`).test(output)) return []
    const isGone = /Deleted |\[DELROUTE\]/.test(output)
    const nextHop = isGone ? undefined : / via ([^ ]+)/.exec(output)?.[1]
    return isGone || nextHop !== undefined ? [{ at: Number(stamp) / 1e6, nextHop }] : []
  })
}
