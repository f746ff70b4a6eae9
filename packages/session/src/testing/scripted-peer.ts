/** A peer that behaves as a test wants, and that can be dialled again and again. */
import type { Duplex } from 'node:stream'
import {
  type Address,
  type Attributes,
  type Message,
  type Open,
  type Prefix,
  parseAddress,
  routes,
  type Update,
} from '@softspoken/wire'
import { assertInteger, assertMethods, assertObject, assertString, rejectUnknown } from '../checks.ts'
import type { SessionConfig } from '../config.ts'
import type { Clock } from '../runtime.ts'
import { canonicalAddress, isIpv6, splitZone } from '../socket-address.ts'
import { MemorySocket } from './memory-socket.ts'
import { openMessage, ScriptedConnection } from './scripted-connection.ts'

/** How a ScriptedPeer is made. */
export interface ScriptedPeerOptions {
  /** The clock of the session or the announcer. The peer sends its KEEPALIVEs by it. */
  readonly clock: Clock
  /** The AS number of the peer. */
  readonly as: number
  /** The address of the peer. Default `192.0.2.254`. */
  readonly address?: Address
  /**
   * The address that your end of the connection has; an announcer advertises it as next hop. Default `192.0.2.1`, or
   * `2001:db8::1` if the peer's address is an IPv6 address.
   */
  readonly localAddress?: Address
  /** Fields of the peer's OPEN that differ from the default: a hold time of 90 s, IPv4 and IPv6 unicast, route refresh. */
  readonly open?: Partial<Open>
}

/** A route as a ScriptedPeer has it. */
export interface ReceivedRoute {
  readonly nextHop: Address
  readonly attributes: Attributes
}

/**
 * A peer in the same process. It answers OPEN and KEEPALIVE as a router does, sends KEEPALIVEs at a third of the hold
 * time, and keeps the routes that it receives. The test does everything else: it sends messages, stops the replies, refuses
 * dials, or closes the connection.
 */
export class ScriptedPeer {
  /** For the option `peer` of a Session, or `peers` of an Announcer. */
  readonly peer: { readonly as: number; readonly address: Address }
  /** Every connection so far, in order. */
  readonly connections: ScriptedConnection[] = []
  /** The number of dials so far, including those that were refused or ignored. */
  dials = 0
  /** How the peer reacts to a dial: it answers; refuses, as a router without a BGP process does; or ignores it, as a firewall does. */
  onDial: 'answer' | 'refuse' | 'ignore' = 'answer'
  /** If false, the peer sends nothing by itself any more, so that the hold timer of the session expires. */
  replies = true
  /** The routes that the peer has now: advertised and not withdrawn on the current connection. */
  readonly routes = new Map<Prefix, ReceivedRoute>()
  readonly #clock: Clock
  readonly #localAddress: Address
  readonly #open: Open

