/**
 * A session as the announcer's caller sees it: its state, its events, and the connections that a Listener hands to it.
 * It cannot send, so that nothing but a host route leaves this package.
 */
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Logger, Session, SessionEvents, SessionStatus } from '@softspoken/session'
import { notify } from '@softspoken/session/internal'

const eventNames = [
  'state',
  'dial',
  'established',
  'update',
  'refresh',
  'down',
  'malformed',
  'writable',
] as const satisfies readonly (keyof SessionEvents)[]

/**
 * One peer's session, without what sends, starts or stops. Emits what a Session emits, after the announcer has sent what
 * the event calls for. Two of them are enough for a Listener: `config` and `accept()`.
 */
export class AnnouncerSession extends EventEmitter<SessionEvents> {
  readonly config: Session['config']
  readonly #session: Session

  constructor(session: Session, log: Logger | undefined) {
    super()
    this.config = session.config
    this.#session = session
    for (const name of eventNames) this.#forward(name, log)
  }

  get state(): Session['state'] {
    return this.#session.state
  }

  /** A snapshot of now. */
  status(): SessionStatus {
    return this.#session.status()
  }

  /**
   * Offers a connection that the peer made; a Listener does this.
   * @throws as Session.accept() does.
   */
  accept(connection: Duplex): void {
    this.#session.accept(connection)
  }

  /** With `this` of a listener being this object, and never the Session. */
  #forward<name extends keyof SessionEvents>(name: name, log: Logger | undefined): void {
    const session: EventEmitter = this.#session
    session.on(name, (...payload) => notify(this, log, name, ...(payload as SessionEvents[name]))) // of this event
  }
}
