/** A deadline that the kernel enforces on this process: timer_create(2) and SIGKILL. */
import { assertArgument } from './arguments.ts'
import { cFunction, systemError } from './libc.ts'
import { littleEndian } from './sockaddr.ts'

const CLOCK_BOOTTIME = 7 // it also counts the time that the machine sleeps
const SIGEV_SIGNAL = 0
const SIGKILL = 9
const SIGALRM = 14
const SIGCONT = 18
const ENOTSUP = 95
const MAX_SECONDS = 1e9

/**
 * Ends this process if it does not move the deadline in time: also if its event loop hangs (`while (true) {}`), if it is
 * stopped (SIGSTOP, Ctrl-Z, a debugger), or when the machine wakes up. The kernel then closes its sockets. No code of this
 * process runs at its end, and no child process has the timer (timer_create(2)). It is not ended while its cgroup is
 * frozen (`docker pause` with cgroup v1).
 *
 * The signal is SIGKILL. The first process of a container ignores the SIGKILL of its own timer (pid_namespaces(7)).
 * In such a process (`process.pid` is 1) SIGCONT and SIGALRM take its place: one continues a stopped process, and the
 * other, whose handler is `_exit`, ends it with the exit code 14.
 */
export class KernelDeadline {
  #timers: readonly bigint[]

  /** The deadline is not armed yet. @throws Error with `code` and `syscall`; Error if `linuxSupport()` reports no support. */
  constructor() {
    this.#timers = fatalSignals().map(createTimer)
  }

  /**
   * The process ends after this time unless arm() or disarm() is called before.
   * @param seconds From now, above 0; a fraction counts.
   * @throws RangeError for another value; Error with `code` and `syscall`.
   */
  arm(seconds: number): void {
    const isAllowed = typeof seconds === 'number' && seconds > 0 && seconds <= MAX_SECONDS
    assertArgument(isAllowed, 'seconds', seconds, `above 0 and at most ${MAX_SECONDS}`)
    if (this.#timers.length === 0) throw new Error('the deadline is stopped')
    this.#set(seconds)
  }

  /** The process goes on without a deadline. @throws Error with `code` and `syscall`. */
  disarm(): void {
    this.#set(0)
  }

  /** Ends the deadline: timer_delete(2). arm() then throws. @throws Error with `code` and `syscall`. */
  stop(): void {
    for (const timer of this.#timers) libcTimer().remove(timer)
    this.#timers = []
  }

  #set(seconds: number): void {
    const time = itimerspec(seconds)
    for (const timer of this.#timers) libcTimer().set(timer, 0, time, null)
  }
}

function createTimer(signal: number): bigint {
  const timer = new Uint8Array(8) // timer_t: a pointer or a number, depending on the C library
  libcTimer().create(CLOCK_BOOTTIME, sigevent(signal), timer)
  return new DataView(timer.buffer).getBigInt64(0, littleEndian)
}

/** The signals that end this process, each from its own timer. */
function fatalSignals(): readonly number[] {
  if (process.pid !== 1) return [SIGKILL]
  libcTimer().signal(SIGALRM, libcTimer().symbol(0, '_exit'))
  return [SIGALRM, SIGCONT]
}

/** `struct sigevent` of 64 octets (sigevent(3type)): a value, the signal, how it is sent. The same in glibc and musl. */
export function sigevent(signal: number): Uint8Array {
  const struct = new Uint8Array(64)
  const view = new DataView(struct.buffer)
  view.setInt32(8, signal, littleEndian)
  view.setInt32(12, SIGEV_SIGNAL, littleEndian)
  return struct
}

/** `struct itimerspec` (itimerspec(3type)): the interval, which is 0, and the time; seconds and nanoseconds each. */
export function itimerspec(seconds: number): Uint8Array {
  const struct = new Uint8Array(32)
  const view = new DataView(struct.buffer)
  const nanoseconds = BigInt(Math.ceil(seconds * 1e9)) // above 0 stays above 0, which would disarm the timer
  view.setBigInt64(16, nanoseconds / 1_000_000_000n, littleEndian)
  view.setBigInt64(24, nanoseconds % 1_000_000_000n, littleEndian)
  return struct
}

let functions: ReturnType<typeof find> | undefined
function libcTimer(): ReturnType<typeof find> {
  functions ??= find()
  return functions
}

function find() {
  // There time_t and pointers have another size.
  if (['arm', 'ia32', 'mips', 'mipsel'].includes(process.arch)) throw systemError('timer_create', ENOTSUP)
  const library = 'librt.so.1' // of glibc before 2.34
  return {
    create: cFunction('int', 'timer_create', 'int clock, const void *event, void *timer', library),
    set: cFunction('int', 'timer_settime', 'int64_t timer, int flags, const void *time, void *old', library),
    remove: cFunction('int', 'timer_delete', 'int64_t timer', library),
    signal: cFunction('intptr_t', 'signal', 'int signal, intptr_t handler'),
    symbol: cFunction('intptr_t', 'dlsym', 'intptr_t library, const char *name'),
  }
}
