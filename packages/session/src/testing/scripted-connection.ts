/** The peer's end of one connection, controlled by a test. */
import { Decoder, encode, type Message, type Notification, type Open } from '@softspoken/wire'
import type { MemorySocket } from './memory-socket.ts'

/** Records every message that arrives, and sends only what the test sends. */
export class ScriptedConnection {
  /** The messages that have arrived on this connection, in order. */
  readonly received: Message[] = []
  /** The peer's end, for faults: `stall()`, `cut()`, `reset()`. */
  readonly socket: MemorySocket
  /** Decodes what arrives. Set its context if the two OPENs negotiate more than the default. */
  readonly decoder = new Decoder()
  /** The other side has closed the connection. */
  closed = false

  constructor(socket: MemorySocket) {
    this.socket = socket
    socket.on('data', (chunk: Uint8Array) => {
      for (const result of this.decoder.push(chunk)) {
        if (!result.ok) throw new Error(`the scripted peer received a malformed message: ${result.detail}`)
        this.received.push(result.value)
        this.onMessage(result.value)
      }
    })
    socket.on('error', () => {})
    socket.once('end', () => {
      this.closed = true
    })
  }

  /** Runs for each message, after it was recorded. Replace it to answer. */
  onMessage: (message: Message) => void = () => {}

  /** The types of the messages that have arrived. */
  get types(): Message['type'][] {
    return this.received.map(({ type }) => type)
  }
  /** The last message that has arrived, if it is a NOTIFICATION. */
  get notification(): Notification | undefined {
    const last = this.received.at(-1)
    return last?.type === 'notification' ? last : undefined
  }
  /** Sends messages, in one write. For what needs another encoding than the default, use `write()`. */
  send(...messages: Message[]): void {
    this.write(...messages.map(message => encode(message)))
  }
  /** Sends octets as they are, in one write. */
  write(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts))
  }
  /** Closes the connection in order, without a NOTIFICATION. */
  close(): void {
    this.socket.end()
  }
}

/** An OPEN with a hold time of 90 s, IPv4 unicast, route refresh and four-octet AS numbers; `fields` replace these. */
export function openMessage(as: number, fields: Partial<Open> = {}): Open {
  return {
    type: 'open',
    version: 4,
    as,
    holdTime: 90,
    id: '192.0.2.254',
    capabilities: [
      { name: 'multiprotocol', afi: 1, safi: 1 },
      { name: 'route-refresh' },
      { name: 'four-octet-as', as },
    ],
    ...fields,
  }
}
