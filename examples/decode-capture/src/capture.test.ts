/** The readers with captures that are less regular than the files in captures/. */
import { readFileSync } from 'node:fs'
import { type Capability, type Context, encode, type Message } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { Capture } from './capture.ts'
import { type Entry, InputError, Skipped } from './entry.ts'
import { frame, join, pcap, pcapng, u16, u32 } from './samples/build.ts'
import { conversation, malformed, samples, session } from './samples/samples.ts'

const options = { port: 179, fourOctetAs: true }
const keepalive = encode({ type: 'keepalive' })

/** Reads the file in one chunk. */
function* readCapture(file: Uint8Array, given: typeof options, skipped: Skipped): Generator<Entry> {
  const capture = new Capture(given, skipped)
  yield* capture.push(file)
  yield* capture.end()
}
function read(file: Uint8Array, given: Partial<typeof options> = {}): Entry[] {
  return [...readCapture(file, { ...options, ...given }, new Skipped())]
}
/** `update@64`, or the remark. */
function inShort(entries: readonly Entry[]): string[] {
  return entries.map(entry => {
    if ('remark' in entry) return entry.remark
    const { result, offset } = entry
    return `${result.ok ? result.value.type : `${result.notification.code}/${result.notification.subcode}`}@${offset}`
  })
}
function talk() {
  return conversation(['203.0.113.11', 40000], ['203.0.113.1', 179])
}
function update(fields: Partial<Extract<Message, { type: 'update' }>>, context?: Partial<Context>): Uint8Array {
  return encode({ type: 'update', withdrawn: [], attributes: {}, announced: [], ...fields }, context)
}
function open(as: number, ...capabilities: Capability[]): Uint8Array {
  return encode({ type: 'open', version: 4, as, holdTime: 90, id: '203.0.113.1', capabilities })
}
const sequence = (...as: number[]) => [{ type: 'sequence', as } as const]

describe('captures/', () => {
  it.each(Object.keys(samples))('captures/%s equals the output of samples/write.ts', name => {
    const file = readFileSync(new URL(`../captures/${name}`, import.meta.url))
    expect(file.equals(samples[name]!())).toBe(true)
  })
})

describe('a TCP stream', () => {
  const [first, second] = [update({ withdrawn: ['198.51.100.1/32'] }), update({ withdrawn: ['198.51.100.2/32'] })]

  it('segments are read in order, in any order of arrival and if repeated', () => {
    const { segments, announcer, shake } = talk()
    shake()
    for (let at = 0; at < 60; at += 12) announcer(join(first, second, keepalive).subarray(at, at + 12))
    announcer(join(first, second, keepalive).subarray(60))
    const [handshake, data] = [segments.slice(0, 3), segments.slice(3).filter(({ data }) => data)]
    const inOrder = inShort(read(pcap([...handshake, ...data])))
    expect(inOrder).toEqual(['update@0', 'update@28', 'keepalive@56'])
    expect(inShort(read(pcap([...handshake, ...data.toReversed()])))).toEqual(inOrder)
    expect(inShort(read(pcap([...handshake, ...data, ...data])))).toEqual(inOrder)
    expect(inShort(read(pcap([...handshake, ...data.flatMap(segment => [segment, segment])])))).toEqual(inOrder)
  })

  it('a segment that overlaps adds only its new octets (RFC 9293 §3.10.7.4)', () => {
    const { segments, announcer, shake } = talk()
    shake()
    announcer(first)
    const sent = segments.find(({ data }) => data)!
    segments.push({ ...sent, data: join(first, keepalive) })
    expect(inShort(read(pcap(segments)))).toEqual(['update@0', 'keepalive@28'])
  })

  it('the next message after a gap is read', () => {
    const { segments, announcer, shake } = talk()
    shake()
    announcer(first.subarray(0, 20))
    announcer.unseen(8)
    announcer(keepalive)
    announcer(keepalive)
    const lost = '8 octets are missing from the capture, after the first 20 octets of a message'
    expect(inShort(read(pcap(segments)))).toEqual([lost, 'keepalive@28', 'keepalive@47'])
  })

  it('a gap and an incomplete message at the end are reported', () => {
    const { segments, announcer, shake } = talk()
    shake()
    announcer.unseen(5)
    announcer(join(keepalive, first.subarray(0, 20)))
    const unanswered = segments.filter(({ flags, from }) => flags !== 'A' || from[1] === 40000)
    expect(inShort(read(pcap(unanswered)))).toEqual([
      '5 octets are missing from the capture',
      'keepalive@5',
      'the stream ends 20 octets into a message',
    ])
  })

  it('a stream without its start is read from the first marker on', () => {
    const { segments, announcer } = talk()
    announcer(join(first.subarray(9), second))
    announcer(keepalive)
    expect(inShort(read(pcap(segments)))).toEqual(['update@19', 'keepalive@47'])
  })

  it('another SYN between the same ports starts another stream', () => {
    const again = session().map(segment => ({ ...segment, time: segment.time + 1e6, seq: (segment.seq + 5e6) >>> 0 }))
    const acks = again.map(segment => ({
      ...segment,
      ...(segment.ack !== undefined && { ack: (segment.ack + 5e6) >>> 0 }),
    }))
    const once = inShort(read(pcap(session())))
    expect(inShort(read(pcap([...session(), ...acks])))).toEqual([...once, ...once])
  })

  it('a stream of another port is ignored', () => {
    const elsewhere = session().map(
      segment => ({ ...segment, to: [segment.to[0], 1179], from: [segment.from[0], 1180] }) as const,
    )
    expect(read(pcap(elsewhere))).toEqual([])
    expect(read(pcap(session()), { port: 40000 })).toHaveLength(10)
  })
})

