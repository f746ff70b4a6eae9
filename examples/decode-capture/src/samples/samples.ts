/** The captures in captures/: small sessions that show what the program does. This file determines every octet. */
import { type Attributes, cease, encode, type Message, notificationCode, type Open, subcode } from '@softspoken/wire'
import { join, mrt, pcap, pcapng, type SegmentSpec, u16 } from './build.ts'

const START = Date.UTC(2026, 0, 1) * 1000 // microseconds
const keepalive = encode({ type: 'keepalive' })
const endOfRib = encode({ type: 'update', withdrawn: [], attributes: {}, announced: [] })

/** By file name. */
export const samples: { readonly [name: string]: () => Uint8Array } = {
  'session.pcap': () => pcap(session()),
  'malformed.pcapng': () => pcapng(malformed()),
  'updates.mrt': updates,
}

/** An announcer and a router, from SYN to FIN; with a retransmission and two segments in the wrong order. */
export function session(): SegmentSpec[] {
  const { segments, announcer, router, shake, close } = conversation(['203.0.113.11', 40000], ['203.0.113.1', 179])
  shake()
  announcer(open(64515, '203.0.113.11', [1]))
  router(join(open(65000, '203.0.113.1', [1]), keepalive))
  announcer(keepalive)
  const attributes: Attributes = {
    origin: 'igp',
    asPath: [{ type: 'sequence', as: [64515] }],
    nextHop: '203.0.113.11',
    med: 100,
    communities: ['64515:10', '65535:65281'],
    largeCommunities: ['64515:1:10'],
  }
  announcer(join(update({ attributes, announced: ['198.51.100.10/32'] }), endOfRib))
  announcer.again()

  const path = [{ type: 'sequence', as: [65000, 4200000001, 65010] }] as const
  const full = update({
    attributes: { origin: 'incomplete', asPath: path, nextHop: '203.0.113.1' },
    announced: ['198.51.100.128/25', '203.0.113.0/24', '198.51.100.64/27'],
  })
  router.swapped(full.subarray(0, 30), full.subarray(30))

  const odd = update({
    attributes: { origin: 'igp', asPath: path, nextHop: '203.0.113.1' },
    announced: ['198.51.100.96/28'],
  })
  odd[26] = 3 // no such ORIGIN: treat-as-withdraw (RFC 7606 §7.1)
  router(odd)

  announcer(update({ withdrawn: ['198.51.100.10/32'] }))
  announcer(encode(cease(subcode.cease.administrativeShutdown, 'maintenance of node 11')))
  close()
  return segments
}

/** The same over IPv6 with a VLAN tag, until an UPDATE is malformed and the session is reset. */
export function malformed(): SegmentSpec[] {
  const ends = [
    ['2001:db8::11', 40001],
    ['2001:db8::1', 179],
  ] as const
  const { segments, announcer, router, shake, close } = conversation(...ends, 100)
  shake()
  announcer(open(64515, '203.0.113.11', [2]))
  router(join(open(65000, '203.0.113.1', [2]), keepalive))
  announcer(keepalive)
  const origin = { origin: 'igp', asPath: [{ type: 'sequence', as: [64515] }] } as const
  announcer(
    update({
      attributes: {
        ...origin,
        mpReach: { family: 'ipv6-unicast', nextHop: ['2001:db8::11'], announced: ['2001:db8:0:10::10/128'] },
      },
    }),
  )
  announcer(
    encode({
      type: 'update',
      withdrawn: [],
      attributes: { mpUnreach: { family: 'ipv6-unicast', withdrawn: [] } },
      announced: [],
    }),
  )
  const bad = update({
    attributes: {
      origin: 'igp',
      asPath: [{ type: 'sequence', as: [65000] }],
      mpReach: { family: 'ipv6-unicast', nextHop: ['2001:db8::1'], announced: ['2001:db8::/32'] },
    },
  })
  bad[29] = 5 // octets of the next hop
  router(bad)
  announcer(
    encode({
      type: 'notification',
      code: notificationCode.update,
      subcode: subcode.update.optionalAttributeError,
      data: bad.slice(23, 52),
    }),
  )
  close()
  return segments
}

