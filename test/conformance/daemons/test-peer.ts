/** A peer of a daemon that sends malformed messages, and reads what the daemon does. */
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Decoder, encode, type Message, notificationCode } from '@softspoken/wire'
import { context, TEST_AS } from './faulty-messages.ts'
import type { Reaction } from './reactions.ts'

export interface Daemon {
  readonly address: string
  /** Our address. */
  readonly host: string
  hasRoute(prefix: string): Promise<boolean>
  /** Ends the daemon's wait after an error, if an operator can do that. */
  enable(): Promise<void>
}

/** One connection. */
export class TestPeer implements Disposable {
  readonly #socket: Socket
  readonly #received: (Message | 'closed')[] = []
  #arrived = (): void => {}

  constructor({ address, host }: Daemon) {
    this.#socket = connect({ host: address, port: 179, localAddress: host })
    const decoder = new Decoder(context)
    this.#socket.on('data', data => {
      for (const result of decoder.push(data)) this.#add(result.ok ? result.value : 'closed')
    })
    this.#socket.on('error', () => {}) // 'close' follows
    this.#socket.on('close', () => this.#add('closed'))
  }

  #add(one: Message | 'closed'): void {
    this.#received.push(one)
    this.#arrived()
  }

  send(octets: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(octets)
  }

  /** The first message that is wanted, in at most so many seconds. A NOTIFICATION and the end are always wanted. */
  async next(wanted: (message: Message) => boolean, seconds: number): Promise<Message | 'closed' | undefined> {
    const deadline = performance.now() + seconds * 1000
    for (;;) {
      const one = this.#received[0]
      if (one === 'closed') return one // it stays
      if (one !== undefined) {
        this.#received.shift()
        if (one.type === 'notification' || wanted(one)) return one
        continue
      }
      const left = deadline - performance.now()
      if (left <= 0) return undefined
      await Promise.race([
        new Promise<void>(resolve => (this.#arrived = resolve)),
        sleep(left, undefined, { ref: false }),
      ])
    }
  }

  [Symbol.dispose](): void {
    this.#socket.resetAndDestroy()
  }
}

export function reactionOf(answer: Message | 'closed'): Reaction {
  if (answer === 'closed') return 'closed'
  return answer.type === 'notification' ? `${answer.code}/${answer.subcode}` : 'kept'
}

const open = (id: string): Uint8Array =>
  encode({
    type: 'open',
    version: 4,
    as: TEST_AS,
    holdTime: 180,
    id,
    capabilities: [
      { name: 'multiprotocol', afi: 1, safi: 1 },
      { name: 'four-octet-as', as: TEST_AS },
    ],
  })
export const keepalive = encode({ type: 'keepalive' })

/**
 * Sends `first`, or a valid OPEN, and resolves with the daemon's answer to it. A daemon that refuses the connection is asked again: it
 * may wait after an error, or take the connection for a second one (RFC 4271 §6.8) because the last one has not ended yet.
 */
export async function opened(daemon: Daemon, first?: Uint8Array): Promise<[TestPeer, Message | 'closed']> {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    const peer = new TestPeer(daemon)
    // The daemon sends its OPEN when it has accepted the connection.
    const theirs = await peer.next(({ type }) => type === 'open', 5)
    if (theirs !== undefined && theirs !== 'closed' && theirs.type === 'open') {
      peer.send(first ?? open(daemon.host))
      const answer = (await peer.next(({ type }) => type === 'keepalive', 20)) ?? 'closed'
      const type = answer === 'closed' ? answer : answer.type
      const isBusy = answer !== 'closed' && answer.type === 'notification' && answer.code === notificationCode.cease
      if (type === 'keepalive' || (first !== undefined && !isBusy)) return [peer, answer]
    }
    peer[Symbol.dispose]()
    await daemon.enable()
    await sleep(500)
  }
  throw new Error(`${daemon.address} accepts no connection`)
}