describe('what the OPENs negotiate', () => {
  const path = {
    attributes: { origin: 'igp', asPath: sequence(64515, 4200000001), nextHop: '203.0.113.11' },
    announced: ['198.51.100.10/32'],
  } as const
  function exchange(ours: Uint8Array, theirs: Uint8Array, message: Uint8Array): Entry[] {
    const { segments, announcer, router, shake } = talk()
    shake()
    announcer(ours)
    router(theirs)
    announcer(message)
    return read(pcap(segments))
  }
  const four = (as: number): Capability => ({ name: 'four-octet-as', as })

  it('AS numbers have two octets if one side supports no more (RFC 6793 §4)', () => {
    const entries = exchange(open(64515, four(64515)), open(65000), update(path, { fourOctetAs: false }))
    expect(entries[2]).toMatchObject({
      result: { ok: true, value: { attributes: { asPath: sequence(64515, 4200000001) } } },
    })
  })
  it('LOCAL_PREF is read from an internal peer only (RFC 7606 §7.5)', () => {
    const message = update({ ...path, attributes: { ...path.attributes, localPref: 200 } })
    const [external, internal] = [65000, 64515].map(
      as => exchange(open(64515, four(64515)), open(as, four(as)), message)[2],
    )
    expect(external).toMatchObject({
      result: { value: { issues: [{ attribute: 'LOCAL_PREF', handling: 'attribute-discard' }] } },
    })
    expect(internal).toMatchObject({ result: { value: { attributes: { localPref: 200 }, issues: undefined } } })
  })
  it('path identifiers are read in the negotiated direction (RFC 7911 §4)', () => {
    const mode = (mode: 'send' | 'receive'): Capability => ({
      name: 'add-path',
      families: [{ afi: 1, safi: 1, mode }],
    })
    const message = update({ ...path, announced: ['198.51.100.10/32#7'] }, { addPath: ['ipv4-unicast'] })
    const entries = exchange(open(64515, four(64515), mode('send')), open(65000, four(65000), mode('receive')), message)
    expect(entries[2]).toMatchObject({ result: { ok: true, value: { announced: ['198.51.100.10/32#7'] } } })
  })
  it('messages above 4096 octets are read if negotiated (RFC 8654)', () => {
    const extended: Capability = { name: 'extended-message' }
    const withdrawn = Array.from({ length: 1000 }, (_, i) => `198.51.${i >> 8}.${i & 0xff}/32`)
    const message = update({ withdrawn }, { extendedMessage: true })
    const entries = exchange(open(64515, four(64515), extended), open(65000, four(65000), extended), message)
    expect(entries[2]).toMatchObject({ result: { ok: true, value: { withdrawn } } })
  })
  it('AS numbers have the assumed length without OPENs', () => {
    const { segments, announcer } = talk()
    announcer(update(path, { fourOctetAs: false }))
    expect(read(pcap(segments), { fourOctetAs: false })).toMatchObject([{ result: { ok: true } }])
    expect(read(pcap(segments))).toMatchObject([{ result: { value: { issues: [{ attribute: 'AS_PATH' }, {}] } } }])
  })
})

