/**
 * The shell around the pure state machines of one session: it runs them and performs their actions, on the connections, the
 * timer, the dial record and the observer. It decides nothing.
 */
import type { Duplex } from 'node:stream'
import { encode, type Message, type Result } from '@softspoken/wire'
import { type SessionAction, type SessionInput, type SessionStep, stepSession } from './collision.ts'
import type { SessionConfig } from './config.ts'
import { Connection, contextOf, destroy } from './connection.ts'
import {
  type CollisionSide,
  type Connections,
  furthest,
  negotiatedOn,
  newConnections,
  sessionDeadline,
  withHistory,
} from './connections.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import { dialWith } from './dial.ts'
import { type DialRecord, written } from './dial-record.ts'
import type { SessionState } from './events.ts'
import type { Tick } from './fsm.ts'
import { errorText } from './guard.ts'
import type { Observer } from './observer.ts'
import { lookFor } from './own-address.ts'
import { RateLimit } from './rate-limit.ts'
import { fraction, type SessionEnvironment, waitAtMost } from './runtime.ts'
import { type SessionStatus, statusOf } from './status.ts'

const DISK_TIMEOUT = 1000 // milliseconds that a dial or stop() waits for a disk

export class Shell {
  readonly #config: SessionConfig
  readonly #environment: Required<Omit<SessionEnvironment, 'log'>>
  readonly #observer: Observer
  readonly #timer: DeadlineTimer
  readonly #record: DialRecord | undefined
  /** Limits the peer's connections: ten at once, then one per second. */
  readonly #accepts = new RateLimit(10, 1)
  #machines: Connections
  readonly #connections: { [side in CollisionSide]?: Connection } = {}
  /** Connections that send their last octets. */
  readonly #closing = new Set<Promise<void>>()
  /** Tasks that came while actions were performed. */
  readonly #tasks: (() => void)[] = []
  #performing = false

  constructor(
    config: SessionConfig,
    environment: Required<Omit<SessionEnvironment, 'log'>>,
    observer: Observer,
    record: DialRecord | undefined,
  ) {
    this.#config = config
    this.#environment = environment
    this.#observer = observer
    this.#record = record
    this.#timer = new DeadlineTimer(environment.clock, () => this.feed({ type: 'tick' }))
    this.#machines = newConnections(config, this.#now())
  }