/** What a collector writes: one message of each kind of BGP4MP, and a state change, which is skipped. */
function updates(): Uint8Array {
  const peer = ['203.0.113.1', 65000] as const
  const collector = ['203.0.113.254', 64999] as const
  const attributes: Attributes = {
    origin: 'igp',
    asPath: [{ type: 'sequence', as: [65000, 4200000001] }],
    nextHop: '203.0.113.1',
  }
  const announced = ['198.51.100.0/24']
  return mrt([
    { time: START, type: 16, subtype: 5, peer, collector, rest: u16(5, 6) },
    { time: START, type: 16, subtype: 4, peer, collector, rest: update({ attributes, announced }) },
    {
      time: START + 1e6,
      type: 16,
      subtype: 1,
      peer,
      collector,
      rest: encode({ type: 'update', withdrawn: [], attributes, announced }, { fourOctetAs: false }),
    },
    { time: START + 2e6, type: 16, subtype: 7, peer, collector, rest: keepalive },
    {
      time: START + 3_250_000,
      type: 17,
      subtype: 4,
      peer: ['2001:db8::1', 4200000001],
      collector: ['2001:db8::254', 64999],
      rest: update({ attributes: { mpUnreach: { family: 'ipv6-unicast', withdrawn: ['2001:db8:0:10::10/128'] } } }),
    },
  ])
}

function open(as: number, id: string, afis: readonly number[]): Uint8Array {
  const capabilities: Open['capabilities'] = [
    ...afis.map(afi => ({ name: 'multiprotocol', afi, safi: 1 }) as const),
    { name: 'route-refresh' },
    { name: 'four-octet-as', as },
  ]
  return encode({ type: 'open', version: 4, as, holdTime: 90, id, capabilities })
}
function update(fields: Partial<Extract<Message, { type: 'update' }>>): Uint8Array {
  return encode({ type: 'update', withdrawn: [], attributes: {}, announced: [], ...fields })
}

type End = readonly [address: string, port: number]

/** Two ends of a connection, each a function that sends octets; the other acknowledges at once. A millisecond each. */
export function conversation(announcer: End, router: End, vlan?: number) {
  const segments: SegmentSpec[] = []
  const next = new Map([
    [announcer, 0xffffff80], // so that the sequence numbers wrap at 2^32 early
    [router, 1000],
  ])
  return {
    segments,
    announcer: sender(announcer, router),
    router: sender(router, announcer),
    shake() {
      segment(announcer, router, 'S')
      advance(announcer, 1)
      segment(router, announcer, 'SA')
      advance(router, 1)
      segment(announcer, router, 'A')
    },
    close() {
      segment(announcer, router, 'FA')
      advance(announcer, 1)
      segment(router, announcer, 'FA')
      advance(router, 1)
      segment(announcer, router, 'A')
    },
  }

  function sender(from: End, to: End) {
    const send = (...parts: readonly Uint8Array[]): void => {
      for (const data of parts) {
        segment(from, to, 'PA', data)
        advance(from, data.length)
      }
      segment(to, from, 'A')
    }
    return Object.assign(send, {
      /** Sends the last octets again. */
      again(): void {
        const last = segments.findLast(({ from: by, data }) => by === from && data)
        if (last) segments.push({ ...last, time: tick() })
      },
      /** The second part arrives before the first. */
      swapped(first: Uint8Array, second: Uint8Array): void {
        advance(from, first.length)
        segment(from, to, 'PA', second)
        advance(from, -first.length)
        segment(from, to, 'PA', first)
        advance(from, first.length + second.length)
        segment(to, from, 'A')
      },
      /** Sent and acknowledged, but not in the capture. */
      unseen(octets: number): void {
        advance(from, octets)
      },
    })
  }
  function segment(from: End, to: End, flags: string, data?: Uint8Array): void {
    const ack = flags.includes('A') ? { ack: next.get(to)! } : {}
    segments.push({
      time: tick(),
      from,
      to,
      flags,
      seq: next.get(from)!,
      ...ack,
      ...(data && { data }),
      ...(vlan !== undefined && { vlan }),
    })
  }
  function advance(end: End, octets: number): void {
    next.set(end, (next.get(end)! + octets) >>> 0)
  }
  function tick(): number {
    return START + segments.length * 1000
  }
}
