import { type Context, encode } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { type Entry, InputError } from './entry.ts'
import { HexReader } from './hex-reader.ts'

function readHex(text: string, fourOctetAs: boolean): Entry[] {
  const reader = new HexReader(fourOctetAs)
  return [...reader.push(text), ...reader.end()]
}

const keepalive = `${'ff'.repeat(16)}001304`

describe('hex', () => {
  it('hex may have spaces, colons and comments', () => {
    const text = `# a KEEPALIVE\n${'ff:'.repeat(15)}FF 00 13 04 # its end\n${keepalive}\r\n`
    expect(readHex(text, true)).toMatchObject([
      { offset: 0, result: { value: { type: 'keepalive' } } },
      { offset: 19, result: { value: { type: 'keepalive' } } },
    ])
  })
  it.each([
    [false, { fourOctetAs: false }],
    [true, {}],
  ])('AS numbers have the assumed length', (fourOctetAs, context: Partial<Context>) => {
    const asPath = [{ type: 'sequence', as: [65001] }] as const
    const attributes = { origin: 'igp', asPath, nextHop: '203.0.113.1' } as const
    const update = encode({ type: 'update', withdrawn: [], attributes, announced: ['198.51.100.0/24'] }, context)
    const entries = readHex(Buffer.from(update).toString('hex'), fourOctetAs)
    expect(entries).toMatchObject([{ result: { value: { attributes: { asPath } } } }])
  })
  it('hex that ends within a message is read up to there', () => {
    expect(readHex(`${keepalive}${keepalive.slice(0, 20)}`, true)).toMatchObject([
      { offset: 0 },
      { offset: 29, remark: 'the input ends 10 octets into a message' },
    ])
  })
  it.each([
    ['ff ff\nfg', `line 2, column 2: 'g' is not a hex digit`],
    ['fff', '3 hex digits are not a whole number of octets'],
  ])('%j is rejected', (text, sentence) => {
    expect(() => readHex(text, true)).toThrow(new InputError(sentence))
  })
})