describe('files', () => {
  const expected = inShort(read(pcap(malformed())))

  it('pcap is read in either byte order, in micro- and nanoseconds', () => {
    const [segment] = session().slice(3)
    const octets = frame(segment!)
    const numbers = [0xa1b23c4d, 0x00040002, 0, 0, 65535, 1, 1767225600, 3_000_500, octets.length, octets.length]
    const file = join(
      u32(...numbers).map((_, i, all) => all[i - (i % 4) + 3 - (i % 4)]!),
      octets,
    )
    expect(read(file)).toMatchObject([{ frame: 1, time: 1767225600.0030005, result: { ok: true } }])
  })
  it('pcapng is read with time in the units of its interface', () => {
    expect(inShort(read(pcapng(malformed())))).toEqual(expected)
    expect(read(pcapng(malformed())).map(({ time }) => time)).toEqual(read(pcap(malformed())).map(({ time }) => time))
  })
  it.each([
    ['Linux "any"', 113, (packet: Uint8Array) => join(u16(0, 1, 6), new Uint8Array(8), packet)],
    [
      'Linux "any", second version',
      276,
      (packet: Uint8Array) => join(packet.subarray(0, 2), new Uint8Array(18), packet.subarray(2)),
    ],
    ['raw IP', 101, (packet: Uint8Array) => packet.subarray(2)],
    ['BSD loopback', 0, (packet: Uint8Array) => join(u32(2), packet.subarray(2))],
  ])('link type %s is read', (_, linkType, dress) => {
    const packets = session().map(segment => {
      const octets = dress(frame(segment).subarray(12)) // from the EtherType on
      return join(u32(0, 0, octets.length, octets.length), octets)
    })
    const file = join(u32(0xa1b2c3d4), u16(2, 4), u32(0, 0, 65535, linkType), ...packets)
    expect(inShort(read(file))).toEqual(inShort(read(pcap(session()))))
  })
  it('packets of an unknown link type are counted', () => {
    const file = pcap(session())
    file[23] = 127
    const skipped = new Skipped()
    expect([...readCapture(file, options, skipped)]).toEqual([])
    expect(skipped.toText()).toBe('packets of link type 127 (24)')
  })
  it.each(Object.entries(samples))('%s cut short anywhere is read up to there, or rejected', (_, make) => {
    const file = make()
    const whole = inShort(read(file))
    for (let length = 0; length < file.length; length += 5) {
      const entries: Entry[] = []
      try {
        for (const entry of readCapture(file.subarray(0, length), options, new Skipped())) entries.push(entry)
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
      }
      const before = inShort(entries.filter(entry => !('remark' in entry)))
      expect(before).toEqual(whole.slice(0, before.length))
    }
  })
  it.each(Object.entries(samples))('%s with any octet changed is read or rejected', { timeout: 20_000 }, (_, make) => {
    const file = make()
    for (let at = 0; at < file.length; at++) {
      const changed = file.slice()
      changed[at]! ^= 0xff
      try {
        read(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
      }
    }
  })
})
