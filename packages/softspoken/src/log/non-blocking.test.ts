/** Writers for descriptors of each kind: none may make the program wait. */
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Write } from './line-output.ts'
import { nonBlockingWriter } from './non-blocking.ts'

const { O_RDONLY, O_RDWR, O_WRONLY, O_NONBLOCK } = constants

let folder = ''
let descriptors: number[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'softspoken-descriptors-'))
  descriptors = []
})
afterEach(() => {
  for (const descriptor of descriptors) closeSync(descriptor)
  rmSync(folder, { recursive: true })
})
function open(path: string, flags: number | string): number {
  const descriptor = openSync(path, flags)
  descriptors.push(descriptor)
  return descriptor
}
function fifo(): string {
  const path = join(folder, 'fifo')
  execFileSync('mkfifo', [path])
  return path
}
/** A writer, and the descriptors that it opened, which are closed at the end. */
function writerOf(descriptor: number): { readonly write: Write; readonly opened: readonly number[] } {
  const before = all()
  const write = nonBlockingWriter(descriptor as 1) // those of the tests stay as they are
  const opened = all().filter(one => !before.includes(one))
  descriptors.push(...opened)
  return { write, opened }
}
/** Without that of the listing, which is closed by then. */
const all = () => readdirSync('/proc/self/fd').map(Number).filter(isOpen)
const infoOf = (descriptor: number) => readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8')
const flagsOf = (descriptor: number) => Number.parseInt(/^flags:\s*(\d+)$/m.exec(infoOf(descriptor))?.[1] ?? '', 8)
function isOpen(descriptor: number): boolean {
  try {
    return infoOf(descriptor) !== ''
  } catch {
    return false
  }
}

/** What it calls back with, and whether that is before it returns. */
function result(write: Write, text: string | Uint8Array) {
  let atOnce = true
  const ended = new Promise<{ code: string | undefined; written: number; atOnce: boolean }>(done =>
    write(Buffer.from(text), (error, written) => done({ code: error?.code, written, atOnce })),
  )
  atOnce = false
  return ended
}

describe('nonBlockingWriter()', () => {
  it('opens a pipe again, so that those who share it are not changed', async () => {
    const shared = open(fifo(), O_RDWR)
    const { write, opened } = writerOf(shared)
    expect(flagsOf(shared) & O_NONBLOCK).toBe(0)
    expect(opened.map(one => flagsOf(one) & O_NONBLOCK)).toEqual([O_NONBLOCK])
    expect(await result(write, 'line\n')).toEqual({ code: undefined, written: 5, atOnce: true })
    const octets = Buffer.alloc(10)
    expect(octets.toString('utf8', 0, readSync(shared, octets))).toBe('line\n')
  })
  it('does not wait for the reader of a full pipe', async () => {
    const { write } = writerOf(open(fifo(), O_RDWR))
    const much = Buffer.alloc(1 << 20)
    const { written } = await result(write, much)
    expect(written).toBeGreaterThan(0)
    expect(written).toBeLessThan(much.length)
    expect(await result(write, much)).toEqual({ code: 'EAGAIN', written: 0, atOnce: true })
  })
  it('opens a device again, and passes on what it says', async () => {
    const { write, opened } = writerOf(open('/dev/full', O_WRONLY))
    expect(opened.map(one => flagsOf(one) & O_NONBLOCK)).toEqual([O_NONBLOCK])
    expect(await result(write, 'line\n')).toEqual({ code: 'ENOSPC', written: 0, atOnce: true })
  })
  it('lets a thread wait for the disk, and appends', async () => {
    const path = join(folder, 'log')
    const { write, opened } = writerOf(open(path, 'a'))
    expect(opened).toEqual([])
    expect(await result(write, 'one\n')).toEqual({ code: undefined, written: 4, atOnce: false })
    expect(await result(write, 'two\n')).toEqual({ code: undefined, written: 4, atOnce: false })
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n')
  })
  it('lets a thread write a file even if it is open without waiting', async () => {
    const { write } = writerOf(open(join(folder, 'log'), O_WRONLY | constants.O_CREAT | O_NONBLOCK))
    expect(await result(write, 'line\n')).toMatchObject({ written: 5, atOnce: false })
  })
  it.each([
    ['a thread writes', 0, false],
    ['it does not wait', O_NONBLOCK, true],
  ])('if a pipe cannot be opened again, %s (flags %i)', async (_, flags, atOnce) => {
    const path = fifo()
    const reader = openSync(path, O_RDONLY | O_NONBLOCK)
    const writer = open(path, O_WRONLY | flags)
    closeSync(reader) // now Linux refuses to open it for writing
    const { write, opened } = writerOf(writer)
    expect(opened).toEqual([])
    expect(await result(write, 'line\n')).toMatchObject({ code: 'EPIPE', atOnce })
  })
})
