/** What tcpdump saw, read from what it prints with -tt -n -e -v: a packet on several lines, its BGP messages on more. */
import type { Kind } from './kinds.ts'

export interface Packet {
  /** Seconds since the epoch. */
  time: number
  /** Octets of the frame, Ethernet's header included. */
  octets: number
  /** As tcpdump writes it: '203.0.113.3.40000'. */
  from: string
  to: string
  flags: string
  seq: string
  /** '1: Open', '4: Keepalive' and so on, in order. */
  messages: string[]
  /** In seconds, where one is an OPEN. */
  holdTime?: number
}

export function readPackets(text: string): Packet[] {
  return text.split(/\n(?=\d)/).flatMap(block => {
    const head = /^(\d+\.\d+) .*?, length (\d+): .*\n\s+(\S+) > (\S+): Flags \[(\S+)\](?:.*?, seq (\d+))?/.exec(block)
    if (head === null) return []
    const [, time, octets, from = '', to = '', flags = '', seq = ''] = head
    const messages = [...block.matchAll(/^\t(\w[\w ]*) Message \(\d\), length/gm)].map(([, name = '']) => name)
    const holdTime = /Holdtime (\d+)s/.exec(block)?.[1]
    return {
      time: Number(time),
      octets: Number(octets),
      ...{ from, to, flags, seq, messages },
      ...(holdTime !== undefined && { holdTime: Number(holdTime) }),
    }
  })
}

/** What a speaker sent to one address of the router. */
export interface Row {
  speaker: string
  kind: Kind
  /** When it dialled, in seconds from its first dial. A SYN sent again is no dial of its own. */
  dials: number[]
  /** All SYNs, those sent again included. */
  syns: number
  opens: number
}

/** Counts what was sent to `address`, for so many seconds from the first SYN. */
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
      // A port may come again in ten minutes, but not with the same initial sequence number.
      const dial = `${from} ${seq}`
      if (!dials.has(dial)) dials.set(dial, time - start)
      latest.set(from, dial)
      syns++
    }
    if (packet.messages.includes('Open')) opens.add(latest.get(from) ?? from)
  }
  return { dials: [...dials.values()], syns, opens: opens.size }
}

/** What it costs the router to keep one session of this speaker, by the minute. */
export interface Steady {
  speaker: string
  /** The lesser of both OPENs', in seconds. */
  holdTime: number
  keepalives: number
  packets: number
  octets: number
  /** KEEPALIVEs of the router, each of which has to be acknowledged. */
  heard: number
}

/** Counts at `address` until `end`, but for the first minute of Established; undefined where there is no later. */
export function steady(
  packets: readonly Packet[],
  { end, address }: { end: number; address: string },
): Omit<Steady, 'speaker'> | undefined {
  const to = packets.filter(packet => packet.to === `${address}.179`)
  const from = packets.filter(packet => packet.from === `${address}.179`)
  const established = to.find(({ messages }) => messages.includes('Keepalive'))
  if (established === undefined) return undefined
  const begin = established.time + 60
  const minutes = (end - begin) / 60
  if (minutes < 0.5) return undefined
  const within = ({ time }: Packet) => time >= begin && time < end
  const [sent, heard] = [to.filter(within), from.filter(within)]
  const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / minutes
  const keepalives = ({ messages }: Packet) => messages.filter(name => name === 'Keepalive').length
  return {
    holdTime: Math.min(...[...to, ...from].map(({ holdTime = Number.POSITIVE_INFINITY }) => holdTime)),
    keepalives: sum(sent.map(keepalives)),
    packets: sum(sent.map(() => 1)),
    octets: sum(sent.map(({ octets }) => octets)),
    heard: sum(heard.map(keepalives)),
  }
}
