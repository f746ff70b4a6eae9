/** What `ip monitor` prints about the VIPs in one namespace: the neighbour table of a client, the addresses of a node. */
import { createInterface } from 'node:readline'
import { type Namespace, start } from '../network.ts'

/** One change. `at` is in milliseconds since the epoch. */
interface Change {
  readonly at: number
  readonly line: string
}

/** Calls `onChange` with each line, which begins with the VIP or has it as an address. Returns a function that ends it. */
export function monitor(
  namespace: Namespace,
  what: 'neigh' | 'address',
  onChange: (change: Change) => void,
): () => void {
  const child = start(namespace, ['ip', '-ts', '-oneline', 'monitor', what], { stdio: ['ignore', 'pipe', 'inherit'] })
  if (child.stdout !== null)
    createInterface(child.stdout).on('line', text => {
      // [2026-11-26T11:22:33.123456] 203.0.113.100 dev eth0 lladdr 02:00:5e:00:00:02 STALE
      const [, time, line] = /^\[(\S+)\] (.*)$/.exec(text) ?? []
      if (time === undefined || line === undefined) return
      const [whole = '', fraction = ''] = time.split('.')
      onChange({ at: new Date(`${whole}Z`).getTime() + Number(`0.${fraction}`) * 1000, line })
    })
  return () => child.kill()
}