  get state(): SessionState {
    return furthest(this.#machines).machine.state
  }
  /** The connection whose events listeners receive. */
  get connection(): Connection | undefined {
    return this.#connections[this.#machines.main.side]
  }

  start(): void {
    if (this.#record) {
      const { now, jitter } = this.#tick()
      const history = this.#record.load(now, jitter)
      if (history !== undefined) this.#machines = withHistory(this.#machines, history)
    }
    this.#schedule(() => this.feed({ type: 'start' }))
  }

  /** Resolves when the connections are closed and the record is deleted, after about a second at the latest. */
  async stop(communication: string, keepRecord: boolean): Promise<void> {
    this.#schedule(() => this.feed({ type: 'stop', communication }))
    const closed = Promise.all(this.#closing)
    await undefined // other sessions that are stopped at the same time send their Cease first
    if (!keepRecord) this.#record?.clear(this.#machines.main.machine, this.#now())
    if (this.#record) await waitAtMost(this.#environment.clock, DISK_TIMEOUT, written())
    await closed
  }

  /** Offers a connection that the peer made; it is destroyed if the session cannot use it now. */
  accept(stream: Duplex): void {
    this.#schedule(() => {
      if (this.#accepts.take(this.#now())) this.feed({ type: 'accepted' }, undefined, stream)
      else this.#observer.tooManyConnections()
      if (this.#connections.incoming?.uses(stream)) return
      stream.on('error', () => {}) // it is destroyed anyway
      destroy(stream)
    })
  }

  status(): SessionStatus {
    const { counters, lastFailure } = this.#observer
    const connection = this.#connections[furthest(this.#machines).side]
    return statusOf(this.#machines, connection, counters, lastFailure, this.#now())
  }

  /** Runs the state machine. `side` is the connection that the input comes from; `offered` is one that the peer made. */
  feed(input: SessionInput, side?: CollisionSide, offered?: Duplex): void {
    const fromCaller = input.type === 'send' || input.type === 'resend'
    const [next, actions] = this.#step(input, side)
    for (const side of sides) {
      const connection = this.#connections[side]
      if (connection) connection.negotiated = negotiatedOn(next, side)
    }
    const failed: [CollisionSide, unknown][] = []
    // Everything is encoded before anything is performed: a caller's mistake throws here, and changes nothing.
    const encoded = actions.map(action => {
      if (action.type !== 'send') return undefined
      try {
        const { side, message } = action
        return this.#connections[side]?.encode(message) ?? encode(message, contextOf(undefined, this.#config))
      } catch (error) {
        if (fromCaller) throw error
        failed.push([action.side, error])
        return undefined
      }
    })
    this.#machines = next
    this.#performing = true
    for (const [index, action] of actions.entries()) {
      try {
        this.#perform(action, encoded[index], offered)
      } catch (error) {
        if (action.type !== 'emit') failed.push([action.side, error])
      }
    }
    this.#performing = false
    this.#timer.set(sessionDeadline(next))
    this.#record?.keep(next.main.machine, this.#now())
    if (actions.some(isTimeToCheckAddress)) this.#checkOwnAddress()
    for (const [side, error] of failed) this.#fail(side, error)
    while (!this.#performing && this.#tasks.length > 0) this.#tasks.shift()?.()
  }

  /** Runs the task now, or after the current actions, because a connection may call back during a dial or a write. */
  #schedule(task: () => void): void {
    if (this.#performing) this.#tasks.push(task)
    else task()
  }

  #step(input: SessionInput, side: CollisionSide | undefined): SessionStep {
    const tick = this.#tick()
    try {
      return stepSession(this.#machines, input, tick, side)
    } catch (error) {
      // A fault of ours ends the connection, not the process: no input from the peer may throw here.
      if (input.type === 'disconnected') throw error
      const disconnected = { type: 'disconnected', reason: 'error', detail: errorText(error) } as const
      return stepSession(this.#machines, disconnected, tick, side ?? this.#machines.main.side)
    }
  }

  #tick(): Tick {
    return { now: this.#now(), jitter: 0.75 + fraction(this.#environment.random) / 4 }
  }

  /** An error on our side ends the connection as its loss does: it is closed, reported, and counts for the back-off. */
  #fail(side: CollisionSide, error: unknown): void {
    this.feed({ type: 'disconnected', reason: 'error', detail: errorText(error) }, side)
  }

  #checkOwnAddress(): void {
    const { side, machine } = this.#machines.main
    const address = this.#connections[side]?.endpoints.localAddress
    if (machine.state !== 'Established' || address === undefined) return
    this.feed({ type: 'own-address', address, presence: lookFor(address) }, side)
  }

  #perform(action: SessionAction, octets: Uint8Array | undefined, offered: Duplex | undefined): void {
    switch (action.type) {
      case 'connect':
        this.#connect(action.side)
        break
      case 'accept':
        if (offered) this.#open(action.side, offered)
        break
      case 'send':
        if (octets === undefined) break // it could not be encoded, and the connection ends
        this.#observer.sent(action.message)
        this.#connections[action.side]?.write(octets)
        break
      case 'close': {
        const connection = this.#connections[action.side]
        delete this.#connections[action.side]
        if (action.atOnce) connection?.abort()
        else if (connection) this.#close(connection)
        break
      }
      case 'emit':
        this.#observer.emit(action.event)
        break
    }
  }

  /** Dials after the record is written, so that a process that dies during the dial has counted it. A disk that hangs delays the dial by a second. */
  #connect(side: CollisionSide): void {
    if (this.#record === undefined) {
      this.#open(side, dialWith(this.#environment.dial, this.#config))
      return
    }
    const { dialledAt } = this.#machines.main.machine.history
    this.#record.keep(this.#machines.main.machine, this.#now())
    void waitAtMost(this.#environment.clock, DISK_TIMEOUT, written()).then(() =>
      this.#schedule(() => {
        const { state, history } = this.#machines.main.machine
        if (state !== 'Connect' || history.dialledAt !== dialledAt) return // the attempt has ended meanwhile
        this.#machines = withHistory(this.#machines, { ...history, dialledAt: this.#now() }) // backOff.minInterval counts from here
        this.#open(side, dialWith(this.#environment.dial, this.#config))
      }),
    )
  }

  #open(side: CollisionSide, stream: Duplex): void {
    const connection = new Connection(stream, this.#config)
    this.#connections[side] = connection
    const isCurrent = () => this.#connections[side] === connection
    connection.open({
      isCurrent,
      schedule: task => this.#schedule(() => isCurrent() && task()),
      feed: input => this.feed(input, side),
      received: result => this.#receive(side, connection, result),
      writable: () => {
        if (this.connection === connection) this.#observer.writable()
      },
      failed: error => this.#fail(side, error),
    })
  }

  #receive(side: CollisionSide, connection: Connection, result: Result<Message>): void {
    this.#observer.received(result)
    // Only for a message that we may refuse: looking ahead at each UPDATE of a table would take time.
    const followedBy = result.ok && this.state === 'Established' ? undefined : connection.notificationAhead()
    if (result.ok) this.feed({ type: 'message', message: result.value, followedBy }, side)
    else {
      const { notification, detail } = result
      this.feed({ type: 'malformed', sent: notification, ...connection.explainMalformed(detail), followedBy }, side)
    }
    this.#observer.flush() // now and not after the chunk: the next message may end the session that listeners see established
  }

  #close(connection: Connection): void {
    const closed = connection.close(this.#environment.clock).then(() => void this.#closing.delete(closed))
    this.#closing.add(closed)
  }

  #now(): number {
    return this.#environment.clock.now()
  }
}

const sides = ['outgoing', 'incoming'] as const

/** The session looks for its own address when it is established, and with each KEEPALIVE that it sends. */
function isTimeToCheckAddress(action: SessionAction): boolean {
  return action.type === 'emit'
    ? action.event.type === 'established'
    : action.type === 'send' && action.message.type === 'keepalive'
}
