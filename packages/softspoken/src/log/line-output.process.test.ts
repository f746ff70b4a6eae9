/** LineOutput on a FIFO and a small tmpfs, which may be full, slow or gone. */
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
import { afterEach, describe, expect, test } from 'vitest'
import { LineOutput, type Write } from './line-output.ts'
import { immediateWriter } from './non-blocking.ts'

function lines(write: Write): LineOutput {
  const output: LineOutput = new LineOutput(write, (missing, detail) => output.write(`${missing} missing: ${detail}\n`))
  return output
}

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
