import { existsSync, readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { itimerspec, KernelDeadline, sigevent } from './kernel-deadline.ts'
import { linuxSupport } from './libc.ts'

it('sigevent has the signal at 8 and SIGEV_SIGNAL at 12 (glibc, musl)', () => {
  const struct = sigevent(9)
  expect(struct).toHaveLength(64)
  expect([...new Int32Array(struct.buffer)].slice(0, 4)).toEqual([0, 0, 9, 0])
})
it.each([
  [0, [0n, 0n]],
  [1.25, [1n, 250_000_000n]],
  [1e-12, [0n, 1n]], // 0 would disarm the timer
  [0.999_999_999_9, [1n, 0n]],
  [86_400, [86_400n, 0n]],
])('itimerspec of %d s has no interval', (seconds, time) => {
  expect([...new BigInt64Array(itimerspec(seconds).buffer)]).toEqual([0n, 0n, ...time])
})

/** kernel-deadline.process.test.ts lets it end a process. */
describe.runIf(linuxSupport().supported && existsSync('/proc/self/timers'))('on Linux, with koffi', () => {
  const { pid } = process
  afterEach(() => void Object.defineProperty(process, 'pid', { value: pid }))

  /** The timers of this process, as proc(5) lists them. */
  const timers = () => {
    const listed = readFileSync('/proc/self/timers', 'latin1').matchAll(
      /signal: (\d+)\/.*\nnotify: (\w+).*\nClockID: (\d+)/g,
    )
    return [...listed].map(([, signal, notify, clock]) => `${notify} ${signal}, clock ${clock}`)
  }

  it('a deadline is a timer of the boot time that sends SIGKILL, until it is stopped', () => {
    const deadline = new KernelDeadline()
    expect(timers()).toEqual(['signal 9, clock 7'])
    deadline.stop()
    expect(timers()).toEqual([])
    deadline.stop()
  })
  it('the first process of a container has a timer for SIGALRM and one for SIGCONT', () => {
    Object.defineProperty(process, 'pid', { value: 1 })
    const deadline = new KernelDeadline()
    expect(timers().sort()).toEqual(['signal 14, clock 7', 'signal 18, clock 7'])
    deadline.stop()
    expect(timers()).toEqual([])
  })
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e9 + 1])('arm() throws for %d s', seconds => {
    const deadline = new KernelDeadline()
    expect(() => deadline.arm(seconds)).toThrow(
      new RangeError(`seconds is ${seconds}, and must be above 0 and at most 1000000000`),
    )
    deadline.stop()
  })
  it('arm() takes up to 1e9 s, and throws when the deadline is stopped', () => {
    const deadline = new KernelDeadline()
    deadline.arm(1e9)
    deadline.disarm()
    deadline.stop()
    expect(() => deadline.arm(1e9)).toThrow('the deadline is stopped')
    deadline.disarm()
  })
})
