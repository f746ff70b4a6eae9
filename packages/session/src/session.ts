/** The shell around the pure machine: a connection or two, one timer, no decisions. */
import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import {
  type Address,
  type Context,
  Decoder,
  describeNotification,
  encode,
  type Family,
  notificationCode,
  type Update,
} from '@softspoken/wire'
import { kind, shown } from './check-options.ts'
import {
  furthest,
  negotiatedOn,
  newPair,
  type Pair,
  type PairAction,
  type PairInput,
  type PairStep,
  pairDeadline,
  type Slot,
  stepPair,
  withHistory,
} from './collision.ts'
import { configure, type SessionConfig, type SessionOptions } from './config.ts'
import { dialTcp } from './dial.ts'
import { DialRecord, written } from './dial-record.ts'
import { checkEnvironment } from './environment.ts'
import type { SessionEvent, SessionEvents, SessionFailure, SessionState } from './events.ts'
import type { Input } from './fsm.ts'
import { errorText, guardLog, notify } from './guard.ts'
import { hint, socketError } from './hint.ts'
import {
  type MalformedUpdate,
  type MalformedUpdates,
  malformedUpdate,
  noneMalformed,
  withOneMore,
} from './malformed.ts'
import { counted, type MessageCounters, nothingCounted } from './message-counters.ts'
import { OnceAMinute } from './once-a-minute.ts'
import type { Negotiated } from './open-check.ts'
import { FIRST_OCTETS, type OtherProtocol, otherProtocol } from './other-protocol.ts'
import { lookFor } from './own-address.ts'
import { conflictingConnection, establishedTcp } from './preflight.ts'
import { RateLimit } from './rate-limit.ts'
import { type Clock, type Logger, realTime } from './runtime.ts'
import { requireLinux } from './socket-options.ts'

/** How a session is stopped. */
export interface StopOptions {
  /** Leaves what `stateDirectory` has, for a process that ends because it failed: the next one must not dial at once. Default false. */
  keepRecord?: boolean
}

/** Counted since construction, with the names of RFC 4273. */
export interface SessionCounters {
  dials: number
  fsmEstablishedTransitions: number
  inUpdates: number
  /** UPDATEs among them whose faults cost routes or attributes, and not the session (RFC 7606). */
  inMalformedUpdates: MalformedUpdates
  outUpdates: number
  inTotalMessages: number
  outTotalMessages: number
  inMessages: MessageCounters
  outMessages: MessageCounters
}

/** A snapshot. Times are in seconds. */
export interface SessionStatus {
  readonly state: SessionState
  readonly secondsInState: number
  readonly local: { readonly as: number; readonly id: Address; readonly address?: Address; readonly port?: number }
  readonly peer: { readonly as: number; readonly address: Address; readonly port: number }
  /** From the peer's OPEN until the session ends. */
  readonly negotiated?: Negotiated
  /** Absent while a dial runs or a session stands, and once stopped. */
  readonly nextDialIn?: number
  readonly counters: Readonly<SessionCounters>
  /** How the last connection, or attempt at one, ended. */
  readonly lastFailure?: SessionFailure & { readonly at: Date }
}

/** An event as listeners receive it. */
type EmittedEvent = SessionEvent | MalformedUpdate
/** A connection, and what reads it. */
interface Line {
  readonly connection: Duplex
  readonly decoder: Decoder
  /** The first octets that came, a few of them. */
  first: Uint8Array
}

const GOODBYE = 1000 // milliseconds that the last bytes get to leave
const LONGEST_BACKLOG = 8 * 1024 * 1024 // octets that wait for a peer that does not read
const FULL = 65536 // octets; a socket that yields as many in one piece has more

/**
 * A session with one peer, kept up for as long as it is started.
 *
 * Events `state`, `dial`, `established`, `update`, `refresh` and `down` come after the step that caused them, so a
 * listener may call back. `malformed` comes once a minute at most, after the `update` that it is about. `writable` comes when
 * a peer that had fallen behind has read again; see `backlogged`.
 */
