/** The shell around the pure state machine: it performs actions, and decides nothing. */
import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import {
  encode,
  type Family,
  familyByName,
  type Message,
  OptionError,
  type Result,
  type Update,
} from '@softspoken/wire'
import { shown } from '@softspoken/wire/internal'
import { assertObject, checkEnvironment } from './checks.ts'
import { type SessionAction, type SessionInput, type SessionStep, stepSession } from './collision.ts'
import { configure, type SessionConfig } from './config.ts'
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
import { dialTcp, dialWith } from './dial.ts'
import { DialRecord, written } from './dial-record.ts'
import type { SessionEvents, SessionState } from './events.ts'
import type { Input, Tick } from './fsm.ts'
import { errorText, guardLog } from './guard.ts'
import { Observer } from './observer.ts'
import type { SessionOptions } from './options.ts'
import { lookFor } from './own-address.ts'
import { warnOfConflict } from './preflight.ts'
import { RateLimit } from './rate-limit.ts'
import { type Clock, fraction, type Logger, realTime, waitAtMost } from './runtime.ts'
import { requireLinux } from './socket-options.ts'
import { type SessionStatus, statusOf } from './status.ts'

/** How a session is stopped. */
export interface StopOptions {
  /** Keeps the record in `stateDirectory`, for a process that ends because it failed: the next one must not dial at once. Default false. */
  keepRecord?: boolean
}

const DISK_TIMEOUT = 1000 // milliseconds that a dial or stop() waits for a disk
const MAX_BACKLOG = 8 * 1024 * 1024 // octets that wait for a peer that does not read

/**
 * A session with one peer, kept up for as long as it is started.
 *
 * Its events come after the step that caused them, so a listener may call back: see {@link SessionEvents}.
 */
export class Session extends EventEmitter<SessionEvents> implements AsyncDisposable {
  readonly config: SessionConfig
  readonly #log: Logger | undefined
  readonly #clock: Clock
  readonly #random: () => number
  readonly #dial: (config: SessionConfig) => Duplex
  readonly #observer: Observer
  readonly #timer: DeadlineTimer
  readonly #record: DialRecord | undefined
  /** Connections that the peer may make: ten at once, then one per second. */
  readonly #accepts = new RateLimit(10, 1)
  #machines: Connections
  readonly #connections: { [side in CollisionSide]?: Connection } = {}
  /** Connections that send their last octets. */
  readonly #closing = new Set<Promise<void>>()
  #started = false
  /** Tasks that came while actions were performed. */
  readonly #tasks: (() => void)[] = []
  #performing = false

  /**
   * @throws OptionError naming the option, the value and what is allowed; also if an option needs Linux and the package
   * koffi, and either is missing.
   */
  constructor(options: SessionOptions) {
    super()
    this.config = configure(options)
    const { log, clock = realTime, random = Math.random, dial = dialTcp } = options
    checkEnvironment({ log, clock, random, dial })
    requireLinux(this.config)
    this.#log = log && guardLog(log)
    this.#clock = clock
    this.#random = random
    this.#dial = dial
    this.#observer = new Observer(this, this.config, this.#log, clock)
    this.#timer = new DeadlineTimer(clock, () => this.#feed({ type: 'tick' }))
    this.#machines = newConnections(this.config, clock.now())
    const { stateDirectory, passive } = this.config
    if (stateDirectory !== undefined && !passive) this.#record = new DialRecord(this.config, stateDirectory, this.#log)
  }

  /** Adds a listener. {@link SessionEvents} lists the events, and what each listener receives. */
  override on<name extends keyof SessionEvents>(
    event: name,
    listener: (...payload: SessionEvents[name]) => void,
  ): this {
    return super.on(event, listener as never)
  }

  get state(): SessionState {
    return furthest(this.#machines).machine.state
  }

  /** The connection whose events listeners receive. */
  get #connection(): Connection | undefined {
    return this.#connections[this.#machines.main.side]
  }

  /** More octets wait than the peer reads. Wait for `writable` before you send more, and then send only what is still true. */
  get backlogged(): boolean {
    return this.#connection?.backlogged ?? false
  }

