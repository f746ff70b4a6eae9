/** Runs what belongs to the caller, a log call or a listener. What it throws or rejects with is reported once and changes nothing. */
import type { EventEmitter } from 'node:events'
import { types } from 'node:util'
import { LogThrottle } from './log-throttle.ts'
import type { Logger } from './runtime.ts'

/**
 * The same logger, whose calls never throw: what a call throws, or its promise rejects with, becomes a warning of the
 * process (`process.emitWarning`), at most once a minute. A logger that is guarded already is returned as it is.
 */
export function guardLog(log: Logger): Logger {
  const known = guarded.get(log)
  if (known !== undefined) return known
  const throttle = new LogThrottle()
  const call =
    (level: keyof Logger) =>
    (fields: object, text: string): void =>
      attempt(
        () => log[level](fields, text),
        thrown => {
          const times = throttle.take(performance.now())
          if (times !== undefined) warn(`the log threw at '${text}'${repeated(times)}: ${stackOf(thrown)}`)
        },
      )
  const made: Logger = { debug: call('debug'), info: call('info'), warn: call('warn'), error: call('error') }
  guarded.set(log, made)
  guarded.set(made, made)
  return made
}
const guarded = new WeakMap<Logger, Logger>()

/**
 * Emits an event to each listener on its own, so that one that throws, or returns a promise that rejects, stops no other.
 * It is reported as `a listener threw`, level error, or as a warning of the process if there is no log; one that goes on
 * throwing once a minute.
 */
export function notify<events extends Record<keyof events, unknown[]>, name extends keyof events & string>(
  emitter: EventEmitter<events>,
  log: Logger | undefined,
  event: name,
  ...payload: events[name]
): void {
  // A copy, with the wrappers that once() makes: each takes itself off before it calls its listener.
  for (const listener of (emitter as EventEmitter).rawListeners(event))
    attempt(
      () => listener.apply(emitter, payload),
      thrown => {
        const times = throttleOf(emitter, event, listener).take(performance.now())
        if (times !== undefined) report(log, event, times, thrown)
      },
    )
}

function report(log: Logger | undefined, event: string, times: number, thrown: unknown): void {
  const error = stackOf(thrown)
  if (log) log.error({ event, error, times }, 'a listener threw')
  else warn(`a listener of '${event}' threw${repeated(times)}: ${error}`)
}
/** One for each listener on each event of each emitter. A wrapper of once() stands for the listener in it. */
function throttleOf(emitter: object, event: string, listener: object & { readonly listener?: object }): LogThrottle {
  const listeners = throttles.get(emitter) ?? new WeakMap<object, Map<string, LogThrottle>>()
  throttles.set(emitter, listeners)
  const own = listener.listener ?? listener
  const events = listeners.get(own) ?? new Map<string, LogThrottle>()
  listeners.set(own, events)
  const throttle = events.get(event) ?? new LogThrottle()
  events.set(event, throttle)
  return throttle
}
const throttles = new WeakMap<object, WeakMap<object, Map<string, LogThrottle>>>()

/** Runs it. `failed` gets what it throws, and what the promise that it returns rejects with. */
function attempt(run: () => unknown, failed: (thrown: unknown) => void): void {
  try {
    const result = run()
    if (types.isPromise(result)) Promise.prototype.then.call(result, undefined, failed)
  } catch (thrown) {
    failed(thrown)
  }
}

const LONGEST_TEXT = 1000 // of an error, in UTF-16 code units; it goes into logs and status

/** What a thrown value says, whatever it is: never empty, never longer than 1000, and it never throws. */
export function errorText(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? messageOf(thrown) : String(thrown)
    return text === '' ? 'an error without a message' : text.slice(0, LONGEST_TEXT)
  } catch {
    return 'an error that cannot be shown'
  }
}
/** Of a name with several addresses each of which failed, Node says nothing itself. */
function messageOf(error: Error): string {
  const message = String(error.message)
  if (message !== '') return message
  return error instanceof AggregateError ? error.errors.map(errorText).join('; ') : String(error.name)
}
function stackOf(thrown: unknown): string {
  try {
    return thrown instanceof Error && typeof thrown.stack === 'string' ? thrown.stack : errorText(thrown)
  } catch {
    return errorText(thrown)
  }
}
function repeated(times: number): string {
  return times > 1 ? ` (${times} times since the last warning)` : ''
}
function warn(text: string): void {
  try {
    process.emitWarning(text, 'SoftspokenWarning')
  } catch {
    // Then there is nothing left to say it to.
  }
}
