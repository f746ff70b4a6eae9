/** LineOutput on a scripted descriptor, which may be full, slow or gone. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LineOutput, type Write } from './line-output.ts'

const RETRY = 250

/** Takes at most `room` octets, then fails with `code`. */
class Descriptor {
  room = Number.POSITIVE_INFINITY
  code = 'EAGAIN'
  text = ''
  attempts = 0
  readonly write: Write = (octets, done) => {
    this.attempts++
    const taken = octets.subarray(0, this.room)
    this.room -= taken.length
    this.text += Buffer.from(taken).toString()
    if (taken.length === 0 && octets.length > 0) done(Object.assign(new Error(this.code), { code: this.code }), 0)
    else done(null, taken.length)
  }
}
function lines(write: Write): LineOutput {
  const output: LineOutput = new LineOutput(write, (missing, detail) => output.write(`${missing} missing: ${detail}\n`))
  return output
}

describe('LineOutput', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('writes a line at once', () => {
    const to = new Descriptor()
    lines(to.write).write('a\n')
    expect(to.text).toBe('a\n')
  })

  test.each(['ENOSPC', 'EIO', 'EPIPE', 'EBADF', 'EDQUOT', 'EFBIG', 'ECONNRESET'])(
    'drops and counts a line after %s, and reports that before the next line',
    code => {
      const to = new Descriptor()
      const output = lines(to.write)
      output.write('a\n')
      Object.assign(to, { room: 0, code })
      output.write('b\n')
      output.write('c\n')
      vi.advanceTimersByTime(RETRY)
      expect(output.dropped).toBe(2)
      to.room = Number.POSITIVE_INFINITY
      output.write('d\n')
      vi.advanceTimersByTime(RETRY)
      output.write('e\n')
      expect(to.text).toBe(`a\n2 missing: ${code}\nd\ne\n`)
      expect(output.dropped).toBe(2)
    },
  )

  test('keeps a line that comes after a failure, and writes it behind the notice', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    Object.assign(to, { room: 0, code: 'ENOSPC' })
    output.write('a\n')
    to.room = Number.POSITIVE_INFINITY
    output.write('b\n')
    output.write('c\n')
    vi.advanceTimersByTime(RETRY)
    expect([to.text, output.dropped]).toEqual(['1 missing: ENOSPC\nb\nc\n', 1])
  })

  test('reports lost lines once there is room, without a further line', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    Object.assign(to, { room: 0, code: 'ENOSPC' })
    output.write('a\n')
    vi.advanceTimersByTime(10 * RETRY)
    expect(to.attempts, 'no more than one try in a quarter of a second').toBeLessThanOrEqual(11)
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    expect(to.text).toBe('1 missing: ENOSPC\n')
    vi.advanceTimersByTime(10 * RETRY)
    expect(to.text, 'once').toBe('1 missing: ENOSPC\n')
  })

  test('counts a line that was cut off as lost, and begins the next on a new line', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    Object.assign(to, { room: 3, code: 'ENOSPC' })
    output.write('abcdef\n')
    expect([to.text, output.dropped]).toEqual(['abc', 1])
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    expect(to.text).toBe('abc\n1 missing: ENOSPC\n')
  })

  test('does not count a line as lost if only its line feed is missing', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    Object.assign(to, { room: 3, code: 'ENOSPC' })
    output.write('abc\n')
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    output.write('d\n')
    expect([to.text, output.dropped]).toEqual(['abc\nd\n', 0])
  })

  test('continues where it was when a slow reader reads again', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    to.room = 2
    for (const line of ['abc\n', 'def\n', 'ghi\n']) output.write(line)
    expect(to.text).toBe('ab')
    to.room = 3
    vi.advanceTimersByTime(RETRY)
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    expect([to.text, output.dropped]).toEqual(['abc\ndef\nghi\n', 0])
  })

  test('keeps 256 KiB for a reader that stops, then reports one gap once', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    const line = (at: number) => `${at} ${'x'.repeat(1000)}\n`
    to.room = 0
    for (let at = 0; at < 1000; at++) output.write(line(at))
    const kept = 1000 - output.dropped
    expect(kept * line(999).length).toBeLessThanOrEqual(256 * 1024 + 16 * 1024)
    expect(kept).toBeGreaterThan(200)
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    output.write('after\n')
    const expected = [
      ...Array.from({ length: kept }, (_, at) => line(at)),
      `${1000 - kept} missing: they were not read in time\n`,
    ]
    expect(to.text).toBe(`${expected.join('')}after\n`)
  })

  test('drops a line that is longer than the limit', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    output.write(`${'x'.repeat(300 * 1024)}\n`)
    output.write('b\n')
    expect(to.text).toBe('1 missing: they were not read in time\nb\n')
  })

  test('tries once more at the end of the process', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    to.room = 0
    output.write('a\n')
    to.room = Number.POSITIVE_INFINITY
    output.flush()
    expect(to.text).toBe('a\n')
  })

  test('limits the lines behind a write that hangs, and reports that it is stuck', () => {
    let written = ''
    let end = (): void => {}
    const output = lines((octets, done) => {
      end = () => {
        written += Buffer.from(octets).toString()
        done(null, octets.length)
      }
    })
    output.write('a\n')
    for (let at = 0; at < 1000; at++) output.write(`${'x'.repeat(1000)}\n`)
    expect(output.dropped).toBeGreaterThan(700)
    vi.advanceTimersByTime(1001)
    expect(output.stuck).toBe(true)
    end()
    expect(output.stuck).toBe(false)
    expect(written).toBe('a\n')
  })

  /** A descriptor whose writes end when `end` is called. */
  class Slow {
    readonly writes: string[] = []
    end = (): void => {}
    readonly write: Write = (octets, done) => {
      this.writes.push(Buffer.from(octets).toString())
      this.end = () => done(null, octets.length)
    }
  }

  test('is not stuck before a second is over, and not without a write', () => {
    const to = new Slow()
    const output = lines(to.write)
    vi.advanceTimersByTime(5000)
    expect(output.stuck).toBe(false)
    output.write('a\n')
    vi.advanceTimersByTime(1000)
    expect(output.stuck).toBe(false)
    vi.advanceTimersByTime(1)
    expect(output.stuck).toBe(true)
  })

  test('gives what waits in whole lines, at most 16 KiB at a time', () => {
    const to = new Slow()
    const output = lines(to.write)
    const line = `${'x'.repeat(4095)}\n`
    for (let at = 0; at < 6; at++) output.write(line)
    for (let at = 0; at < 3; at++) to.end()
    expect(to.writes).toEqual([line, line.repeat(4), line])
  })

  test('gives a line that is longer than 16 KiB in one write', () => {
    const to = new Slow()
    const output = lines(to.write)
    const long = `${'x'.repeat(20_000)}\n`
    output.write('a\n')
    output.write(long)
    output.write('b\n')
    for (let at = 0; at < 3; at++) to.end()
    expect(to.writes).toEqual(['a\n', long, 'b\n'])
  })

  test('has one gap: a short line behind a lost one is lost, too', () => {
    const to = new Slow()
    const output = lines(to.write)
    output.write('a\n')
    output.write(`${'x'.repeat(300 * 1024)}\n`)
    output.write('b\n')
    expect(output.dropped).toBe(2)
    to.end()
    to.end()
    output.write('c\n')
    expect(to.writes).toEqual(['a\n', '2 missing: they were not read in time\n', 'c\n'])
  })

  test('forgets the octets of lines that were written, so that later ones have room', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    for (let at = 0; at < 300; at++) output.write(`${'x'.repeat(1023)}\n`)
    expect([output.dropped, to.text.length]).toEqual([0, 300 * 1024])
  })

  test('keeps exactly 256 KiB that wait, and not an octet more', () => {
    const to = new Slow()
    const output = lines(to.write)
    output.write('a\n')
    for (let at = 0; at < 256; at++) output.write(`${'x'.repeat(1023)}\n`)
    expect(output.dropped).toBe(0)
    output.write('\n')
    expect(output.dropped).toBe(1)
  })

  test('a descriptor that takes nothing is tried again in a quarter of a second', () => {
    let tries = 0
    const output = lines((octets, done) => done(null, ++tries < 3 ? 0 : octets.length))
    output.write('a\n')
    expect(tries).toBe(1)
    vi.advanceTimersByTime(RETRY - 1)
    expect(tries).toBe(1)
    vi.advanceTimersByTime(1 + RETRY)
    expect([tries, output.dropped]).toEqual([3, 0])
    vi.advanceTimersByTime(10 * RETRY)
    expect(tries, 'nothing is left to write').toBe(3)
  })

  test('a descriptor that takes one octet at a time gets a long line', () => {
    let text = ''
    const output = lines((octets, done) => {
      text += String.fromCharCode(octets[0] ?? 0)
      done(null, 1)
    })
    const line = `${'x'.repeat(40_000)}\n`
    output.write(line)
    expect(text).toBe(line)
  })

  test('a notice that is lost itself counts again, with the lines of before', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    Object.assign(to, { room: 0, code: 'ENOSPC' })
    output.write('a\n')
    vi.advanceTimersByTime(3 * RETRY)
    output.write('b\n')
    vi.advanceTimersByTime(RETRY)
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    expect([to.text, output.dropped]).toEqual(['2 missing: ENOSPC\n', 2])
  })

  test('counts each line of a write that fails, and those that waited behind it', () => {
    const to = new Descriptor()
    const output = lines(to.write)
    to.room = 0
    for (const line of ['a\n', 'b\n', 'c\n']) output.write(line)
    to.code = 'EPIPE'
    vi.advanceTimersByTime(RETRY)
    expect(output.dropped).toBe(3)
    to.room = Number.POSITIVE_INFINITY
    vi.advanceTimersByTime(RETRY)
    expect(to.text).toBe('3 missing: EPIPE\n')
  })

  test('settles once all is written', async () => {
    const to = new Slow()
    const output = lines(to.write)
    let settled = false
    await output.settle() // there is nothing
    output.write('a\n')
    output.write('b\n')
    const end = output.settle().then(() => (settled = true))
    await vi.advanceTimersByTimeAsync(100)
    to.end()
    await vi.advanceTimersByTimeAsync(100)
    expect(settled).toBe(false)
    to.end()
    await vi.advanceTimersByTimeAsync(10)
    expect(settled).toBe(true)
    await end
  })

  test('settles after the lines that wait for the next try', async () => {
    const to = new Descriptor()
    const output = lines(to.write)
    Object.assign(to, { room: 0, code: 'ENOSPC' })
    output.write('a\n')
    to.room = Number.POSITIVE_INFINITY
    output.write('b\n')
    const end = output.settle().then(() => to.text)
    await vi.advanceTimersByTimeAsync(RETRY + 10)
    expect(await end).toBe('1 missing: ENOSPC\nb\n')
  })

  test('settles after a second if a write hangs', async () => {
    const output = lines(new Slow().write)
    output.write('a\n')
    let settled = false
    const end = output.settle().then(() => (settled = true))
    await vi.advanceTimersByTimeAsync(1000)
    expect(settled).toBe(false)
    await vi.advanceTimersByTimeAsync(20)
    expect(settled).toBe(true)
    await end
  })

  test('at the end of the process it writes behind a write that still runs', () => {
    const to = new Slow()
    const output = lines(to.write)
    for (const line of ['a\n', 'b\n', 'c\n']) output.write(line)
    output.flush()
    expect(to.writes).toEqual(['a\n', 'b\nc\n'])
  })

  test('at the end of the process it writes nothing behind one that is stuck', () => {
    const to = new Slow()
    const output = lines(to.write)
    for (const line of ['a\n', 'b\n']) output.write(line)
    vi.advanceTimersByTime(1001)
    output.flush()
    expect(to.writes).toEqual(['a\n'])
  })
})