  /** Dials; a passive session waits for the peer. A second call changes nothing, and never shortens a back-off. */
  start(): this {
    // Only the default dial uses the addresses of this host.
    if (this.#log && !this.#started && this.#dial === dialTcp) warnOfConflict(this.config, this.#log)
    this.#started = true
    if (this.#record) {
      const { now, jitter } = this.#tick()
      const history = this.#record.load(now, jitter)
      if (history !== undefined) this.#machines = withHistory(this.#machines, history)
    }
    this.#schedule(() => this.#feed({ type: 'start' }))
    return this
  }

  /**
   * Sends an UPDATE. BGP does not acknowledge routes, so nothing reports whether the peer accepts it.
   * @throws Error if the session is not Established or 8 MiB already wait for a peer that does not read, and what
   * encode() throws; then nothing is sent.
   */
  send(update: Update): void {
    assertUpdate(update, 'update')
    this.#feedFromCaller({ type: 'send', update })
  }

  /**
   * Answers `refresh`: sends all routes of a family again, between the marks of RFC 7313 §4 if the peer supports them.
   * The peer may then forget routes that are not among them.
   * @throws Error and whatever else send() throws; then nothing is sent.
   */
  resend(family: Family, updates: readonly Update[]): void {
    if (!(typeof family === 'string' && Object.hasOwn(familyByName, family)))
      throw new OptionError('family', family, `one of ${Object.keys(familyByName).join(', ')}`)
    if (!Array.isArray(updates)) throw new OptionError('updates', updates, 'a list of UPDATEs')
    for (const [at, update] of updates.entries()) assertUpdate(update, `updates[${at}]`)
    this.#feedFromCaller({ type: 'resend', family, updates })
  }

  #feedFromCaller(input: Input): void {
    if (this.state !== 'Established') throw new Error(`cannot send in ${this.state}`)
    const waiting = this.#connection?.waiting ?? 0
    if (waiting > MAX_BACKLOG) throw new Error(`cannot send, ${waiting} octets wait for a peer that does not read`)
    this.#feed(input)
  }

