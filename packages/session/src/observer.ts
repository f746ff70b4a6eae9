/** What a session reports: counters, the last failure, log lines, and events to listeners. */
import type { EventEmitter } from 'node:events'
import { describeNotification, type Message, type Result, type Update } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import { type Down, isSameFailure, type SessionEvent, type SessionEvents } from './events.ts'
import { notify } from './guard.ts'
import { hint } from './hint.ts'
import { LogThrottle } from './log-throttle.ts'
import { countMalformed, type MalformedUpdate, malformedUpdate, zeroMalformed } from './malformed.ts'
import { countMessage, zeroCounters } from './message-counters.ts'
import { omitUndefined } from './omit-undefined.ts'
import { RateLimit } from './rate-limit.ts'
import { failureLevel } from './reasons.ts'
import type { Clock, Logger } from './runtime.ts'
import type { SessionCounters, SessionStatus } from './status.ts'

export class Observer {
  readonly counters: SessionCounters = {
    dials: 0,
    fsmEstablishedTransitions: 0,
    inUpdates: 0,
    inMalformedUpdates: zeroMalformed,
    outUpdates: 0,
    inTotalMessages: 0,
    outTotalMessages: 0,
    inMessages: zeroCounters,
    outMessages: zeroCounters,
  }
  lastFailure: SessionStatus['lastFailure']
  readonly #emitter: EventEmitter<SessionEvents>
  readonly #config: SessionConfig
  readonly #log: Logger | undefined
  readonly #clock: Clock
  /** What the log and the listeners have not received yet, in order. */
  readonly #outbox: { readonly event: SessionEvent | MalformedUpdate; readonly log: () => void }[] = []
  readonly #malformed = new LogThrottle()
  readonly #excess = new LogThrottle()
  /** Lines about a session that comes and goes: 20 at once, then one per 6 s. Others have level debug. */
  readonly #changes = new RateLimit(20, 6)

  /** `log` must be guarded. */
  constructor(emitter: EventEmitter<SessionEvents>, config: SessionConfig, log: Logger | undefined, clock: Clock) {
    this.#emitter = emitter
    this.#config = config
    this.#log = log
    this.#clock = clock
  }

  received(result: Result<Message>): void {
    this.counters.inMessages = countMessage(this.counters.inMessages, result.ok ? result.value : undefined)
    this.counters.inTotalMessages++
    if (result.ok && result.value.type === 'update') this.counters.inUpdates++
  }

  sent(message: Message): void {
    this.counters.outMessages = countMessage(this.counters.outMessages, message)
    this.counters.outTotalMessages++
    if (message.type === 'update') this.counters.outUpdates++
  }

  /** Queues an event: first each peer gets its message, then listeners and log calls run. */
  emit(event: SessionEvent): void {
    if (event.type === 'dial') this.counters.dials++
    if (event.type === 'established') this.counters.fsmEstablishedTransitions++
    if (event.type === 'down') {
      const down = { ...event, ...omitUndefined({ hint: hint(event, this.#config) }) }
      this.#outbox.push({ event: down, log: this.#recordDown(down) })
    } else this.#outbox.push({ event, log: this.#logLine(event) })
    queueMicrotask(() => this.flush())
    if (event.type === 'update') this.#checkMalformed(event.update)
  }

  /** Runs the log calls and listeners of queued events, in order. Each is guarded, so that one that throws stops no other. */
  flush(): void {
    for (let next = this.#outbox.shift(); next !== undefined; next = this.#outbox.shift()) {
      const { event, log } = next
      log()
      notify(this.#emitter, this.#log, event.type, event as never) // the payload is the one that its own type names
    }
  }

  writable(): void {
    notify(this.#emitter, this.#log, 'writable')
  }

  tooManyConnections(): void {
    const connections = this.#excess.take(this.#clock.now())
    const peer = this.#config.peer.address
    if (connections !== undefined) this.#log?.warn({ peer, connections }, 'too many connections of the peer: closed')
  }

  #checkMalformed(update: Update): void {
    const { issues } = update
    if (issues === undefined) return
    this.counters.inMalformedUpdates = countMalformed(this.counters.inMalformedUpdates, issues)
    const updates = this.#malformed.take(this.#clock.now())
    if (updates === undefined) return
    const event = malformedUpdate(update, issues, updates)
    const { type: _, octets, ...fields } = event
    const message = Buffer.from(octets).toString('hex')
    const peer = this.#config.peer.address
    this.#outbox.push({ event, log: () => this.#log?.warn({ peer, ...fields, message }, 'malformed UPDATE') })
  }

  #logLine(event: Exclude<SessionEvent, Down>): () => void {
    const peer = this.#config.peer.address
    if (event.type === 'established') {
      const isRare = this.#changes.take(this.#clock.now())
      return () => this.#log?.[isRare ? 'info' : 'debug']({ peer, ...event.negotiated }, 'session established')
    }
    const { type, ...fields } = event
    return () => this.#log?.debug({ peer, ...fields }, type)
  }

  /** Records the failure for status(), and returns its log line. */
  #recordDown({ type: _, retryIn, ...failure }: Down): () => void {
    const peer = this.#config.peer.address
    const { reason, detail, sent, hint } = failure
    const level = failureLevel(reason)
    if (reason === 'stopped') return () => this.#log?.[level]({ peer, reason, detail }, 'session down')
    const last = this.lastFailure
    const isRepeated = last !== undefined && isSameFailure(last, failure) && failure.from !== 'Established'
    const isNews = !isRepeated && this.#changes.take(this.#clock.now())
    this.lastFailure = { ...failure, at: new Date() }
    const fields = {
      peer,
      reason,
      detail,
      ...omitUndefined({ sent: sent && describeNotification(sent), hint, retryIn }),
    }
    return () => this.#log?.[isNews ? level : 'debug'](fields, 'session down')
  }
}
