/**
 * Files that were made to cost as much as possible, and damaged files. Any file gives messages, remarks and at most one
 * sentence, and memory and entries are within the bounds that README.md states.
 */
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bounds } from './bounds.ts'
import { Capture } from './capture.ts'
import { type Entry, InputError, Skipped } from './entry.ts'
import { HexReader } from './hex-reader.ts'
import { toJson } from './json.ts'
import { pcapHeader, pcapRecord, shapes, tcp } from './samples/hostile.ts'
import { samples } from './samples/samples.ts'
import { toTree } from './tree.ts'
import { unpacked } from './unpack.ts'

const CHUNK = 64 * 1024

/** The entries of a file, and the most that was kept of it. */
interface Outcome {
  readonly entries: Entry[]
  /** Octets after decompression. */
  readonly octets: number
  readonly sentence: string | undefined
  readonly held: number
  readonly waiting: number
  readonly skipped: string
}

/** Reads the file in chunks of these sizes, repeated. An error other than an InputError is thrown. */
async function read(file: Uint8Array, sizes: readonly number[] = [CHUNK]): Promise<Outcome> {
  const skipped = new Skipped()
  const capture = new Capture({ port: 179, fourOctetAs: true }, skipped)
  const entries: Entry[] = []
  let [octets, held] = [0, 0]
  let sentence: string | undefined
  try {
    for await (const chunk of unpacked(cut(file, sizes))) {
      octets += chunk.length
      for (const entry of capture.push(chunk)) entries.push(entry)
      held = Math.max(held, capture.held)
    }
    for (const entry of capture.end()) entries.push(entry)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    sentence = error.message
  }
  const waiting = capture.connections.waiting.peak
  return { entries, octets, sentence, held, waiting, skipped: skipped.toText() }
}
async function* cut(file: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < file.length; turn++) {
    const size = sizes[turn % sizes.length] ?? CHUNK
    yield file.subarray(at, at + size)
    at += size
  }
}

/** The bounds that README.md states. */
function expectBounded(file: Uint8Array, { entries, octets, sentence, held, waiting, skipped }: Outcome): void {
  expect(octets).toBeLessThanOrEqual(bounds.unpackedRatio * file.length + bounds.unpackedSlack + CHUNK)
  expect(entries.length).toBeLessThanOrEqual(octets / 12) // the shortest record
  expect(held).toBeLessThanOrEqual(bounds.packet + 28 + CHUNK)
  expect(waiting).toBeLessThanOrEqual(bounds.waitingOctets + bounds.packet + bounds.segmentCost)
  for (const text of [sentence ?? '', skipped]) {
    expect(text).not.toMatch(/\p{Cc}/u)
    expect(text.length).toBeLessThanOrEqual(1500)
  }
  for (const entry of entries.slice(0, 100)) {
    expect(JSON.parse(toJson(entry))).toMatchObject({ offset: expect.any(Number) })
    expect(toTree(entry, { width: 100, colours: false })).toMatch(/\n\n$/)
  }
}
function inShort({ entries, sentence }: Outcome): string[] {
  const all = entries.map(entry => {
    if ('remark' in entry) return `${entry.frame} ${entry.remark}`
    const { result, offset, bytes, frame, time } = entry
    return `${frame} ${time} ${offset} ${result.ok ? result.value.type : result.detail} ${Buffer.from(bytes).toString('hex')}`
  })
  return sentence === undefined ? all : [...all, sentence]
}