  /**
   * Sends Cease/Administrative Shutdown with this text (RFC 9003), closes, and stays down. Resolves within about a second.
   * Safe to call twice.
   */
  async stop(communication = '', options: StopOptions = {}): Promise<void> {
    // A session stops even if the text has another type.
    this.#schedule(() =>
      this.#feed({
        type: 'stop',
        communication: typeof communication === 'string' ? communication : shown(communication),
      }),
    )
    const closed = Promise.all(this.#closing)
    await undefined // other sessions that are stopped at the same time send their Cease first
    if (options?.keepRecord !== true) this.#record?.clear(this.#machines.main.machine, this.#clock.now())
    if (this.#record) await waitAtMost(this.#clock, DISK_TIMEOUT, written())
    await closed
  }

  /** The same as stop(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * Offers a connection that the peer made; a Listener does this. It is destroyed if the session cannot use it now, or if
   * the peer makes too many: ten at once, then one per second. If you call it yourself, set tcpMd5Key, ttlSecurity,
   * multihop and bindDevice on the socket: it is used as it is.
   * @throws OptionError if it is not a Duplex.
   */
  accept(connection: Duplex): void {
    if (!(connection instanceof Duplex)) throw new OptionError('connection', connection, 'a Duplex')
    this.#schedule(() => {
      if (this.#accepts.take(this.#clock.now())) this.#feed({ type: 'accepted' }, undefined, connection)
      else this.#observer.tooManyConnections()
      if (this.#connections.incoming?.uses(connection)) return
      connection.on('error', () => {}) // it is destroyed anyway
      destroy(connection)
    })
  }

  /** A snapshot of now. */
  status(): SessionStatus {
    const { counters, lastFailure } = this.#observer
    const connection = this.#connections[furthest(this.#machines).side]
    return statusOf(this.#machines, connection, counters, lastFailure, this.#clock.now())
  }

  /** Runs the state machine. `side` is the connection that the input comes from; `offered` is one that the peer made. */
  #feed(input: SessionInput, side?: CollisionSide, offered?: Duplex): void {
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
        return this.#connections[side]?.encode(message) ?? encode(message, contextOf(undefined, this.config))
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
    this.#record?.keep(next.main.machine, this.#clock.now())
    if (actions.some(isTimeToCheckAddress)) this.#checkOwnAddress()
    for (const [side, error] of failed) this.#fail(side, error)
    while (!this.#performing && this.#tasks.length > 0) this.#tasks.shift()?.()
  }

  /** Runs it now, or after the current actions: a connection may call back while it is dialled or written to. */
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
    return { now: this.#clock.now(), jitter: 0.75 + fraction(this.#random) / 4 }
  }

  /** An error on our side ends the connection as its loss does: it is closed, reported, and counts for the back-off. */
  #fail(side: CollisionSide, error: unknown): void {
    this.#feed({ type: 'disconnected', reason: 'error', detail: errorText(error) }, side)
  }

  #checkOwnAddress(): void {
    const { side, machine } = this.#machines.main
    const address = this.#connections[side]?.endpoints.localAddress
    if (machine.state !== 'Established' || address === undefined) return
    this.#feed({ type: 'own-address', address, presence: lookFor(address) }, side)
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

  /** Dials when the record is written: a process that dies during the dial must have counted it. A disk that hangs delays it by a second. */
  #connect(side: CollisionSide): void {
    if (this.#record === undefined) {
      this.#open(side, dialWith(this.#dial, this.config))
      return
    }
    const { dialledAt } = this.#machines.main.machine.history
    this.#record.keep(this.#machines.main.machine, this.#clock.now())
    void waitAtMost(this.#clock, DISK_TIMEOUT, written()).then(() =>
      this.#schedule(() => {
        const { state, history } = this.#machines.main.machine
        if (state !== 'Connect' || history.dialledAt !== dialledAt) return // the attempt has ended meanwhile
        this.#machines = withHistory(this.#machines, { ...history, dialledAt: this.#clock.now() }) // backOff.minInterval counts from here
        this.#open(side, dialWith(this.#dial, this.config))
      }),
    )
  }

  #open(side: CollisionSide, stream: Duplex): void {
    const connection = new Connection(stream, this.config)
    this.#connections[side] = connection
    const isCurrent = () => this.#connections[side] === connection
    connection.open({
      isCurrent,
      schedule: task => this.#schedule(() => isCurrent() && task()),
      feed: input => this.#feed(input, side),
      received: result => this.#receive(side, connection, result),
      writable: () => {
        if (this.#connection === connection) this.#observer.writable()
      },
      failed: error => this.#fail(side, error),
    })
  }

  #receive(side: CollisionSide, connection: Connection, result: Result<Message>): void {
    this.#observer.received(result)
    // Only for a message that we may refuse: looking ahead at each UPDATE of a table would take time.
    const followedBy = result.ok && this.state === 'Established' ? undefined : connection.notificationAhead()
    if (result.ok) this.#feed({ type: 'message', message: result.value, followedBy }, side)
    else {
      const { notification, detail } = result
      this.#feed({ type: 'malformed', sent: notification, ...connection.explainMalformed(detail), followedBy }, side)
    }
    this.#observer.flush() // now and not after the chunk: the next message may end the session that listeners see established
  }

  #close(connection: Connection): void {
    const closed = connection.close(this.#clock).then(() => void this.#closing.delete(closed))
    this.#closing.add(closed)
  }
}

/** encode() checks the fields, but it encodes the other messages as well. */
function assertUpdate(update: Update, option: string): void {
  assertObject(update, option, 'an UPDATE')
  if (update.type !== 'update') throw new OptionError(`${option}.type`, update.type, "'update'")
}

const sides = ['outgoing', 'incoming'] as const

/** The own address is looked for when the session is established, and with each KEEPALIVE sent. */
function isTimeToCheckAddress(action: SessionAction): boolean {
  return action.type === 'emit'
    ? action.event.type === 'established'
    : action.type === 'send' && action.message.type === 'keepalive'
}
