import type { Packet } from '../capture.ts'
import type { RouterResponse } from './responses.ts'

/** The dials of one speaker to one address of the router. */
export interface Row {
  speaker: string
  response: RouterResponse
  /** Seconds from the first dial. A retransmitted SYN is not a dial of its own. */
  dials: number[]
  /** All SYNs, with retransmitted ones. */
  syns: number
  opens: number
}

/** Counts dials, SYNs and OPENs to `address`, in the given seconds from the first SYN. */
export function count(
  packets: readonly Packet[],
  { seconds, address }: { seconds: number; address: string },
): Pick<Row, 'dials' | 'syns' | 'opens'> {
  const isSyn = ({ flags }: Packet) => flags.startsWith('S') // 'SEW' with ECN
  const sent = packets.filter(({ to }) => to === `${address}.179`)
  const start = sent.find(isSyn)?.time ?? 0
  const dials = new Map<string, number>()
  const opens = new Set<string>()
  const latest = new Map<string, string>()
  let syns = 0
  for (const packet of sent.filter(({ time }) => time < start + seconds)) {
    const { from, seq, time } = packet
    if (isSyn(packet)) {
      // A port may be used again within ten minutes, but not with the same initial sequence number.
      const dial = `${from} ${seq}`
      if (!dials.has(dial)) dials.set(dial, time - start)
      latest.set(from, dial)
      syns++
    }
    if (packet.messages.includes('Open')) opens.add(latest.get(from) ?? from)
  }
  return { dials: [...dials.values()], syns, opens: opens.size }
}