describe('a hostile file', () => {
  it.each(Object.entries(shapes))('%s is read within the bounds', async (_, { make, isPacked }) => {
    const file = make(isPacked ? 10_000 : 100_000)
    const outcome = await read(file)
    expectBounded(file, outcome)
    expect(
      outcome.entries.length + outcome.skipped.length + (outcome.sentence?.length ?? 0) + outcome.octets,
    ).toBeGreaterThan(0)
  })

  it('waiting segments stay within the bounds, in one direction and in all', async () => {
    const one = shapes['segments that wait, each before the last']!.make(100 * 2 * bounds.waitingSegments)
    expect((await read(one)).waiting).toBeLessThanOrEqual((bounds.waitingSegments + 1) * (bounds.segmentCost + 1))
    const data = Buffer.alloc(60_000)
    const late = Array.from({ length: 600 }, (_, number) => [
      tcp({ seq: 0, flags: 2, number }),
      tcp({ seq: 2000, data, number }),
    ])
    const all = Buffer.concat([pcapHeader(), ...late.flat()])
    const { waiting, entries } = await read(all)
    expect(waiting).toBeGreaterThan(bounds.waitingOctets)
    expect(waiting).toBeLessThanOrEqual(bounds.waitingOctets + data.length + bounds.segmentCost)
    expect(entries.length, 'a gap that was given up is reported').toBeGreaterThan(0)
  })

  it('a connection above the bound ends the longest silent one', async () => {
    const first = Array.from({ length: bounds.connections }, (_, number) => tcp({ seq: 0, flags: 2, number }))
    const half = tcp({ seq: 1, data: keepalive.subarray(0, 10), number: 0 })
    const more = Array.from({ length: bounds.connections - 1 }, (_, i) =>
      tcp({ seq: 0, flags: 2, number: bounds.connections + i }),
    )
    const rest = tcp({ seq: 11, data: keepalive.subarray(10), number: 0 })
    const one = tcp({ seq: 1, data: keepalive, number: 1 })
    const { entries, skipped } = await read(Buffer.concat([pcapHeader(), ...first, half, ...more, rest, one]))
    // The first connection was active again and is kept; the second has ended, and its next segment starts a stream.
    expect(skipped).toBe(
      `connections beyond 10000 at a time, each cut off after its last segment (${bounds.connections})`,
    )
    expect(entries).toMatchObject([
      { from: { port: 40000 }, offset: 0, result: { ok: true } },
      { from: { port: 40001 }, offset: 0, result: { ok: true } },
    ])
  })

  it('sixteen kinds of skipped items are named, the others counted together', async () => {
    const { skipped } = await read(shapes['MRT records of every subtype']!.make(12 * 1000))
    expect(skipped.split(', ')).toHaveLength(bounds.skippedKinds + 1)
    expect(skipped).toContain(`other kinds (${1000 - bounds.skippedKinds})`)
  })
})

