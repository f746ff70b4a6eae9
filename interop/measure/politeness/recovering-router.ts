/**
 * A router that loses its session at each of its addresses in one way, and recovers. It runs in a container that has the
 * addresses. OUTAGES has them as JSON, SPEAKER is the speaker's address. Prints `recovered ADDRESS SECONDS-SINCE-1970`, and
 * `routed ADDRESS` when it has a route after that.
 */
import { execFileSync } from 'node:child_process'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { cease, Decoder, encode, type Message, notificationCode, type Open, routes, subcode } from '@softspoken/wire'
import { as } from '../speakers.ts'
import { DIALS, type Outage, STABLE } from './outages.ts'

const speaker = process.env.SPEAKER ?? ''
const outages: readonly Outage[] = JSON.parse(process.env.OUTAGES ?? '')
const HOLD_TIME = 90 // that of most routers, so that each speaker notices a dead one equally soon

const badPeerAs: Message = {
  type: 'notification',
  code: notificationCode.open,
  subcode: subcode.open.badPeerAs,
  data: new Uint8Array(),
}
/** The last message of the session. Without one it ends without a message. */
const farewells: { readonly [kind in Outage['kind']]?: Message } = {
  restarted: cease(subcode.cease.administrativeShutdown),
  badPeerAs: cease(subcode.cease.otherConfigurationChange),
  shutdown: cease(subcode.cease.administrativeShutdown),
  reset: cease(subcode.cease.administrativeReset),
}

/** One address of the router. */
class Site {
  readonly #outage: Outage
  readonly #open: Open
  readonly #server: Server
  #phase: 'before' | 'outage' | 'recovered' = 'before'
  /** Every open connection, and whether it is Established. */
  readonly #connections = new Map<Socket, { established: boolean; dialled: boolean }>()
  #onset: NodeJS.Timeout | undefined
  #isRouted = false

  constructor(outage: Outage) {
    this.#outage = outage
    this.#open = {
      type: 'open',
      version: 4,
      as: as.router,
      holdTime: HOLD_TIME,
      id: outage.address, // lower than the speaker's, so the speaker's connection wins a collision
      capabilities: [
        { name: 'multiprotocol', afi: 1, safi: 1 },
        { name: 'route-refresh' },
        { name: 'four-octet-as', as: as.router },
      ],
    }
    this.#server = createServer(socket => this.#accept(socket))
  }

  listen(): Promise<void> {
    return new Promise(resolve => {
      this.#server.listen(179, this.#outage.address, resolve)
    })
  }

  #accept(socket: Socket): void {
    if (this.#phase === 'outage' && this.#outage.kind === 'closed') socket.on('error', () => {}).destroy()
    else this.#speak(socket, { dialled: false })
  }

  #speak(socket: Socket, { dialled }: { dialled: boolean }): void {
    const decoder = new Decoder()
    const keepalives = setInterval(() => send(socket, { type: 'keepalive' }), (HOLD_TIME / 3) * 1000)
    this.#connections.set(socket, { established: false, dialled })
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(keepalives)
        const wasEstablished = this.#connections.get(socket)?.established
        this.#connections.delete(socket)
        if (wasEstablished && this.#phase === 'before') clearTimeout(this.#onset)
      })
      .on('data', chunk => {
        for (const message of decoder.push(chunk)) if (message.ok) this.#receive(socket, message.value, dialled)
      })
    if (dialled) send(socket, this.#open)
  }

  #receive(socket: Socket, message: Message, dialled: boolean): void {
    if (socket.writableEnded) return
    if (message.type === 'open') this.#answerOpen(socket, dialled)
    else if (message.type === 'keepalive') this.#establish(socket)
    else if (message.type === 'update' && this.#phase === 'recovered' && routes(message).announced.length > 0) {
      if (!this.#isRouted) console.log('routed', this.#outage.address)
      this.#isRouted = true
    } else if (message.type === 'notification') socket.end()
  }

  #answerOpen(socket: Socket, dialled: boolean): void {
    const { kind } = this.#outage
    if (this.#phase === 'outage') {
      // During the other outages no connection gets as far as an OPEN.
      if (kind === 'shutdown') send(socket, this.#open)
      end(socket, kind === 'badPeerAs' ? badPeerAs : cease(subcode.cease.administrativeShutdown))
      return
    }
    const others = [...this.#connections].filter(([other]) => other !== socket)
    if (others.some(([, { established }]) => established)) {
      end(socket, cease(subcode.cease.connectionCollision))
      return
    }
    for (const [other, { dialled }] of others) if (dialled) end(other, cease(subcode.cease.connectionCollision))
    if (!dialled) send(socket, this.#open)
    send(socket, { type: 'keepalive' })
  }

  #establish(socket: Socket): void {
    const connection = this.#connections.get(socket)
    if (connection === undefined || connection.established) return
    connection.established = true
    if (this.#phase !== 'before') return
    clearTimeout(this.#onset)
    this.#onset = setTimeout(() => this.#begin(), STABLE * 1000)
  }

  #begin(): void {
    const { kind, seconds } = this.#outage
    this.#phase = 'outage'
    if (kind === 'dropped') drop('add', this.#outage.address)
    if (kind === 'crashed' || kind === 'restarted') this.#server.close()
    if (kind === 'reset') this.#recover()
    const farewell = farewells[kind]
    for (const socket of this.#connections.keys())
      if (farewell) end(socket, farewell)
      else if (kind === 'dropped')
        socket.resetAndDestroy() // its RST is dropped
      else socket.destroy()
    if (kind !== 'reset') setTimeout(() => this.#end(), seconds * 1000)
  }

  async #end(): Promise<void> {
    const { kind, address } = this.#outage
    if (kind === 'dropped') drop('delete', address)
    if (kind === 'crashed' || kind === 'restarted') await this.listen()
    this.#recover()
  }

  #recover(): void {
    this.#phase = 'recovered'
    console.log('recovered', this.#outage.address, (Date.now() / 1000).toFixed(3))
    if (this.#outage.dials) setTimeout(() => this.#dial(), DIALS.first * 1000)
  }

  #dial(): void {
    if (this.#isRouted) return
    if (this.#connections.size === 0) {
      const socket = connect({ port: 179, host: speaker, localAddress: this.#outage.address })
      socket.on('connect', () => this.#speak(socket, { dialled: true })).on('error', () => {})
    }
    setTimeout(() => this.#dial(), DIALS.again * 1000)
  }
}

function send(socket: Socket, message: Message): void {
  if (socket.writable) socket.write(encode(message))
}

function end(socket: Socket, message: Message): void {
  send(socket, message)
  socket.end()
}

function drop(command: 'add' | 'delete', address: string): void {
  execFileSync('nft', [command, 'element', 'ip', 'router', 'dropped', `{ ${address} }`])
}

await Promise.all(outages.map(outage => new Site(outage).listen()))
console.log('ready')