  /** @throws OptionError */
  constructor(options: ScriptedPeerOptions) {
    rejectUnknown(options, ['clock', 'as', 'address', 'localAddress', 'open'], '')
    const { clock, as, address = '192.0.2.254', open = {} } = options
    const { localAddress = isIpv6(assertString(address, 'address')) ? '2001:db8::1' : '192.0.2.1' } = options
    assertMethods(clock, ['now', 'setTimeout', 'clearTimeout'], 'clock')
    assertInteger(as, 1, 0xffffffff, 'as')
    assertObject(open, 'open', 'an object with fields of an OPEN')
    parseAddress(splitZone(assertString(localAddress, 'localAddress')).address, 'localAddress')
    this.peer = { as, address: canonicalAddress(address) }
    this.#clock = clock
    this.#localAddress = localAddress
    this.#open = openMessage(as, {
      capabilities: [
        { name: 'multiprotocol', afi: 1, safi: 1 },
        { name: 'multiprotocol', afi: 2, safi: 1 },
        { name: 'route-refresh' },
        { name: 'four-octet-as', as },
      ],
      ...open,
    })
  }

  /** For the option `dial` of a Session. An Announcer with several peers takes `dialTo()`. */
  readonly dial = (config: SessionConfig): Duplex => {
    this.dials++
    const [near, far] = this.#pair(config.peer.port)
    if (this.onDial === 'refuse') near.destroy(refused(this.peer.address, config.peer.port))
    if (this.onDial !== 'answer') return near
    this.#serve(far)
    near.emitConnect()
    return near
  }

  /** The peer dials: the connection is offered to this session. @throws OptionError if it is no session. */
  connect(session: { accept(connection: Duplex): void }): ScriptedConnection {
    assertMethods(session, ['accept'], 'session')
    const [near, far] = this.#pair(undefined)
    session.accept(near)
    return this.#serve(far)
  }

  /** The latest connection. @throws Error if there was none yet. */
  get connection(): ScriptedConnection {
    const connection = this.connections.at(-1)
    if (connection === undefined) throw new Error(`the scripted peer ${this.peer.address} has no connection yet`)
    return connection
  }
  /** Every message that has arrived, on all connections. */
  get received(): Message[] {
    return this.connections.flatMap(({ received }) => received)
  }
  /** Sends messages on the latest connection. */
  send(...messages: Message[]): void {
    this.connection.send(...messages)
  }
  /** Closes the latest connection, without a NOTIFICATION. */
  close(): void {
    this.connection.close()
  }

  #pair(port: number | undefined): readonly [MemorySocket, MemorySocket] {
    return MemorySocket.pair({
      localAddress: this.#localAddress,
      localPort: port === undefined ? 179 : 50000 + this.connections.length,
      remoteAddress: this.peer.address,
      remotePort: port ?? 50000 + this.connections.length,
    })
  }

  #serve(socket: MemorySocket): ScriptedConnection {
    const connection = new ScriptedConnection(socket)
    this.connections.push(connection)
    this.routes.clear()
    connection.onMessage = message => {
      if (message.type === 'open') this.#answer(connection, message)
      if (message.type === 'update' && connection === this.connection) this.#apply(message)
      if (message.type === 'notification') connection.close()
    }
    socket.once('close', () => {
      if (connection === this.connection) this.routes.clear()
    })
    return connection
  }

  /** From now on messages are decoded and encoded as the two OPENs have negotiated. */
  #answer(connection: ScriptedConnection, { as, holdTime, capabilities }: Open): void {
    const offered = [capabilities, this.#open.capabilities]
    const both = (wanted: string): boolean => offered.every(list => list.some(({ name }) => name === wanted))
    const fourOctetAs = capabilities.find(capability => capability.name === 'four-octet-as')
    connection.decoder.context = {
      ...connection.decoder.context,
      fourOctetAs: both('four-octet-as'),
      extendedMessage: both('extended-message'),
      external: (fourOctetAs?.as ?? as) !== this.peer.as,
    }
    if (!this.replies) return
    connection.send(this.#open, { type: 'keepalive' })
    const interval = Math.min(holdTime, this.#open.holdTime) / 3
    if (interval > 0) this.#keepAlive(connection, interval * 1000)
  }
  #keepAlive(connection: ScriptedConnection, milliseconds: number): void {
    let timer: unknown
    const schedule = (): void => {
      timer = this.#clock.setTimeout(() => {
        if (this.replies) connection.send({ type: 'keepalive' })
        schedule()
      }, milliseconds)
    }
    schedule()
    connection.socket.once('close', () => this.#clock.clearTimeout(timer))
  }

  #apply(update: Update): void {
    const { announced, withdrawn } = routes(update)
    for (const prefix of withdrawn) this.routes.delete(prefix)
    for (const { prefix, nextHop } of announced) this.routes.set(prefix, { nextHop, attributes: update.attributes })
  }
}

/** For the option `dial` of an Announcer: dials the peer that has the address. */
export function dialTo(...peers: readonly ScriptedPeer[]): (config: SessionConfig) => Duplex {
  return config => {
    const peer = peers.find(({ peer }) => peer.address === config.peer.address)
    if (peer === undefined) throw new Error(`no scripted peer has the address ${config.peer.address}`)
    return peer.dial(config)
  }
}

function refused(address: Address, port: number): Error {
  return Object.assign(new Error(`connect ECONNREFUSED ${address}:${port}`), {
    code: 'ECONNREFUSED',
    syscall: 'connect',
  })
}