describe('a file that was damaged', () => {
  const bases = [
    ...Object.values(samples).map(make => make()),
    ...Object.values(shapes).flatMap(({ make, isPacked }) => (isPacked ? [] : [make(1500)])),
  ]
  /** One damage: some octets are replaced, removed or inserted. */
  const damage = fc.record({
    at: fc.nat(),
    remove: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 }), fc.nat(400)),
    insert: fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc
        .constantFrom('ffffffff', '00000000', '7fffffff', '80000000', '0000000c', '0a0d0d0a', '1f8b08', 'ff'.repeat(19))
        .map(hex => Uint8Array.from(Buffer.from(hex, 'hex'))),
    ),
  })
  const damaged = fc
    .tuple(fc.constantFrom(...bases), fc.array(damage, { maxLength: 6 }), fc.boolean())
    .map(([base, all, isPacked]) => {
      const file = all.reduce((octets, { at, remove, insert }) => {
        const begin = at % (octets.length + 1)
        return Buffer.concat([octets.subarray(0, begin), insert, octets.subarray(begin + remove)])
      }, Buffer.from(base))
      return isPacked ? gzipSync(file) : file
    })

  it('a damaged file is read or rejected, the same in any chunks', {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        damaged,
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        async (file, sizes) => {
          const whole = await read(file)
          expectBounded(file, whole)
          expect(inShort(await read(file, sizes))).toEqual(inShort(whole))
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('a time', () => {
  const offsets = [0n, 2n ** 62n, -(2n ** 63n), -62_167_219_200n, 253_402_300_798n]
  const units = [0n, 999_999_999n, 2n ** 64n - 1n]
  const cases = Array.from({ length: 256 }, (_, resolution) => resolution).flatMap(resolution =>
    offsets.flatMap(offset => units.map(unit => [resolution, offset, unit] as const)),
  )
  it('a pcapng time has a year of four digits, or is counted', async () => {
    const seen = new Set<boolean>()
    for (const [resolution, offset, unit] of cases) {
      const { entries, skipped, sentence } = await read(pcapngOf(resolution, offset, unit))
      expect([entries.length, sentence]).toEqual([1, undefined])
      const { time } = JSON.parse(toJson(entries[0]!))
      seen.add(time === undefined)
      if (time === undefined) expect(skipped).toBe('times outside the years 0 to 9999 (1)')
      else expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
      expect(toTree(entries[0]!, { width: 100, colours: false })).toContain('KEEPALIVE')
    }
    expect(seen.size).toBe(2)
  })
  it('a pcap time is a date for any two numbers', async () => {
    for (const numbers of ['ffffffffffffffff', '00000000ffffffff', 'ffffffff000f4240']) {
      const record = tcp({ seq: 1, data: keepalive })
      Buffer.from(numbers, 'hex').copy(record)
      const { entries } = await read(Buffer.concat([pcapHeader(), record]))
      expect(JSON.parse(toJson(entries[0]!)).time).toMatch(/^\d{4}-/)
    }
  })
})

const keepalive = Buffer.from(`${'ff'.repeat(16)}001304`, 'hex')
function u32(...numbers: number[]): Buffer {
  const all = Buffer.alloc(4 * numbers.length)
  for (const [i, number] of numbers.entries()) all.writeUInt32BE(number >>> 0, 4 * i)
  return all
}
function block(type: number, body: Buffer, length = 12 + body.length): Buffer {
  return Buffer.concat([u32(type, length), body, u32(length)])
}
const section = block(0x0a0d0d0a, Buffer.from('1a2b3c4d00010000ffffffffffffffff', 'hex'))
const interfaceOf = (options = Buffer.alloc(0)) => block(1, Buffer.concat([u32(0x00650000, 0), options]))
const packetOf = (high = 0, low = 0, number = 0) => {
  const data = tcp({ seq: 1, data: keepalive }).subarray(16)
  const padding = Buffer.alloc(-data.length & 3)
  return block(6, Buffer.concat([u32(number, high, low, data.length, data.length), data, padding]))
}
/** One KEEPALIVE, at so many units. */
function pcapngOf(resolution: number, offset: bigint, units: bigint): Buffer {
  const seconds = Buffer.alloc(8)
  seconds.writeBigInt64BE(offset)
  const options = Buffer.concat([u32(0x00090001, resolution << 24, 0x000e0008), seconds])
  return Buffer.concat([section, interfaceOf(options), packetOf(Number(units >> 32n), Number(units & 0xffffffffn))])
}

describe('a file with wrong lengths', () => {
  const good = [section, interfaceOf(), packetOf()]
  it.each([
    [
      'a pcap packet of 4294967295 octets',
      [pcapHeader(), tcp({ seq: 1, data: keepalive }), pcapRecord(Buffer.alloc(40), 0xffffffff)],
      'the file is cut short within packet 2',
    ],
    [
      'a pcapng block of 0 octets',
      [...good, block(9, Buffer.alloc(0), 0)],
      'the pcapng block at octet 140 has a length of 0 octets',
    ],
    [
      'a pcapng block of 11 octets',
      [...good, block(9, Buffer.alloc(0), 11)],
      'the pcapng block at octet 140 has a length of 11 octets',
    ],
    [
      'a pcapng block beyond the file',
      [...good, block(9, Buffer.alloc(0), 0xffffffff)],
      'the file is cut short within packet 2',
    ],
    [
      'a pcapng packet longer than its block',
      [...good, block(6, u32(0, 0, 0, 1, 1))],
      'packet 2 is longer than its block',
    ],
    [
      'a pcapng packet of an unknown interface',
      [...good, packetOf(0, 0, 7)],
      'packet 2 belongs to an interface that the file does not describe',
    ],
    [
      'a pcapng section without a byte order',
      [...good, block(0x0a0d0d0a, Buffer.alloc(16))],
      'the pcapng section at octet 140 has no valid byte order magic',
    ],
    [
      'interfaces without end',
      [...good, ...Array<Buffer>(65_536).fill(interfaceOf())],
      'the file describes more than 65536 interfaces',
    ],
  ])('%s is read up to there, with one sentence', async (_, parts, sentence) => {
    const outcome = await read(Buffer.concat(parts))
    expect(outcome.entries).toMatchObject([{ result: { ok: true, value: { type: 'keepalive' } } }])
    expect(outcome.sentence).toBe(sentence)
  })
  it('a pcapng block ends at a multiple of four octets', async () => {
    const odd = Buffer.concat([u32(9, 13), Buffer.alloc(1), u32(13), Buffer.alloc(3)])
    const { entries, sentence } = await read(Buffer.concat([section, interfaceOf(), odd, packetOf()]))
    expect([entries.length, sentence]).toEqual([1, undefined])
  })
  it('pcapng options without an end are read to the end of their block', async () => {
    const options = Buffer.concat(Array<Buffer>(30_000).fill(u32(0x00010000)))
    const { entries, sentence } = await read(Buffer.concat([section, interfaceOf(options), packetOf()]))
    expect([entries.length, sentence]).toEqual([1, undefined])
  })
  it.each([
    ['of a message', 4, 'the MRT record at octet 31 has a length of 4294967295 octets, which no message has'],
    ['of no message', 5, 'the file is cut short within the MRT record before octet 4294967338'],
  ])('an MRT record %s of 4294967295 octets is rejected', async (_, subtype, sentence) => {
    const first = Buffer.concat([u32(0, 0x00100000 + 4, 19), Buffer.alloc(19)])
    first.writeUInt16BE(5, 6)
    const { entries, sentence: found } = await read(Buffer.concat([first, u32(0, 0x00100000 + subtype, 0xffffffff)]))
    expect([entries, found]).toEqual([[], sentence])
  })
  it('IPv4 and TCP headers with a length that is too short have no message', async () => {
    const short = tcp({ seq: 1, data: keepalive })
    short[16 + 32] = 0x10 // TCP: four octets
    const address = tcp({ seq: 1, data: keepalive, ack: 0x50100000 })
    address[16] = 0x44 // IPv4: sixteen octets, so that the address is read as the ports
    address.writeUInt32BE(0x00b30001, 16 + 16)
    expect((await read(Buffer.concat([pcapHeader(), short, address]))).entries).toEqual([])
  })
})

describe('segments that wait', () => {
  it('a segment that waits is copied out of its chunk', () => {
    const capture = new Capture({ port: 179, fourOctetAs: true }, new Skipped())
    const parts = [
      Buffer.concat([pcapHeader(), tcp({ seq: 0, flags: 2 })]),
      tcp({ seq: 1, data: keepalive.subarray(0, 10) }), // begins a message
      tcp({ seq: 20, data: keepalive }), // waits
      tcp({ seq: 11, data: keepalive.subarray(10) }),
    ]
    const found = parts.flatMap(chunk => {
      const entries = [...capture.push(chunk)].map(entry => 'result' in entry && entry.result.ok)
      chunk.fill(0)
      return entries
    })
    expect(found).toEqual([true, true])
  })
})

describe('a TCP stream', () => {
  const message = Buffer.concat(Array<Buffer>(40).fill(keepalive))
  it('segments are ordered across the wrap of numbers (RFC 9293 §3.4)', async () => {
    const piece = fc.record({ at: fc.nat(message.length - 1), length: fc.integer({ min: 1, max: 300 }) })
    await fc.assert(
      fc.asyncProperty(fc.nat(0xffffffff), fc.array(piece, { maxLength: 60 }), async (begin, pieces) => {
        const every = Array.from({ length: Math.ceil(message.length / 100) }, (_, i) => ({ at: i * 100, length: 100 }))
        const records = [...pieces, ...every].map(({ at, length }) =>
          tcp({ seq: begin + 1 + at, data: message.subarray(at, at + length) }),
        )
        const { entries } = await read(Buffer.concat([pcapHeader(), tcp({ seq: begin, flags: 2 }), ...records]))
        expect(entries.map(entry => ('remark' in entry ? entry.remark : entry.offset))).toEqual(
          Array.from({ length: 40 }, (_, i) => i * 19),
        )
      }),
      { numRuns: 100 },
    )
  })
  it('a gap with too many waiting segments is given up and reported', async () => {
    const late = Array.from({ length: bounds.waitingSegments + 1 }, (_, i) =>
      tcp({ seq: 20 + 19 * i, data: keepalive }),
    )
    const { entries } = await read(Buffer.concat([pcapHeader(), tcp({ seq: 0, flags: 2 }), ...late]))
    expect(entries).toHaveLength(bounds.waitingSegments + 2)
    expect(entries[0]).toMatchObject({
      remark: '19 octets are missing from the capture',
      frame: bounds.waitingSegments + 2,
    })
  })
})

describe('a gzip', () => {
  const plain = samples['session.pcap']!()
  it('a gzip of two members is one file', async () => {
    const packed = Buffer.concat([gzipSync(plain.subarray(0, 700)), gzipSync(plain.subarray(700))])
    expect(inShort(await read(packed))).toEqual(inShort(await read(plain)))
  })
  it('a gzip that is cut short is read up to there', async () => {
    const packed = gzipSync(plain)
    const outcome = await read(packed.subarray(0, packed.length - 200))
    expect(outcome.sentence).toBe('the gzip is damaged: unexpected end of file')
  })
  it('a damaged gzip is rejected', async () => {
    const outcome = await read(Buffer.concat([Buffer.from('1f8b', 'hex'), Buffer.alloc(100)]))
    expect(outcome.sentence).toMatch(/^the gzip is damaged: /)
  })
  it('a gzip in a gzip is rejected', async () => {
    expect((await read(gzipSync(gzipSync(plain)))).sentence).toBe(
      'the file is compressed with gzip more than once; decompress it with gunzip first',
    )
  })
  it('a gzip is read up to a hundred times its size', async () => {
    const file = shapes['a gzip of one message']!.make(5000)
    const { sentence, entries, octets } = await read(file)
    expect(sentence).toBe(
      'the gzip decompresses to more than 100 times its size; if you trust it, decompress it with gunzip first',
    )
    expect(octets).toBeLessThan(bounds.unpackedRatio * file.length + bounds.unpackedSlack + CHUNK)
    expect(entries.length).toBeGreaterThan(0)
  })
})

describe('hex', () => {
  function readHex(text: string, size = text.length || 1): { count: number; sentence: string | undefined } {
    const reader = new HexReader(true)
    let count = 0
    try {
      for (let at = 0; at < text.length; at += size) for (const _ of reader.push(text.slice(at, at + size))) count++
      for (const _ of reader.end()) count++
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      return { count, sentence: error.message }
    }
    return { count, sentence: undefined }
  }
  const one = keepalive.toString('hex')
  it('hex of 1 MB on one line is read, in chunks or not', () => {
    const text = one.repeat(25_000)
    expect(readHex(text)).toEqual({ count: 25_000, sentence: undefined })
    expect(readHex(text, 65_521)).toEqual({ count: 25_000, sentence: undefined })
  })
  it.each([
    ['\0', 'U+0000'],
    ['\u0085', undefined],
    ['\u009b', 'U+009B'],
    ['\u202e', 'U+202E'],
    ['\ud800', 'U+D800'],
    ['g', `'g'`],
    ['é', `'é'`],
  ])('hex with %j after a message shows the message and the error', (character, named) => {
    const sentence = `line 2, column 1: ${named ?? 'U+0085'} is not a hex digit`
    expect(readHex(`${one}\n${character}`)).toEqual({ count: 1, sentence })
    expect(readHex(`${one}\n${character}`, 1)).toEqual({ count: 1, sentence })
  })
  it('hex with an odd digit shows the messages before it', () => {
    expect(readHex(`${one}f`)).toEqual({ count: 1, sentence: '39 hex digits are not a whole number of octets' })
  })
  it('hex is the same in any chunks, with comments and spaces', () => {
    const text = `\ufeff# ${'é'.repeat(50)}\r\n${one.replace(/../g, '$& ')}# x\n\n:${one}`
    for (let size = 1; size < 40; size++) expect(readHex(text, size)).toEqual({ count: 2, sentence: undefined })
  })
})
