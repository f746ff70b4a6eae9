/**
 * How the process ends: by a signal, or by an error that nothing caught. Loaded before everything else, because a signal
 * that comes before its handler is lost where the process is number 1, and kills without a Cease everywhere else.
 */
import { closeSync, constants, readFileSync } from 'node:fs'
import { constants as system } from 'node:os'
import { isatty } from 'node:tty'
import type { Write } from './log/line-output.ts'
import { nonBlockingWriter } from './log/non-blocking.ts'

/** Restarting helps after 1, and does not after 2: systemd is told so in deploy/. */
export const exitCodes = { ok: 0, retryable: 1, usage: 2 } as const

const LONGEST = 10_000 // milliseconds that an end in order may take

/** What a signal does here. docs/operations.md has the same table; a signal that is not in it does what the system says. */
export const signals = {
  SIGTERM: 'stop',
  SIGINT: 'stop',
  SIGHUP: 'stop',
  SIGQUIT: 'stop',
  SIGPWR: 'stop',
  SIGXCPU: 'stop',
  SIGUSR1: 'ignore', // Node would open its debugger on port 9229
  SIGUSR2: 'ignore',
  SIGALRM: 'ignore',
  SIGVTALRM: 'ignore',
  SIGPROF: 'ignore',
  SIGIO: 'ignore',
  SIGSTKFLT: 'ignore',
} as const satisfies Partial<Record<NodeJS.Signals, 'stop' | 'ignore'>>

/** Why the process ends. */
export type Cause = { readonly signal: string } | { readonly error: unknown }

/** A process that announces, to whatever ends it. */
export interface Announcing {
  /** Withdraws, drains, sends Cease. */
  stop(cause: Cause): Promise<void>
  /** A signal came that changes nothing. */
  ignored(signal: string): void
}

/** The process, as far as its end goes. */
interface Host {
  on(event: string, listener: (error: unknown) => void): unknown
  exit(code: number): void
  printError(text: string): void
}

/** Holds the signals and the errors of this process from now on. */
export class Shutdown {
  readonly #host: Host
  #announcing: Announcing | undefined
  #begun = false

  /** `early` is the exit code of a signal that comes before there is a session to end. */
  constructor(early: number = exitCodes.ok, host: Host = realHost) {
    this.#host = host
    for (const [signal, action] of Object.entries(signals)) {
      if (!(signal in system.signals) || (signal === 'SIGPROF' && profiled())) continue
      const ignored = action === 'ignore' || (signal === 'SIGHUP' && hangupIgnored())
      host.on(signal, () => {
        if (ignored) this.#announcing?.ignored(signal)
        else if (this.#announcing === undefined) host.exit(early)
        else void this.#end({ signal })
      })
    }
    // An unhandled rejection comes here as well.
    host.on('uncaughtException', error => {
      if (this.#announcing) void this.#end({ error }) // it withdraws before anything is written
      host.printError(stackOf(error))
      if (this.#announcing === undefined) host.exit(exitCodes.retryable)
    })
    host.on('warning', warning =>
      host.printError(warning instanceof Error ? `${warning.name}: ${warning.message}` : 'warning'),
    )
    host.on('exit', leaveTerminals)
  }

  /** From now on there is something to end. */
  announcing(announcing: Announcing): void {
    this.#announcing = announcing
  }

  /** Once: what comes later changes nothing, because the end is near. */
  async #end(cause: Cause): Promise<void> {
    if (this.#begun) return
    this.#begun = true
    setTimeout(() => this.#host.exit(exitCodes.retryable), LONGEST).unref()
    try {
      await this.#announcing?.stop(cause)
    } catch (error) {
      this.#host.printError(stackOf(error))
      this.#host.exit(exitCodes.retryable)
    }
    if ('error' in cause) this.#host.exit(exitCodes.retryable) // what the error left behind could keep the process
  }
}

const realHost: Host = {
  on(event, listener) {
    if (event === 'warning') {
      if (process.listenerCount(event) === 0) return // --no-warnings
      process.removeAllListeners(event) // Node's own waits for standard error, or throws if it cannot be written
    }
    process.on(event, listener)
  },
  exit: code => process.exit(code),
  printError,
}

/**
 * At its end Node sets back the terminals that it began with. Of one that is gone Node 20 does not survive that: it ends with
 * SIGABRT and a core dump, after a SIGHUP above all. What is closed is passed over.
 */
const terminals = [0, 1, 2].filter(isatty)
function leaveTerminals(): void {
  for (const terminal of terminals)
    try {
      if (!isatty(terminal)) closeSync(terminal)
    } catch {} // closed already
}

let standardError: Write | undefined
/** To standard error, without waiting; that it is closed, full or not read is no reason for anything. */
export function printError(text: string): void {
  try {
    standardError ??= nonBlockingWriter(2)
    standardError(Buffer.from(`${text}\n`), () => {})
  } catch {
    // There is no other place for it.
  }
}

/** Where it came from, without the line of the source, which in the bundle is a whole library. */
function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? `${error}`) : `uncaught: ${error}`
  } catch {
    return 'uncaught: an error without words'
  }
}

/** A SIGUSR1 that came before its handler has opened the debugger on port 9229, for every user of this host. */
export function closeDebugger(): void {
  if (!started(/--inspect/)) process.getBuiltinModule('node:inspector')?.close()
}

/** V8 wants SIGPROF for itself. */
function profiled(): boolean {
  return started(/--(cpu-)?prof/)
}
function started(option: RegExp): boolean {
  return option.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '))
}

/**
 * Node takes back at its start what nohup(1) or `trap '' HUP` set for this process. What is left of it: the parent still
 * ignores the signal, the shell has named nohup as the command, or nohup has replaced the terminal by a file that cannot
 * be read.
 */
function hangupIgnored(): boolean {
  if (/(^|\/)nohup$/.test(process.env._ ?? '')) return true
  const [, mask = '0'] = /^SigIgn:\s*(\w+)/m.exec(read(`/proc/${process.ppid}/status`)) ?? []
  if (BigInt(`0x${mask}`) & 1n) return true // SIGHUP is number 1
  const [, flags = '0'] = /^flags:\s*(\d+)/m.exec(read('/proc/self/fdinfo/0')) ?? []
  return (Number.parseInt(flags, 8) & (constants.O_WRONLY | constants.O_RDWR)) === constants.O_WRONLY
}
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // another system, or no /proc here
  }
}
