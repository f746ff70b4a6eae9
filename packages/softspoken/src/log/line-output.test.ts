/** LineOutput on a scripted descriptor, a FIFO and a small tmpfs, which may be full, slow or gone. */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  truncateSync,
  write,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { LineOutput, type Write } from './line-output.ts'
import { immediateWriter } from './non-blocking.ts'

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
})

describe('LineOutput on a FIFO whose reader stops', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lines-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))
  test('never waits, and leaves whole lines and one notice for the reader', async () => {
    const file = join(folder, 'fifo')
    expect(spawnSync('mkfifo', [file]).status).toBe(0)
    const reader = openSync(file, constants.O_RDWR | constants.O_NONBLOCK)
    const writer = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK)
    const output = lines(immediateWriter(writer))
    for (let at = 0; at < 5000; at++) output.write(`${at} ${'x'.repeat(100)}\n`)
    expect(output.dropped).toBeGreaterThan(1000)
    const piece = Buffer.alloc(65536)
    let text = ''
    const readMore = (): boolean => {
      try {
        for (;;) text += piece.toString('latin1', 0, readSync(reader, piece))
      } catch {} // EAGAIN: it is empty
      return text.includes('missing')
    }
    await expect.poll(readMore, { timeout: 10_000 }).toBe(true)
    const found = text.trimEnd().split('\n')
    expect(found.at(-1)).toBe(`${output.dropped} missing: they were not read in time`)
    expect(found.slice(0, -1).every((line, at) => line === `${at} ${'x'.repeat(100)}`)).toBe(true)
    closeSync(reader)
    closeSync(writer)
  })
})

const disk = mkdtempSync(join(tmpdir(), 'disk-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status === 0
describe.skipIf(!mounted)('LineOutput on a disk of 64 kB (needs root, to mount it)', () => {
  afterEach(() => {
    spawnSync('umount', [disk])
    rmSync(disk, { recursive: true, force: true })
  })
  test('loses lines while the disk is full, and continues once there is room', async () => {
    const log = join(disk, 'log')
    const filler = join(disk, 'filler')
    writeFileSync(filler, Buffer.alloc(40 * 1024))
    const descriptor = openSync(log, 'a')
    const output = lines((octets, done) => write(descriptor, octets, done))
    for (let at = 0; at < 1000; at++) output.write(`${at} ${'x'.repeat(100)}\n`)
    await expect.poll(() => output.dropped).toBeGreaterThan(100)
    const { dropped } = output
    truncateSync(filler)
    await expect.poll(() => readFileSync(log, 'utf8')).toMatch(new RegExp(`\\n${dropped} missing: ENOSPC`))
    output.write('after\n')
    await expect.poll(() => readFileSync(log, 'utf8')).toMatch(/\nafter\n$/)
    closeSync(descriptor)
  })
})
