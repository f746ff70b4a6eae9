import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeaseStoreError } from '../election/lease-store.ts'
import { LineSplitter, readWatch } from './watch-events.ts'

const lease = { namespace: 'ns', name: 'vip' }
const place = 'server'

/** The octets in chunks of these lengths, which repeat. */
function chunked(octets: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  for (let start = 0, i = 0; start < octets.length; i++) {
    const length = lengths[i % lengths.length] ?? 1
    chunks.push(octets.subarray(start, start + length))
    start += length
  }
  return chunks
}
async function* from(chunks: readonly Uint8Array[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}
function object(version: string, holder: string): object {
  return { kind: 'Lease', metadata: { ...lease, resourceVersion: version }, spec: { holderIdentity: holder } }
}

describe('LineSplitter', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 9 })

  test('the lines do not depend on how the octets are cut', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 30 }).map(text => text.replaceAll('\n', ''))
    fc.assert(
      fc.property(fc.array(line, { maxLength: 9 }), line, lengths, (lines, rest, lengths) => {
        const splitter = new LineSplitter()
        const octets = Buffer.from([...lines, rest].join('\n'))
        expect(chunked(octets, lengths).flatMap(chunk => splitter.push(chunk))).toEqual(lines)
      }),
    )
  })

  test('a line is refused at the same length however it is cut, and memory stays bounded', () => {
    fc.assert(
      fc.property(fc.nat({ max: 20 }), lengths, fc.boolean(), (length, lengths, ends) => {
        const splitter = new LineSplitter(10)
        const results = chunked(Buffer.from('x'.repeat(length) + (ends ? '\n' : '')), lengths).map(chunk =>
          splitter.push(chunk),
        )
        expect(results.includes(undefined)).toBe(length > 10)
      }),
    )
  })
})

describe('readWatch()', () => {
  test('readWatch() calls back for each event, however the stream is cut', async () => {
    const text = [
      { type: 'ADDED', object: object('1', 'a') },
      { type: 'BOOKMARK', object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } } },
      { type: 'MODIFIED', object: object('2', 'ü') },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '9' } } },
      { type: 'DELETED', object: object('3', 'ü') },
    ].map(event => JSON.stringify(event))
    const lengths = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(lengths, async lengths => {
        const seen: (string | undefined)[] = []
        const octets = from(chunked(Buffer.from(`${text.join('\n')}\n`), lengths))
        await readWatch({ place, octets }, lease, lease => seen.push(lease?.stored.holder))
        expect(seen).toEqual(['a', 'ü', undefined])
      }),
      { numRuns: 50 },
    )
  })

  test('any stream ends with a LeaseStoreError, or without an error', async () => {
    const word = fc.constantFrom('type', 'object', 'ADDED', 'ERROR', 'BOOKMARK', 'metadata', 'spec', 'code', 'kind')
    const json = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc
        .record({ type: word, object: fc.dictionary(word, fc.jsonValue({ maxDepth: 2 })) })
        .map(value => JSON.stringify(value)),
      fc
        .record({
          type: fc.constant('ADDED'),
          spec: fc.dictionary(fc.constantFrom('holderIdentity', 'renewTime', 'leaseTransitions'), fc.jsonValue()),
        })
        .map(({ type, spec }) => JSON.stringify({ type, object: { ...object('1', 'a'), spec } })),
      fc.string({ unit: 'binary' }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(json, { maxLength: 4 }), async lines => {
        const octets = from([Buffer.from(`${lines.join('\n')}\n`)])
        const outcome = await readWatch({ place, octets }, lease, () => {}).catch(error => error)
        if (!['ended', 'gone'].includes(outcome)) expect(outcome).toBeInstanceOf(LeaseStoreError)
      }),
      { numRuns: 300 },
    )
  })

  test('a line of more than 1 MiB is refused', async () => {
    const octets = from(Array(17).fill(Buffer.alloc(65_536, 'x')))
    await expect(readWatch({ place, octets }, lease, () => {})).rejects.toMatchObject({
      reason: 'bad-answer',
      detail: 'server sent a line of more than 1 MiB in a watch',
    })
  })
})
