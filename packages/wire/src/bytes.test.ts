import { describe, expect, it } from 'vitest'
import { copy, Reader, Writer } from './bytes.ts'
import { OptionError } from './option-error.ts'

/** A copy, because Vitest compares a Buffer with a Uint8Array as different. */
const written = (write: (w: Writer) => unknown): number[] => {
  const w = new Writer()
  write(w)
  return [...w.done()]
}

describe('Writer', () => {
  const methods = { u8: 0xff, u16: 0xffff, u32: 0xffffffff } as const
  describe.each(Object.entries(methods) as [keyof typeof methods, number][])('%s()', (method, max) => {
    it(`${method}() writes 0 and ${max}`, () => {
      expect(written(w => w[method](0)[method](max))).toEqual([
        ...new Uint8Array(Number(method.slice(1)) / 8),
        ...new Uint8Array(Number(method.slice(1)) / 8).fill(0xff),
      ])
    })
    it(`${method}() names the field of a value that does not fit, and writes nothing`, () => {
      const w = new Writer()
      for (const value of [-1, max + 1, 1.5, Number.NaN, '1', 10n, null, undefined, [1], Symbol('1')]) {
        const write = () => w[method](value as number, 'count') // a caller without types
        expect(write).toThrow(OptionError)
        expect(write).toThrow(`it must be a whole number from 0 to ${max}`)
        expect(write).toThrow(/^count: /)
      }
      expect(() => w[method](-1)).toThrow(/^length: /)
      expect(w.length).toBe(0)
    })
  })
  it('u16() and u32() write the highest octet first', () => {
    expect(written(w => w.u16(0x0102).u32(0xf3040506))).toEqual([1, 2, 0xf3, 4, 5, 6])
  })
  it('put() appends octets from..to', () => {
    const octets = Uint8Array.of(1, 2, 3, 4)
    expect(written(w => w.put(octets).put(octets, 1).put(octets, 1, 3).put(octets, 4))).toEqual([
      1, 2, 3, 4, 2, 3, 4, 2, 3,
    ])
  })
  it('what was written stays when the buffer grows', () => {
    const octets = Uint8Array.from({ length: 5000 }, (_, at) => at % 251)
    expect(written(w => octets.forEach(octet => void w.u8(octet)))).toEqual([...octets])
    expect(written(w => w.u8(7).put(octets))).toEqual([7, ...octets])
    expect(written(w => w.put(octets.subarray(0, 512)).u8(7))).toEqual([...octets.subarray(0, 512), 7])
  })
  it('close() fills in how many octets were written after the length', () => {
    const close = (octets: 1 | 2) => (w: Writer) => {
      w.u8(9)
      const at = w.length
      if (octets === 1) w.u8(0)
      else w.u16(0)
      w.u8(5).u16(6)
      w.close(at, octets)
      w.u8(8)
    }
    expect([written(close(1)), written(close(2))]).toEqual([
      [9, 3, 5, 0, 6, 8],
      [9, 0, 3, 5, 0, 6, 8],
    ])
  })
  it('close() throws for more octets than the length can name', () => {
    const w = new Writer()
    w.u8(0).put(new Uint8Array(256))
    expect(() => w.close(0, 1)).toThrow('length: 256 is not allowed, it must be a whole number from 0 to 255')
  })
  it('insert() makes room for one octet, and set() replaces one', () => {
    const insert = (w: Writer) => {
      w.u32(0x01020304)
      w.insert(1)
      w.set(1, 9)
    }
    expect(written(insert)).toEqual([1, 9, 2, 3, 4])
  })
  it('done() is a copy', () => {
    const w = new Writer().u8(1)
    const first = w.done()
    w.set(0, 2)
    expect([...first]).toEqual([1])
  })
})

describe('Reader', () => {
  it('reads numbers in order, and nothing beyond its end', () => {
    const r = new Reader(Uint8Array.of(0, 1, 0xff, 0xfe, 0x81, 2, 3, 4, 5), 1, 8)
    expect([r.u8(), r.u16(), r.u32(), r.left, r.at]).toEqual([1, 0xfffe, 0x81020304, 0, 8])
    for (const read of [() => r.u8(), () => r.u16(), () => r.u32(), () => r.take(1), () => r.sub(1)])
      expect(read).toThrow(expect.objectContaining({ code: 0, subcode: 0, at: 8 }))
    expect(() => r.u32()).toThrow(expect.objectContaining({ detail: '4 octets needed, 0 left' }))
    expect([...r.take(0)]).toEqual([])
  })
  it('sub() is a part, and the reader goes on behind it', () => {
    const r = new Reader(Uint8Array.of(1, 2, 3, 4))
    r.u8()
    const part = r.sub(2)
    expect([part.left, part.u8(), part.u8(), r.u8()]).toEqual([2, 2, 3, 4])
    expect(() => part.u8()).toThrow(expect.objectContaining({ at: 3 }))
  })
  it('take() and copy() keep their octets when the buffer changes', () => {
    const octets = Buffer.of(1, 2, 3)
    const copies = [new Reader(octets).take(2), copy(octets, 1, 3)]
    octets.fill(0)
    expect(copies.map(one => [...one])).toEqual([
      [1, 2],
      [2, 3],
    ])
  })
})