export class Session extends EventEmitter<SessionEvents> implements AsyncDisposable {
  readonly config: SessionConfig
  readonly #log: Logger | undefined
  readonly #clock: Clock
  readonly #random: () => number
  readonly #dial: (config: SessionConfig) => Duplex
  readonly #counters: SessionCounters = {
    dials: 0,
    fsmEstablishedTransitions: 0,
    inUpdates: 0,
    inMalformedUpdates: noneMalformed,
    outUpdates: 0,
    inTotalMessages: 0,
    outTotalMessages: 0,
    inMessages: nothingCounted,
    outMessages: nothingCounted,
  }
  #pair: Pair
  readonly #lines: { [slot in Slot]?: Line } = {}
  /** Connections that were closed here and whose last bytes are still leaving. */
  readonly #leaving = new Set<Promise<void>>()
  #timer: unknown
  /** The deadline that the timer runs for. */
  #armedFor: number | undefined
  #lastFailure: SessionStatus['lastFailure']
  #started = false
  /** Inputs that came while the actions of another were performed. */
  readonly #inputs: (() => void)[] = []
  #performing = false
  /** What the log and the listeners have yet to get, in order. */
  readonly #outbox: { readonly event: EmittedEvent; readonly log: () => void }[] = []
  readonly #malformed = new OnceAMinute()
  readonly #accepts = new RateLimit(10, 1)
  readonly #excess = new OnceAMinute()
  /** Of a session that comes and goes; what is beyond is a line of level debug. */
  readonly #notes = new RateLimit(20, 6)
  readonly #record: DialRecord | undefined

  /**
   * @throws RangeError or TypeError naming the setting, the value and what is allowed; Error for a setting that needs
   * Linux and the package koffi, where either is missing.
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
    this.#pair = newPair(this.config, clock.now())
    const { stateDirectory, passive } = this.config
    if (stateDirectory !== undefined && !passive) this.#record = new DialRecord(this.config, stateDirectory, this.#log)
  }

  get state(): SessionState {
    return furthest(this.#pair).machine.state
  }

  /** The one that listeners hear of. */
  get #connection(): Duplex | undefined {
    return this.#lines[this.#pair.first.slot]?.connection
  }

  /**
   * More waits for the peer than it takes, so whoever has much to say had better wait for `writable`, and then say only what
   * is still true.
   */
  get backlogged(): boolean {
    return this.#connection?.writableNeedDrain ?? false
  }

  /** Dials, or waits for the peer where passive. Calling it again changes nothing, and never shortens a back-off. */
  start(): this {
    this.#preflight()
    const left = this.#record?.load(this.#clock.now(), 0.75 + this.#drawn() / 4)
    if (left !== undefined) this.#pair = withHistory(this.#pair, left)
    this.#inTurn(() => this.#feed({ type: 'start' }))
    return this
  }

  /**
   * Sends an UPDATE. That the peer has taken it is more than BGP can tell.
   * @throws Error where the session is not Established or 8 MiB wait already for a peer that does not read, and what
   * encode() throws; then nothing is sent.
   */
  send(update: Update): void {
    this.#say({ type: 'send', update })
  }

  /**
   * Answers `refresh`: sends a family's routes once more, all of them, marked as such where the peer knows the marks
   * (RFC 7313 §4). It may then forget what is not among them.
   * @throws Error and whatever else send() throws; then nothing is sent.
   */
  resend(family: Family, updates: readonly Update[]): void {
    this.#say({ type: 'resend', family, updates })
  }

  #say(input: Input): void {
    if (this.state !== 'Established') throw new Error(`cannot send in ${this.state}`)
    const waiting = this.#connection?.writableLength ?? 0
    if (waiting > LONGEST_BACKLOG) throw new Error(`cannot send, ${waiting} octets wait for a peer that does not read`)
    this.#feed(input)
  }

  /** Says Cease with the reason (RFC 9003), closes, and stays down. Resolves within about a second. Safe to call twice. */
  async stop(communication = '', options: StopOptions = {}): Promise<void> {
    // Of whatever type the reason is: a session that is told to stop stops.
    this.#inTurn(() => this.#feed({ type: 'stop', communication: shown(communication) }))
    const gone = Promise.all(this.#leaving)
    await undefined // first each other session that is stopped with this one says Cease
    if (options?.keepRecord !== true) this.#record?.clear(this.#pair.first.machine, this.#clock.now())
    if (this.#record) await this.#patiently(written())
    await gone
  }

  /** A disk that hangs delays no end. */
  #patiently(done: Promise<void>): Promise<void> {
    return new Promise(resolve => {
      const impatience = this.#clock.setTimeout(resolve, GOODBYE)
      done.then(() => {
        this.#clock.clearTimeout(impatience)
        resolve()
      })
    })
  }

  /** The same as stop(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /**
   * Offers a connection that the peer made; a Listener does this. It is destroyed where it is not wanted now, and where
   * the peer makes too many: ten at once, then one a second. A caller of its own sets tcpMd5Key, ttlSecurity, multihop
   * and bindDevice on the socket itself; here it is used as it is.
   * @throws TypeError for what is no Duplex.
   */
  accept(connection: Duplex): void {
    if (!(connection instanceof Duplex))
      throw new TypeError(`connection: ${kind(connection)} is not allowed, it must be a Duplex`)
    this.#inTurn(() => {
      const now = this.#clock.now()
      if (this.#accepts.take(now)) this.#feed({ type: 'accepted' }, undefined, connection)
      else this.#tooMany(now)
      if (this.#lines.accepted?.connection === connection) return
      connection.on('error', () => {}) // nothing is left to do about it
      destroy(connection)
    })
  }

  #tooMany(now: number): void {
    const connections = this.#excess.pass(now)
    const peer = this.config.peer.address
    if (connections !== undefined) this.#log?.warn({ peer, connections }, 'too many connections of the peer: closed')
  }

  /** A snapshot of now. */
  status(): SessionStatus {
    const { machine, slot } = furthest(this.#pair)
    const { state, since, negotiated, config } = machine
    const { timers } = this.#pair.first.machine
    const now = this.#clock.now()
    const { localAddress, localPort, remotePort } = (this.#lines[slot]?.connection ?? {}) as Partial<Socket>
    return {
      state,
      secondsInState: (now - since) / 1000,
      local: {
        as: config.local.as,
        id: config.local.id,
        ...optional('address', plain(localAddress) ?? config.local.address),
        ...optional('port', localPort),
      },
      peer: { as: config.peer.as, address: config.peer.address, port: remotePort ?? config.peer.port },
      ...optional('negotiated', negotiated),
      ...(timers.idleHoldTimer !== undefined &&
        !config.passive && { nextDialIn: Math.max(0, timers.idleHoldTimer - now) / 1000 }),
      counters: { ...this.#counters },
      ...optional('lastFailure', this.#lastFailure),
    }
  }

  /** `slot` is the connection that the input comes from; what comes from our own side has none. */
  #feed(input: PairInput, slot?: Slot, offered?: Duplex): void {
    const callers = input.type === 'send' || input.type === 'resend'
    const before = this.#pair
    const [next, actions] = this.#step(input, slot)
    const failed: [Slot, unknown][] = []
    // All of it is encoded before any of it is done: what the caller got wrong throws here, and changes nothing.
    const performable = actions.map(action => {
      if (action.type !== 'send') return { action }
      try {
        const negotiated = negotiatedOn(next, action.slot) ?? negotiatedOn(before, action.slot)
        return { action, bytes: encode(action.message, contextOf(negotiated, this.config)) }
      } catch (error) {
        if (callers) throw error
        failed.push([action.slot, error])
        return { action }
      }
    })
    this.#pair = next
    this.#performing = true
    for (const { action, bytes } of performable) {
      try {
        this.#perform(action, bytes, offered)
      } catch (error) {
        if (action.type !== 'emit') failed.push([action.slot, error]) // to emit is only to queue
      }
    }
    this.#performing = false
    const { first } = next
    const line = this.#lines[first.slot]
    if (line) line.decoder.context = contextOf(first.machine.negotiated, this.config)
    this.#arm()
    this.#record?.keep(first.machine, this.#clock.now())
    if (actions.some(looks)) this.#look()
    for (const [where, error] of failed) this.#fail(where, error)
    while (!this.#performing && this.#inputs.length > 0) this.#inputs.shift()?.()
  }

  /** Whether the address that the session has at our own end is still on this host. */
  #look(): void {
    const { slot, machine } = this.#pair.first
    const { localAddress } = (this.#lines[slot]?.connection ?? {}) as Partial<Socket>
    if (machine.state !== 'Established' || typeof localAddress !== 'string') return
    const address = plain(localAddress) ?? localAddress
    this.#feed({ type: 'own-address', address, presence: lookFor(address) }, slot)
  }

  /** Now, or once the actions of the present step are done: a connection may call back while it is dialled or written to. */
  #inTurn(run: () => void): void {
    if (this.#performing) this.#inputs.push(run)
    else run()
  }

  #step(input: PairInput, slot: Slot | undefined): PairStep {
    const tick = { now: this.#clock.now(), jitter: 0.75 + this.#drawn() / 4 }
    try {
      return stepPair(this.#pair, input, tick, slot)
    } catch (error) {
      // A mistake of ours costs the connection, and not the process: no input of a peer's may throw from here.
      if (input.type === 'disconnected') throw error
      return stepPair(
        this.#pair,
        { type: 'disconnected', detail: errorText(error) },
        tick,
        slot ?? this.#pair.first.slot,
      )
    }
  }

  /** What this side cannot do with a connection ends it, as its loss does: it is closed, told, and dialled as rarely. */
  #fail(slot: Slot, error: unknown): void {
    this.#feed({ type: 'disconnected', detail: errorText(error) }, slot)
  }

  /** From 0 to 1, whatever `random` does: back-off and keepalives depend on it. */
  #drawn(): number {
    try {
      const drawn = this.#random()
      return drawn >= 0 && drawn <= 1 ? drawn : Math.random()
    } catch {
      return Math.random()
    }
  }

  /** Once, and only where it is the system that dials. */
  #preflight(): void {
    if (this.#started || this.#dial !== dialTcp) return
    this.#started = true
    const other = this.#log && conflictingConnection(this.config, establishedTcp())
    if (!other) return
    const [from, to] = [other.local, other.remote].map(({ address, port }) => `${address} port ${port}`)
    this.#log?.warn(
      {
        peer: this.config.peer.address,
        connection: `${from} to ${to}`,
        hint: 'look for another BGP speaker on this host, and give one of the two another local address',
      },
      'this host already has a connection to the peer, and a router takes one session from an address',
    )
  }

  #arm(): void {
    const deadline = pairDeadline(this.#pair)
    if (deadline === this.#armedFor) return // one that is due and set anew with each message never runs in a flood
    this.#clock.clearTimeout(this.#timer)
    this.#armedFor = deadline
    if (deadline === undefined) return
    // Rounded up: a timer that fires early would find nothing due and be set again for nothing.
    const delay = Math.max(0, Math.ceil(deadline - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => {
      this.#armedFor = undefined
      this.#feed({ type: 'tick' })
    }, delay)
  }

  #perform(action: PairAction, bytes: Uint8Array | undefined, offered: Duplex | undefined): void {
    const line = action.type === 'emit' ? undefined : this.#lines[action.slot]
    switch (action.type) {
      case 'connect':
        this.#connect(action.slot)
        break
      case 'accept':
        if (offered) this.#adopt(action.slot, offered)
        break
      case 'send':
        if (bytes === undefined) break // it could not be encoded, and the connection ends
        this.#counters.outMessages = counted(this.#counters.outMessages, action.message)
        this.#counters.outTotalMessages++
        if (action.message.type === 'update') this.#counters.outUpdates++
        if (line) this.#write(action.slot, line, bytes)
        break
      case 'close':
        delete this.#lines[action.slot]
        if (line && action.atOnce) drop(line.connection)
        else this.#hangUp(line?.connection)
        break
      case 'emit':
        this.#tell(action.event)
        break
    }
  }

  /** Dials once the record has the dial: a process that dies in it must have counted it. A disk that hangs delays it by a second. */
  #connect(slot: Slot): void {
    if (this.#record === undefined) {
      this.#adopt(slot, this.#attempt())
      return
    }
    const { dialledAt } = this.#pair.first.machine.history
    this.#record.keep(this.#pair.first.machine, this.#clock.now())
    void this.#patiently(written()).then(() =>
      this.#inTurn(() => {
        const { state, history } = this.#pair.first.machine
        if (state !== 'Connect' || history.dialledAt !== dialledAt) return // it has ended meanwhile
        this.#pair = withHistory(this.#pair, { ...history, dialledAt: this.#clock.now() }) // backOff.minInterval counts from here
        this.#adopt(slot, this.#attempt())
      }),
    )
  }

  /** A dial that cannot even begin fails as any other does: told, and tried again as rarely. */
  #attempt(): Duplex {
    try {
      const connection: unknown = this.#dial(this.config)
      if (connection instanceof Duplex) return connection
      throw new TypeError('dial: it must return a Duplex')
    } catch (error) {
      return new Duplex({ read() {} }).destroy(asError(error))
    }
  }

  /** Listens to a connection for as long as it is ours; late events of an abandoned one are nobody's. */
  #adopt(slot: Slot, connection: Duplex): void {
    const line = { connection, decoder: new Decoder(contextOf(undefined, this.config)), first: new Uint8Array() }
    this.#lines[slot] = line
    const current = (input: Input): void =>
      this.#inTurn(() => {
        if (this.#lines[slot] === line) this.#feed(input, slot)
      })
    let detail = 'the connection was closed'
    connection.once('connect', () => current({ type: 'connected' }))
    connection.on('data', (chunk: Uint8Array) => this.#inTurn(() => this.#read(slot, line, chunk)))
    connection.on('drain', () => {
      if (this.#connection === connection) notify(this, this.#log, 'writable')
    })
    connection.on('error', (error: unknown) => {
      detail = inWords(error, this.config)
    })
    connection.once('end', () =>
      current({ type: 'disconnected', detail: 'the peer closed the connection', ...causeOf(line) }),
    )
    connection.once('close', () => current({ type: 'disconnected', detail, ...causeOf(line) }))
    if (connection.closed) setImmediate(() => current({ type: 'disconnected', detail })) // its 'close' may be past
  }

  #read(slot: Slot, line: Line, chunk: Uint8Array): void {
    if (this.#lines[slot] !== line) return
    try {
      this.#decode(slot, line, chunk)
    } catch (error) {
      if (this.#lines[slot] === line) this.#fail(slot, error)
    }
    // Otherwise a socket that is never empty yields 32 pieces in a row, and timers wait for all of them.
    const { connection } = line
    if (connection instanceof Socket && chunk.length >= FULL) {
      connection.pause()
      setImmediate(() => connection.resume())
    }
  }

  #decode(slot: Slot, line: Line, chunk: Uint8Array): void {
    if (line.first.length === 0) this.#feed({ type: 'octets' }, slot)
    if (line.first.length < FIRST_OCTETS) line.first = Buffer.concat([line.first, chunk.subarray(0, FIRST_OCTETS)])
    for (const result of line.decoder.push(chunk)) {
      if (this.#lines[slot] !== line) return // an earlier message of this chunk ended it
      this.#counters.inMessages = counted(this.#counters.inMessages, result.ok ? result.value : undefined)
      this.#counters.inTotalMessages++
      if (result.ok && result.value.type === 'update') this.#counters.inUpdates++
      // Only what we may refuse: to look ahead at each UPDATE of a table would take time.
      const followedBy = result.ok && this.state === 'Established' ? undefined : line.decoder.notificationAhead()
      this.#feed(
        result.ok
          ? { type: 'message', message: result.value, followedBy }
          : { type: 'malformed', error: result.notification, detail: result.detail, followedBy, ...causeOf(line) },
        slot,
      )
      this.#report() // now, not after the chunk: who hears `established` may count on it, whatever comes next
    }
  }

  #write(slot: Slot, line: Line, bytes: Uint8Array): void {
    line.connection.write(bytes, error => {
      if (error) return
      this.#inTurn(() => {
        if (this.#lines[slot] === line) this.#feed({ type: 'sent' }, slot)
      })
    })
  }

  /** Lets the last bytes out, but does not wait for ever for a peer that will not read them. */
  #hangUp(connection: Duplex | undefined): void {
    if (connection === undefined || connection.closed) return
    const gone = new Promise<void>(done => {
      const impatience = this.#clock.setTimeout(() => {
        destroy(connection)
        done() // even where it does not close
      }, GOODBYE)
      connection.once('close', () => {
        this.#clock.clearTimeout(impatience)
        done()
      })
    }).then(() => void this.#leaving.delete(gone))
    this.#leaving.add(gone)
    if (connection instanceof Socket && connection.connecting) {
      destroy(connection)
      return
    }
    try {
      connection.end()
      connection.resume() // unread bytes would turn our FIN into an RST, and our NOTIFICATION would be lost with it
    } catch {
      destroy(connection)
    }
  }

  #tell(event: SessionEvent): void {
    if (event.type === 'dial') this.#counters.dials++
    if (event.type === 'established') this.#counters.fsmEstablishedTransitions++
    const advised = event.type === 'down' ? { ...event, ...optional('hint', hint(event, this.config)) } : event
    this.#outbox.push({ event: advised, log: this.#note(advised) })
    queueMicrotask(() => this.#report())
    if (event.type === 'update') this.#judge(event.update)
  }

  #judge(update: Update): void {
    const { issues } = update
    if (issues === undefined) return
    this.#counters.inMalformedUpdates = withOneMore(this.#counters.inMalformedUpdates, issues)
    const updates = this.#malformed.pass(this.#clock.now())
    if (updates === undefined) return
    const malformed = malformedUpdate(update, issues, updates)
    const { type: _, octets, ...fields } = malformed
    const message = Buffer.from(octets).toString('hex')
    this.#outbox.push({
      event: malformed,
      log: () => this.#log?.warn({ peer: this.config.peer.address, ...fields, message }, 'malformed UPDATE'),
    })
  }

  /** What has happened goes to the log and to the listeners, in order. */
  #report(): void {
    for (let next = this.#outbox.shift(); next !== undefined; next = this.#outbox.shift()) {
      const { event, log } = next
      log()
      notify(this, this.#log, event.type, event as never) // the payload is the one that its own type names
    }
  }

  /** Keeps what status() shows of it, and returns its log line, for when its turn comes. */
  #note(event: SessionEvent): () => void {
    const peer = this.config.peer.address
    const { type, ...fields } = event
    const rare = () => this.#notes.take(this.#clock.now())
    if (event.type === 'established') {
      const news = rare()
      return () => this.#log?.[news ? 'info' : 'debug']({ peer, ...event.negotiated }, 'session established')
    }
    if (event.type !== 'down') return () => this.#log?.debug({ peer, ...fields }, type)
    const { detail, from, sent, received, hint } = event
    if (sent?.code === notificationCode.cease) return () => this.#log?.info({ peer, detail }, 'session down') // only stop() says Cease, and it is no error
    const news = (this.#lastFailure?.detail !== detail || from === 'Established') && rare()
    this.#lastFailure = {
      detail,
      from,
      at: new Date(),
      ...optional('hint', hint),
      ...optional('sent', sent),
      ...optional('received', received),
    }
    const line = {
      peer,
      detail,
      ...optional('sent', sent && describeNotification(sent)),
      ...optional('hint', hint),
      ...optional('retryIn', event.retryIn),
    }
    return () => this.#log?.[news ? 'warn' : 'debug'](line, 'session down')
  }
}

