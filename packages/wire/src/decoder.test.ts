import { describe, expect, it } from 'vitest'
import { Decoder } from './decoder.ts'
import { encode, type Message } from './message.ts'

const keepalive = encode({ type: 'keepalive' })
const route = { type: 'sequence', as: [65001] } as const
const announcement: Message = {
  type: 'update',
  withdrawn: [],
  attributes: { origin: 'igp', asPath: [route], nextHop: '192.0.2.1' },
  announced: ['198.51.100.10/32'],
}

describe('Decoder', () => {
  it('returns one error for a wrong marker, and nothing after it (RFC 4271 §6.1)', () => {
    const decoder = new Decoder()
    const junk = new Uint8Array(40)
    expect([...decoder.push(junk)]).toMatchObject([{ ok: false, notification: { code: 1, subcode: 1 } }])
    expect([...decoder.push(junk)]).toEqual([])
    expect([...decoder.push(keepalive)]).toEqual([])
  })
  it.each(Array.from({ length: 128 }, (_, bit) => bit))('rejects a marker with bit %i at zero', bit => {
    const wrong = keepalive.slice()
    wrong[bit >> 3]! ^= 0x80 >> (bit % 8)
    expect([...new Decoder().push(wrong)]).toMatchObject([
      { ok: false, notification: { code: 1, subcode: 1 }, at: bit >> 3 },
    ])
  })
  it('rejects a wrong length before the body arrives (RFC 4271 §6.1)', () => {
    const decoder = new Decoder()
    const header = Uint8Array.of(...new Uint8Array(16).fill(0xff), 0x10, 0x01, 2) // 4097 octets
    expect([...decoder.push(header.subarray(0, 18))]).toEqual([])
    expect([...decoder.push(header.subarray(18))]).toMatchObject([{ ok: false, notification: { code: 1, subcode: 2 } }])
  })
  it('reads the next message after a body with an error', () => {
    const unacceptable = encode({ type: 'open', version: 4, as: 1, holdTime: 3, id: '192.0.2.1', capabilities: [] })
    unacceptable[23] = 1 // a hold time of 1 s
    expect([...new Decoder().push(Uint8Array.of(...unacceptable, ...keepalive))]).toMatchObject([
      { ok: false, notification: { code: 2, subcode: 6 } },
      { ok: true, value: { type: 'keepalive' } },
    ])
  })
  it('reads each message with the context set before it (RFC 6793 §4.1)', () => {
    const two = encode(announcement, { fourOctetAs: false })
    const four = encode(announcement)
    const decoder = new Decoder({ fourOctetAs: false })
    const paths: unknown[] = []
    for (const result of decoder.push(Uint8Array.of(...two, ...four))) {
      if (result.ok && result.value.type === 'update') paths.push(result.value.attributes.asPath)
      decoder.context = { ...decoder.context, fourOctetAs: true }
    }
    expect(paths).toEqual([[route], [route]])
  })
  it('has the context that was set last, with its defaults', () => {
    const decoder = new Decoder({ fourOctetAs: false })
    expect(decoder.context).toEqual({ fourOctetAs: false, external: true, extendedMessage: false, addPath: [] })
    decoder.context = { ...decoder.context, external: false }
    expect(decoder.context).toMatchObject({ fourOctetAs: false, external: false })
  })
  it.each([1, 2, 18, 19, 20, 40])('finds all messages in chunks of %i octets', size => {
    const sent = [keepalive, encode(announcement), keepalive, encode(announcement)].flatMap(bytes => [...bytes])
    const decoder = new Decoder()
    const types: string[] = []
    for (let at = 0; at < sent.length; at += size)
      for (const result of decoder.push(Uint8Array.from(sent.slice(at, at + size))))
        types.push(result.ok ? result.value.type : result.detail)
    expect(types).toEqual(['keepalive', 'update', 'keepalive', 'update'])
  })
  it('decodes a message only when the iterator reaches it', () => {
    const decoder = new Decoder()
    const results = decoder.push(Uint8Array.of(...keepalive, ...new Uint8Array(19)))
    expect(results.next().value).toMatchObject({ ok: true })
    expect(results.next().value).toMatchObject({ ok: false })
    expect(results.next().done).toBe(true)
  })
  it('keeps no reference to a chunk that it has read to its end', () => {
    const decoder = new Decoder()
    const chunk = keepalive.slice()
    expect([...decoder.push(chunk)]).toHaveLength(1)
    chunk.fill(0)
    expect([...decoder.push(keepalive)]).toEqual([{ ok: true, value: { type: 'keepalive' } }])
  })
  it('returns no message for an empty chunk', () => expect([...new Decoder().push(new Uint8Array())]).toEqual([]))
})

describe('notificationAhead()', () => {
  const open = encode({ type: 'open', version: 4, as: 65001, holdTime: 90, id: '192.0.2.1', capabilities: [] })
  const keepalive = encode({ type: 'keepalive' })
  const one: Message = { type: 'notification', code: 6, subcode: 5, data: new Uint8Array() }
  const other: Message = { ...one, subcode: 2 }
  const after = (...parts: Uint8Array[]) => {
    const decoder = new Decoder()
    const messages = decoder.push(Buffer.concat(parts))
    messages.next()
    return { decoder, messages }
  }
  it('returns the first NOTIFICATION in the rest of the chunk and does not consume it', () => {
    const { decoder, messages } = after(open, keepalive, encode(one), encode(other))
    expect(decoder.notificationAhead()).toEqual(one)
    expect(decoder.notificationAhead()).toEqual(one)
    expect([...messages].map(result => result.ok && result.value.type)).toEqual([
      'keepalive',
      'notification',
      'notification',
    ])
  })
  it('returns a NOTIFICATION that ends where the chunk ends', () => {
    expect(after(open, encode(one)).decoder.notificationAhead()).toEqual(one)
  })
  it('returns undefined after a malformed header (RFC 4271 §6.1)', () => {
    const { decoder, messages } = after(open, new Uint8Array(19))
    expect([...messages]).toMatchObject([{ ok: false }])
    decoder.push(encode(one))
    expect(decoder.notificationAhead()).toBeUndefined()
  })
  it('does not take octets of an unfinished message for a NOTIFICATION', () => {
    const value = encode(one)
    const unknown = [{ code: 99, flags: 0xc0, value }]
    const update = encode({ ...announcement, attributes: { ...announcement.attributes, unknown }, announced: [] })
    const at = update.length - value.length
    const { decoder, messages } = after(open, update.subarray(0, at))
    expect([...messages]).toEqual([])
    decoder.push(update.subarray(at))
    expect(decoder.notificationAhead()).toBeUndefined()
  })
  it('returns undefined without a complete NOTIFICATION in the same chunk', () => {
    expect(after(open, keepalive).decoder.notificationAhead()).toBeUndefined()
    expect(after(open, encode(one).subarray(0, 20)).decoder.notificationAhead()).toBeUndefined()
    expect(after(open, new Uint8Array(19), encode(one)).decoder.notificationAhead()).toBeUndefined()
    const { decoder, messages } = after(open, encode(one))
    expect([...messages]).toHaveLength(1)
    expect([...decoder.push(keepalive)]).toHaveLength(1)
    expect(decoder.notificationAhead()).toBeUndefined()
  })
})
