/** The shell around the pure machine: one connection, one timer, no decisions. */
import { EventEmitter } from 'node:events'
import { connect, Socket } from 'node:net'
import { Duplex } from 'node:stream'
import {
  type Address,
  type Context,
  Decoder,
  describe,
  encode,
  errorCode,
  type Notification,
  type Update,
} from '@softspoken/wire'
import { type Config, configure, only, type Settings, settingNames } from './config.ts'
import {
  type Action,
  type Down,
  type Input,
  type Machine,
  newMachine,
  nextDeadline,
  type SessionEvent,
  type State,
  step,
} from './fsm.ts'
import { hint, socketError } from './hint.ts'
import type { Negotiated } from './open-check.ts'

/** What pino, console and many others already are: fields first, then the text. */
export interface Logger {
  /** Every step: dials, states, failures that repeat. */
  debug(fields: object, text: string): void
  /** What is as it should be: a session stands, a route was sent. */
  info(fields: object, text: string): void
  /** A session ended, or could not begin; once per reason. */
  warn(fields: object, text: string): void
  /** What stays wrong until somebody changes it. */
  error(fields: object, text: string): void
}

/** Time as an argument, so that all of it runs in virtual time. Milliseconds. */
export interface Clock {
  /** Must never go back. */
  now(): number
  /** Calls once, after so many milliseconds; what it returns is for clearTimeout(). */
  setTimeout(run: () => void, milliseconds: number): unknown
  /** Forgets a timer; undefined, or one that has run, is no mistake. */
  clearTimeout(timer: unknown): void
}

/** What a session runs on. Every part has a default. */
export interface Surroundings {
  /** Default: silence. One line per change, not per attempt. */
  log?: Logger
  clock?: Clock
  /** A number from 0 to 1, for jitter. Default Math.random. */
  random?: () => number
  /** Makes the connection; it must emit 'connect'. Default: TCP. */
  dial?: (config: Config) => Duplex
}

export interface SessionOptions extends Settings, Surroundings {}

/** Counted since construction, with the names of RFC 4273. */
export interface Counters {
  dials: number
  fsmEstablishedTransitions: number
  inUpdates: number
  outUpdates: number
  inTotalMessages: number
  outTotalMessages: number
}

/** What ended the last connection, or the last attempt at one. */
export interface LastError {
  readonly why: string
  /** What to check. */
  readonly hint?: string
  /** The state it happened in. */
  readonly from: State
  readonly sent?: Notification
  readonly received?: Notification
  readonly at: Date
}

/** A snapshot. Times are in seconds. */
export interface Status {
  readonly state: State
  readonly secondsInState: number
  readonly local: { readonly as: number; readonly id: Address; readonly address?: Address; readonly port?: number }
  readonly peer: { readonly as: number; readonly address: Address; readonly port: number }
  /** From the peer's OPEN until the session ends. */
  readonly negotiated?: Negotiated
  /** Absent while a dial runs or a session stands, and once stopped. */
  readonly nextDialIn?: number
  readonly counters: Readonly<Counters>
  readonly lastError?: LastError
}

/** `down` as listeners get it: with what to check. */
export interface DownEvent extends Down {
  readonly hint?: string
}
type Payload<type> = type extends 'down' ? DownEvent : Extract<SessionEvent, { type: type }>
type Events = { [type in SessionEvent['type']]: [Payload<type>] }

const GOODBYE = 1000 // milliseconds that the last bytes get to leave

/** The system's monotonic clock and timers. */
export const realTime: Clock = {
  now: () => performance.now(),
  setTimeout: (run, milliseconds) => setTimeout(run, milliseconds),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}

/**
 * A session with one peer, kept up for as long as it is started.
 *
 * Events `state`, `dial`, `established`, `update`, `refresh` and `down` come after the step that caused them, so a
 * listener may call back.
 */
