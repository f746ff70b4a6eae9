/** Runs code of the caller, a log call or a listener. What it throws or rejects with is reported, and changes nothing else. */
import type { EventEmitter } from 'node:events'
import { types } from 'node:util'
import { LogThrottle } from './log-throttle.ts'
import type { Logger } from './runtime.ts'

/**
 * A logger whose calls never throw. What a call of `log` throws, or its promise rejects with, becomes a warning of the
 * process (`process.emitWarning`), at most once a minute. A logger that is already guarded is returned as it is.
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
 * The failure is logged as `a listener threw`, level error, or is a warning of the process if there is no log: once a
 * minute for each listener.
 */
export function notify<events extends Record<keyof events, unknown[]>, name extends keyof events & string>(
  emitter: EventEmitter<events>,
  log: Logger | undefined,
  event: name,
  ...payload: events[name]
): void {
  // rawListeners() is a copy. It has the wrappers of once(), which remove themselves before they call their listener.
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
/** One for each listener on each event of each emitter. The wrapper of once() counts as the listener inside it. */
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

/** Calls `failed` with what `run` throws, or with what its promise rejects with. */
function attempt(run: () => unknown, failed: (thrown: unknown) => void): void {
  try {
    const result = run()
    if (types.isPromise(result)) Promise.prototype.then.call(result, undefined, failed)
  } catch (thrown) {
    failed(thrown)
  }
}

const MAX_TEXT = 1000 // UTF-16 code units of an error, for logs and status

/** The text of any thrown value: never empty, at most 1000 characters. It never throws. */
export function errorText(thrown: unknown): string {
  try {
    const text = thrown instanceof Error ? messageOf(thrown) : String(thrown)
    return text === '' ? 'an error without a message' : text.slice(0, MAX_TEXT)
  } catch {
    return 'an error that cannot be shown'
  }
}
/** If a name has several addresses and each fails, Node's AggregateError has no message. */
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
    // There is no other place to report it.
  }
}
