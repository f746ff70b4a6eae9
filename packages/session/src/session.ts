/** A session as its caller uses it: options, calls and events. shell.ts does the work. */
import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import { type Family, familyByName, OptionError, type Update } from '@softspoken/wire'
import { shown } from '@softspoken/wire/internal'
import { assertObject, checkEnvironment } from './checks.ts'
import { configure, type SessionConfig } from './config.ts'
import { dialTcp } from './dial.ts'
import { DialRecord } from './dial-record.ts'
import type { SessionEvents, SessionState } from './events.ts'
import type { Input } from './fsm.ts'
import { guardLog } from './guard.ts'
import { Observer } from './observer.ts'
import type { SessionOptions } from './options.ts'
import { warnOfConflict } from './preflight.ts'
import { type Logger, realTime } from './runtime.ts'
import { Shell } from './shell.ts'
import { requireLinux } from './socket-options.ts'
import type { SessionStatus } from './status.ts'

/** How a session is stopped. */
export interface StopOptions {
  /** Keeps the record in `stateDirectory`, for a process that ends because it failed: the next one must not dial at once. Default false. */
  keepRecord?: boolean
}

const MAX_BACKLOG = 8 * 1024 * 1024 // octets that wait for a peer that does not read

/**
 * A session with one peer, kept up for as long as it is started.
 *
 * Its events come after the step that caused them, so a listener may call back: see {@link SessionEvents}.
 */
export class Session extends EventEmitter<SessionEvents> implements AsyncDisposable {
  readonly config: SessionConfig
  readonly #log: Logger | undefined
  readonly #shell: Shell
  /** Before the first start(), if the session dials by itself: another speaker may use the addresses of this host too. */
  #mayConflict: boolean

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
    this.#mayConflict = dial === dialTcp
    const { stateDirectory, passive } = this.config
    const record =
      stateDirectory === undefined || passive ? undefined : new DialRecord(this.config, stateDirectory, this.#log)
    const observer = new Observer(this, this.config, this.#log, clock)
    this.#shell = new Shell(this.config, { clock, random, dial }, observer, record)
  }

  get state(): SessionState {
    return this.#shell.state
  }

  /** Octets wait because the peer reads too slowly. Wait for `writable` before you send more, and then send only what is still true. */
  get backlogged(): boolean {
    return this.#shell.connection?.backlogged ?? false
  }

  /** Dials; a passive session waits for the peer. A second call changes nothing, and never shortens a back-off. */
  start(): this {
    if (this.#log && this.#mayConflict) warnOfConflict(this.config, this.#log)
    this.#mayConflict = false
    this.#shell.start()
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
   * @throws what send() throws; then nothing is sent.
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
    const waiting = this.#shell.connection?.waiting ?? 0
    if (waiting > MAX_BACKLOG) throw new Error(`cannot send, ${waiting} octets wait for a peer that does not read`)
    this.#shell.feed(input)
  }

  /**
   * Sends Cease/Administrative Shutdown with this text (RFC 9003), closes, and stays down. Resolves within about a second.
   * Safe to call twice.
   */
  async stop(communication = '', options: StopOptions = {}): Promise<void> {
    // A session stops even if the text has another type.
    const text = typeof communication === 'string' ? communication : shown(communication)
    await this.#shell.stop(text, options?.keepRecord === true)
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
    this.#shell.accept(connection)
  }

  /** A snapshot of now. */
  status(): SessionStatus {
    return this.#shell.status()
  }
}

/** encode() checks the fields, but it encodes the other messages as well. */
function assertUpdate(update: Update, option: string): void {
  assertObject(update, option, 'an UPDATE')
  if (update.type !== 'update') throw new OptionError(`${option}.type`, update.type, "'update'")
}