export class Session extends EventEmitter<Events> implements AsyncDisposable {
  readonly config: Config
  readonly #log: Logger | undefined
  readonly #clock: Clock
  readonly #random: () => number
  readonly #dial: (config: Config) => Duplex
  readonly #counters: Counters = {
    dials: 0,
    fsmEstablishedTransitions: 0,
    inUpdates: 0,
    outUpdates: 0,
    inTotalMessages: 0,
    outTotalMessages: 0,
  }
  #machine: Machine
  #connection: Duplex | undefined
  /** Connections that were closed here and whose last bytes are still leaving. */
  readonly #leaving = new Set<Duplex>()
  #decoder = new Decoder()
  #timer: unknown
  #lastError: LastError | undefined
  /** What listeners have yet to hear. */
  readonly #outbox: (Exclude<SessionEvent, Down> | DownEvent)[] = []

  /** @throws RangeError or TypeError naming the setting, the value and what is allowed. */
  constructor(options: SessionOptions) {
    super()
    only(options, [...settingNames, 'log', 'clock', 'random', 'dial'], '')
    const { log, clock = realTime, random = Math.random, dial = dialTcp, ...settings } = options
    this.config = configure(settings)
    this.#log = log
    this.#clock = clock
    this.#random = random
    this.#dial = dial
    this.#machine = newMachine(this.config, clock.now())
  }

  get state(): State {
    return this.#machine.state
  }

  /** Dials, or waits for the peer where passive. Calling it again changes nothing, and never shortens a back-off. */
  start(): this {
    this.#feed({ type: 'start' })
    return this
  }

  /**
   * Sends an UPDATE. That the peer has taken it is more than BGP can tell.
   * @throws Error where the session is not Established, and what encode() throws; then nothing is sent.
   */
  send(update: Update): void {
    if (this.state !== 'Established') throw new Error(`cannot send in ${this.state}`)
    this.#feed({ type: 'send', update })
  }

  /** Says Cease with the reason (RFC 9003), closes, and stays down. Resolves within about a second. Safe to call twice. */
  async stop(why = ''): Promise<void> {
    this.#feed({ type: 'stop', why })
    const gone = (connection: Duplex) => new Promise<void>(done => connection.once('close', () => done()))
    await Promise.all([...this.#leaving].map(gone))
  }

  /** The same as stop(). */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Offers a connection that the peer made; a Listener does this. It is destroyed where it is not wanted now. */
  accept(connection: Duplex): void {
    this.#feed({ type: 'accepted' }, connection)
    if (this.#connection !== connection) connection.destroy()
  }

  /** A snapshot of now. */
  status(): Status {
    const { state, since, timers, negotiated, config } = this.#machine
    const now = this.#clock.now()
    const { localAddress, localPort, remotePort } = (this.#connection ?? {}) as Partial<Socket>
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
      ...optional('lastError', this.#lastError),
    }
  }

  #feed(input: Input, offered?: Duplex): void {
    const [next, actions] = step(this.#machine, input, { now: this.#clock.now(), jitter: 0.75 + this.#random() / 4 })
    const context = contextOf(next.negotiated ?? this.#machine.negotiated, this.config)
    // All of it is encoded before any of it is done: what the caller got wrong throws here.
    const performable = actions.map(action => ({
      action,
      bytes: action.type === 'send' ? encode(action.message, context) : undefined,
    }))
    this.#machine = next
    this.#decoder.context = context
    for (const { action, bytes } of performable) this.#perform(action, bytes, offered)
    this.#arm()
  }

  #arm(): void {
    this.#clock.clearTimeout(this.#timer)
    const deadline = nextDeadline(this.#machine)
    if (deadline === undefined) return
    // Rounded up: a timer that fires early would find nothing due and be set again for nothing.
    const delay = Math.max(0, Math.ceil(deadline - this.#clock.now()))
    this.#timer = this.#clock.setTimeout(() => this.#feed({ type: 'tick' }), delay)
  }

  #perform(action: Action, bytes: Uint8Array | undefined, offered: Duplex | undefined): void {
    switch (action.type) {
      case 'connect':
        this.#adopt(this.#attempt())
        break
      case 'accept':
        if (offered) this.#adopt(offered)
        break
      case 'send':
        this.#counters.outTotalMessages++
        if (action.message.type === 'update') this.#counters.outUpdates++
        this.#connection?.write(bytes)
        break
      case 'close':
        if (this.#connection) this.#hangUp(this.#connection)
        this.#connection = undefined
        break
      case 'emit':
        this.#tell(action.event)
        break
    }
  }

  /** A dial that cannot even begin fails as any other does: told, and tried again as rarely. */
  #attempt(): Duplex {
    try {
      return this.#dial(this.config)
    } catch (error) {
      return new Duplex({ read() {} }).destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** Listens to a connection for as long as it is ours; late events of an abandoned one are nobody's. */
  #adopt(connection: Duplex): void {
    this.#connection = connection
    this.#decoder = new Decoder(this.#decoder.context)
    const current = (input: Input): void => {
      if (this.#connection === connection) this.#feed(input)
    }
    let why = 'the connection was closed'
    connection.once('connect', () => current({ type: 'connected' }))
    connection.on('data', (chunk: Uint8Array) => this.#read(connection, chunk))
    connection.on('error', error => {
      why = socketError(error, this.config)
    })
    connection.once('end', () => current({ type: 'disconnected', why: 'the peer closed the connection' }))
    connection.once('close', () => current({ type: 'disconnected', why }))
  }

  #read(connection: Duplex, chunk: Uint8Array): void {
    if (this.#connection !== connection) return
    for (const result of this.#decoder.push(chunk)) {
      if (this.#connection !== connection) return // an earlier message of this chunk ended it
      this.#counters.inTotalMessages++
      if (result.ok && result.value.type === 'update') this.#counters.inUpdates++
      this.#feed(
        result.ok
          ? { type: 'message', message: result.value }
          : { type: 'malformed', error: result.error, why: result.why },
      )
      this.#report() // now, not after the chunk: who hears `established` may count on it, whatever comes next
    }
  }

  /** Lets the last bytes out, but does not wait for ever for a peer that will not read them. */
  #hangUp(connection: Duplex): void {
    if (connection.closed) return
    this.#leaving.add(connection)
    const impatience = this.#clock.setTimeout(() => connection.destroy(), GOODBYE)
    connection.once('close', () => {
      this.#clock.clearTimeout(impatience)
      this.#leaving.delete(connection)
    })
    if (connection instanceof Socket && connection.connecting) {
      connection.destroy()
      return
    }
    connection.end()
    connection.resume() // unread bytes would turn our FIN into an RST, and our NOTIFICATION would be lost with it
  }

  #tell(event: SessionEvent): void {
    if (event.type === 'dial') this.#counters.dials++
    if (event.type === 'established') this.#counters.fsmEstablishedTransitions++
    const advised = event.type === 'down' ? { ...event, ...optional('hint', hint(event, this.config)) } : event
    this.#note(advised)
    this.#outbox.push(advised)
    queueMicrotask(() => this.#report())
  }

  /** What has happened goes to the listeners, in order. What one of them throws must not cost us the rest of a chunk. */
  #report(): void {
    for (let event = this.#outbox.shift(); event !== undefined; event = this.#outbox.shift()) {
      try {
        this.emit(event.type, event as never) // the payload is the one that its own type names
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }

  #note(event: SessionEvent | DownEvent): void {
    const peer = this.config.peer.address
    const { type, ...fields } = event
    if (event.type === 'established') {
      this.#log?.info({ peer, ...event.negotiated }, 'session established')
    } else if (event.type === 'down') {
      const { why, from, sent, received, hint } = event as DownEvent // #tell() has added the hint
      if (sent?.code === errorCode.cease) {
        this.#log?.info({ peer, why }, 'session down') // only stop() says Cease, and it is no error
        return
      }
      const news = this.#lastError?.why !== why || from === 'Established'
      this.#lastError = {
        why,
        from,
        at: new Date(),
        ...optional('hint', hint),
        ...optional('sent', sent),
        ...optional('received', received),
      }
      this.#log?.[news ? 'warn' : 'debug'](
        {
          peer,
          why,
          ...optional('sent', sent && describe(sent)),
          ...optional('hint', hint),
          ...optional('retryIn', event.retryIn),
        },
        'session down',
      )
    } else {
      this.#log?.debug({ peer, ...fields }, type)
    }
  }
}

function dialTcp({ local, peer }: Config): Duplex {
  return connect({ host: peer.address, port: peer.port, noDelay: true, ...optional('localAddress', local.address) })
}

function contextOf(negotiated: Negotiated | undefined, { local, peer }: Config): Context {
  return {
    fourOctetAs: negotiated?.fourOctetAs ?? true,
    external: local.as !== peer.as,
    extendedMessage: false, // ourOpen() offers neither
    addPath: [],
  }
}

/** An IPv4 address as such, where a socket of both families writes it as a mapped one. */
export function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '')
}

function optional<name extends string, value>(name: name, value: value | undefined): { [key in name]?: value } {
  return (value === undefined ? {} : { [name]: value }) as { [key in name]?: value }
}
