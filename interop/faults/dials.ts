import type { Output } from '../lab/output.ts'

/** The times of the dials to a peer, in seconds since the epoch, from a capture of DIAL. A retransmitted SYN belongs to the same dial. */
export function dials(capture: Output, address: string): number[] {
  const first = new Map<string, number>()
  for (const line of capture.lines()) {
    const [, time, port, to, seq] = /^(\S+) IP6? \S+\.(\d+) > (\S+)\.\d+: .* seq (\d+)/.exec(line) ?? []
    const dial = `${port} ${seq}`
    if (to === address && !first.has(dial)) first.set(dial, Number(time))
  }
  return [...first.values()]
}
