/** The far end of a connection in the hands of a test: it hears everything, and says what it is told to. */
import { Decoder, encode, type Message, type Notification, type Open } from '@softspoken/wire'
import type { End } from './connection.ts'

export class ScriptedPeer {
  readonly heard: Message[] = []
  readonly end: End
  /** Set its context where the two OPENs settle more than the usual. */
  readonly decoder = new Decoder()
  /** The other side has closed. */
  closed = false

  constructor(end: End) {
    this.end = end
    end.on('data', (chunk: Uint8Array) => {
      for (const result of this.decoder.push(chunk)) {
        if (!result.ok) throw new Error(`the test's peer heard what cannot be read: ${result.detail}`)
        this.heard.push(result.value)
      }
    })
    end.on('error', () => {})
    end.once('end', () => {
      this.closed = true
    })
  }

  get types(): string[] {
    return this.heard.map(({ type }) => type)
  }
  /** What it was told last, where that is a NOTIFICATION. */
  get notification(): Notification | undefined {
    const last = this.heard.at(-1)
    return last?.type === 'notification' ? last : undefined
  }
  say(...messages: Message[]): void {
    this.write(...messages.map(message => encode(message)))
  }
  /** All of it in one piece. */
  write(...parts: Uint8Array[]): void {
    this.end.write(Buffer.concat(parts))
  }
  close(): void {
    this.end.end()
  }
}

/** The OPEN of a peer that agrees to everything. */
export function openOf(as: number, change: Partial<Open> = {}): Open {
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
    ...change,
  }
}
