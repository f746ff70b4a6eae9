/**
 * How the process ends: by a signal, or by an error that nothing caught. Loaded before everything else, because a signal
 * without a handler is lost if the process is number 1, and otherwise kills the process without a Cease.
 */
import { closeSync } from 'node:fs'
import { constants as system } from 'node:os'
import { isatty } from 'node:tty'
import { hangupIgnored } from './hangup.ts'
import type { Write } from './log/line-output.ts'
import { nonBlockingWriter } from './log/non-blocking.ts'

/** A restart may help after 1, and cannot help after 2: see RestartPreventExitStatus in deploy/systemd. */
export const exitCodes = { ok: 0, retryable: 1, usage: 2 } as const

/** What each signal does, as in docs/operations.md. Any other signal has its default effect. */
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

/** What a program that announces does with a signal or an error. */
export interface ShutdownHandler {
  /** Seconds that stop() may take before the process exits with 1. */
  readonly timeLimit: number
  /** Withdraws, drains, sends Cease. */
  stop(cause: Cause): Promise<void>
  /** A signal arrived that changes nothing. */
  ignored(signal: string): void
}

/** Milliseconds in which the process ends by itself after stop(). */
const PATIENCE = 500

/** The part of the process that is used here. */
interface Host {
  on(event: string, listener: (error: unknown) => void): unknown
  exit(code: number): void
  printError(text: string): void
}

/** Handles the signals and the uncaught errors of this process from now on. */
export class Shutdown {
  readonly #host: Host
  #handler: ShutdownHandler | undefined
  #begun = false

  /** `early` is the exit code of a signal that arrives before handle() is called. */
  constructor(early: number = exitCodes.ok, host: Host = realHost) {
    this.#host = host
    for (const [signal, action] of Object.entries(signals)) {
      if (!(signal in system.signals) || (signal === 'SIGPROF' && profiled())) continue
      const ignored = action === 'ignore' || (signal === 'SIGHUP' && hangupIgnored())
      host.on(signal, () => {
        if (ignored) this.#handler?.ignored(signal)
        else if (this.#handler === undefined) host.exit(early)
        else void this.#end(this.#handler, { signal })
      })
    }
    // Node emits this for an unhandled rejection, too.
    host.on('uncaughtException', error => {
      if (this.#handler) void this.#end(this.#handler, { error }) // withdraws before anything is printed
      host.printError(stackOf(error))
      if (this.#handler === undefined) host.exit(exitCodes.retryable)
    })
    host.on('warning', warning =>
      host.printError(warning instanceof Error ? `${warning.name}: ${warning.message}` : 'warning'),
    )
    host.on('exit', leaveTerminals)
  }

  /** From now on there is something to stop. */
  handle(handler: ShutdownHandler): void {
    this.#handler = handler
  }

  /** Only the first cause counts. */
  async #end(handler: ShutdownHandler, cause: Cause): Promise<void> {
    if (this.#begun) return
    this.#begun = true
    setTimeout(() => this.#host.exit(exitCodes.retryable), handler.timeLimit * 1000).unref()
    try {
      await handler.stop(cause)
    } catch (error) {
      this.#host.printError(stackOf(error))
      this.#host.exit(exitCodes.retryable)
    }
    // A command or a disk that hangs would keep the process alive; after an error, anything may.
    if ('error' in cause) this.#host.exit(exitCodes.retryable)
    else setTimeout(() => this.#host.exit(exitCodes.ok), PATIENCE).unref()
  }
}

const realHost: Host = {
  on(event, listener) {
    if (event === 'warning') {
      if (process.listenerCount(event) === 0) return // --no-warnings
      process.removeAllListeners(event) // Node's own listener waits for standard error, or throws if it cannot be written
    }
    process.on(event, listener)
  },
  exit: code => process.exit(code),
  printError,
}

/**
 * At its end Node restores the modes of its terminals. If a terminal is gone, as after a SIGHUP, Node 20 aborts with a core
 * dump. Node leaves out descriptors that are closed.
 */
const terminals = [0, 1, 2].filter(isatty)
function leaveTerminals(): void {
  for (const terminal of terminals)
    try {
      if (!isatty(terminal)) closeSync(terminal)
    } catch {} // closed already
}

let standardError: Write | undefined
/** Writes a line to standard error, without waiting. A closed or full standard error changes nothing else. */
export function printError(text: string): void {
  try {
    standardError ??= nonBlockingWriter(2)
    standardError(Buffer.from(`${text}\n`), () => {})
  } catch {
    // there is no other place for it
  }
}

/** The stack alone: Node would print the line of source as well, and in the bundle one line is a whole library. */
function stackOf(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? `${error}`) : `uncaught: ${error}`
  } catch {
    return 'uncaught: an error that has no text'
  }
}

/** A SIGUSR1 that arrived before our handler has opened the debugger on port 9229, for every user of this host. */
export function closeDebugger(): void {
  if (!started(/--inspect/)) process.getBuiltinModule('node:inspector')?.close()
}

/** V8's profiler uses SIGPROF. */
function profiled(): boolean {
  return started(/--(cpu-)?prof/)
}
function started(option: RegExp): boolean {
  return option.test([...process.execArgv, process.env.NODE_OPTIONS].join(' '))
}