/** When a session begins, and with each KEEPALIVE. */
function looks(action: PairAction): boolean {
  return action.type === 'emit'
    ? action.event.type === 'established'
    : action.type === 'send' && action.message.type === 'keepalive'
}

/** With an RST where something waits: a FIN would wait behind it, and the peer would not learn that we are gone. */
function drop(connection: Duplex): void {
  if (connection instanceof Socket && connection.writableLength > 0) connection.resetAndDestroy()
  else destroy(connection)
}

/** A connection that cannot even be destroyed is none that we can do anything about. */
function destroy(connection: Duplex): void {
  try {
    connection.destroy()
  } catch {}
}

/** What the peer speaks, if it is not BGP. */
function causeOf({ first }: Line): { readonly cause?: OtherProtocol } {
  return optional('cause', otherProtocol(first))
}

/** What a connection says of its failure. Anything can be emitted as an error, and one of the caller's may throw when it is read. */
function inWords(error: unknown, config: SessionConfig): string {
  try {
    return (error instanceof Error && socketError(error, config)) || errorText(error)
  } catch {
    return errorText(error)
  }
}
function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
  } catch {
    // A Proxy: not even that can be asked of it.
  }
  return new Error(errorText(thrown))
}

function contextOf(negotiated: Negotiated | undefined, { local, peer }: SessionConfig): Context {
  return {
    fourOctetAs: negotiated?.fourOctetAs ?? true,
    external: local.as !== peer.as,
    extendedMessage: negotiated?.extendedMessage ?? false,
    addPath: [], // ourOpen() does not offer it
  }
}

/** An IPv4 address as such, where a socket of both families writes it as a mapped one. */
export function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '')
}

function optional<name extends string, value>(name: name, value: value | undefined): { [key in name]?: value } {
  return (value === undefined ? {} : { [name]: value }) as { [key in name]?: value }
}
