/** What holds for all messages and all octets. The messages are in test/support/messages.ts. */

import { plain, toHex } from '@softspoken/test-support/hex'
import { anyBody, contexts, damaged, encodable, manyPrefixes } from '@softspoken/test-support/messages'
import { type Context, Decoder, decode, encode, type Message, type Result, routes } from '@softspoken/wire'
import { encodeAll } from '@softspoken/wire/internal'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

/** Thousands of runs take a second, or many on a busy machine: the runs are the bound, not the time. */
const patient = { timeout: 120_000 }

const outcome = (result: Result<Message>): unknown => plain(result)
const outcomes = (results: Iterable<Result<Message>>): unknown[] => [...results].map(outcome)

describe('every message that can be encoded', patient, () => {
  it('every message is the same after encoding and decoding', () => {
    fc.assert(
      fc.property(encodable, ({ message, context }) => {
        expect(outcome(decode(encode(message, context), context))).toEqual(plain({ ok: true, value: message }))
      }),
      { numRuns: 800 },
    )
  })
  it('every message is returned by a Decoder only when its last octet arrives', () => {
    fc.assert(
      fc.property(encodable, fc.nat(), ({ message, context }, place) => {
        const bytes = encode(message, context)
        const at = place % bytes.length
        const decoder = new Decoder(context)
        expect(outcomes(decoder.push(bytes.slice(0, at)))).toEqual([])
        expect(outcomes(decoder.push(bytes.slice(at)))).toEqual([plain({ ok: true, value: message })])
      }),
      { numRuns: 500 },
    )
  })
})

describe('any list of prefixes', patient, () => {
  it('any prefixes are carried in order by messages of encodeAll() (RFC 4271 §4.3)', () => {
    fc.assert(
      fc.property(manyPrefixes, fc.boolean(), (prefixes, pathIds) => {
        const context: Partial<Context> = { addPath: pathIds ? ['ipv4-unicast'] : [] }
        const announced = pathIds ? prefixes.map((prefix, i) => `${prefix}#${i}`) : prefixes
        const attributes = { origin: 'igp', asPath: [], nextHop: '192.0.2.1' } as const
        const sent = encodeAll({ type: 'update', withdrawn: [], attributes, announced }, context)
        const got = sent.map(bytes => decode(bytes, context))
        expect(got.flatMap(one => (one.ok && one.value.type === 'update' ? one.value.announced : []))).toEqual(
          announced,
        )
      }),
      { numRuns: 30 },
    )
  })
})

describe('any octets', patient, () => {
  it('any octets decode to a readable message, or a NOTIFICATION that can be sent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), anyBody, damaged), contexts, (bytes, context) => {
        const result = decode(bytes, context)
        if (result.ok) {
          plain(result.value)
          if (result.value.type === 'update') routes(result.value)
        } else {
          expect([1, 2, 3, 7]).toContain(result.notification.code)
          expect(decode(encode(result.notification))).toEqual({ ok: true, value: result.notification })
          expect(result.detail).not.toBe('')
        }
      }),
      { numRuns: 5000 },
    )
  })
  it('octets that are a message are encoded without errors, and stay the same', () => {
    fc.assert(
      fc.property(fc.oneof(anyBody, damaged), contexts, (bytes, context) => {
        const result = decode(bytes, context)
        if (!result.ok) return
        const ours = encode(result.value, context)
        // An AS4_PATH that is joined to a shorter AS_PATH makes it longer (RFC 6793 §4.2.3).
        if (context.fourOctetAs) expect(ours.length).toBeLessThanOrEqual(bytes.length)
        const again = decode(ours, context)
        if (!again.ok) throw new Error(again.detail)
        expect(again.value).not.toHaveProperty('issues', expect.anything())
        expect(toHex(encode(again.value, context))).toBe(toHex(ours))
      }),
      { numRuns: 5000 },
    )
  })
  it('any octets decode to the same messages in chunks of any size', () => {
    fc.assert(
      fc.property(
        fc.array(damaged, { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        contexts,
        (messages, cuts, context) => {
          const bytes = Uint8Array.of(...messages.flatMap(message => [...message]))
          const edges = [0, ...cuts.map(cut => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
          const decoder = new Decoder(context)
          const inChunks = edges.flatMap((edge, i) => outcomes(decoder.push(bytes.slice(edge, edges[i + 1] ?? edge))))
          expect(inChunks).toEqual(outcomes(new Decoder(context).push(bytes)))
        },
      ),
      { numRuns: 2000 },
    )
  })
})
