/** Reads the output of tcpdump -tt -n -e -v: each packet has several lines, its BGP messages more. */

export interface Packet {
  /** Seconds since the epoch. */
  time: number
  /** The octets of the frame, with the Ethernet header. */
  octets: number
  /** As tcpdump prints it: '203.0.113.3.40000'. */
  from: string
  to: string
  flags: string
  seq: string
  /** '1: Open', '4: Keepalive' and so on, in order. */
  messages: string[]
  /** The prefixes that its UPDATEs announce. */
  routes: string[]
  /** In seconds, if one of the messages is an OPEN. */
  holdTime?: number
}

export function readPackets(text: string): Packet[] {
  return text.split(/\n(?=\d)/).flatMap(block => {
    const head = /^(\d+\.\d+) .*?, length (\d+): .*\n\s+(\S+) > (\S+): Flags \[(\S+)\](?:.*?, seq (\d+))?/.exec(block)
    if (head === null) return []
    const [, time, octets, from = '', to = '', flags = '', seq = ''] = head
    const messages = [...block.matchAll(/^\t(\w[\w ]*) Message \(\d\), length/gm)].map(([, name = '']) => name)
    const routes = [...block.matchAll(/Updated routes:((?:\n\t {4}\S+)+)/g)].flatMap(([, list = '']) =>
      list.trim().split(/\s+/),
    )
    const holdTime = /Holdtime (\d+)s/.exec(block)?.[1]
    return {
      time: Number(time),
      octets: Number(octets),
      ...{ from, to, flags, seq, messages, routes },
      ...(holdTime !== undefined && { holdTime: Number(holdTime) }),
    }
  })
}

/** The traffic of one session per minute. */
export interface Steady {
  speaker: string
  /** The smaller one of both OPENs, in seconds. */
  holdTime: number
  keepalives: number
  packets: number
  octets: number
  /** KEEPALIVEs from the router. Each has to be acknowledged. */
  received: number
}

/** Counts packets of the session with `address` until `end`, without its first minute. Undefined if too little time remains. */
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
  const [sent, received] = [to.filter(within), from.filter(within)]
  const sum = (of: readonly number[]) => of.reduce((a, b) => a + b, 0) / minutes
  const keepalives = ({ messages }: Packet) => messages.filter(name => name === 'Keepalive').length
  return {
    holdTime: Math.min(...[...to, ...from].map(({ holdTime = Number.POSITIVE_INFINITY }) => holdTime)),
    keepalives: sum(sent.map(keepalives)),
    packets: sum(sent.map(() => 1)),
    octets: sum(sent.map(({ octets }) => octets)),
    received: sum(received.map(keepalives)),
  }
}
