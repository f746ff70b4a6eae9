/** The router of flood.ts: accepts our OPEN, sends a table without end, and records when it receives what. */

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { Decoder, encode, type Message, routes } from '@softspoken/wire'
import { monotonic, sendToParent } from './children.ts'
import { GROUP, HOLD_TIME, ROUTES, SECONDS, tableOf } from './flood-plan.ts'

export interface RouterReport {
  readonly messages: number
  readonly octets: number
  readonly seconds: number
  readonly keepalives: number
  readonly holdTime: number
  /** How late the latest keepalive came, in milliseconds. It is due a third of the hold time after the message before it. */
  readonly latest: number
  /** When the withdrawal of a prefix came. */
  readonly withdrawn: Readonly<Record<string, number>>
}

const table = tableOf()
const server = createServer({ noDelay: true }, serve)
server.listen(0, '127.0.0.1', () => sendToParent({ port: (server.address() as AddressInfo).port })) // a TCP server has one

function serve(socket: Socket): void {
  const decoder = new Decoder()
  const withdrawn: Record<string, number> = {}
  let keepalives = 0
  let latest = 0
  let receivedAt = Number.POSITIVE_INFINITY
  let octets = 0
  let at = 0
  const began = monotonic()

  socket.on('data', chunk => {
    for (const result of decoder.push(chunk)) {
      if (!result.ok) throw new Error(result.detail)
      onMessage(result.value)
    }
  })
  socket.on('drain', flood)
  socket.on('error', () => {})
  socket.once('close', () => {
    const messages = Math.floor(octets / table.length) * (ROUTES / GROUP) // a part of a table is not counted
    const seconds = (monotonic() - began) / 1000
    sendToParent({
      messages,
      octets,
      seconds,
      keepalives,
      holdTime: HOLD_TIME,
      latest,
      withdrawn,
    } satisfies RouterReport)
    server.close()
    process.disconnect()
  })

  function onMessage(message: Message): void {
    const now = monotonic()
    if (message.type === 'open') {
      socket.write(
        encode({
          ...message,
          as: 65000,
          id: '10.0.5.1',
          holdTime: HOLD_TIME,
          capabilities: [
            { name: 'multiprotocol', afi: 1, safi: 1 },
            { name: 'four-octet-as', as: 65000 },
          ],
        }),
      )
      socket.write(encode({ type: 'keepalive' }))
      flood()
    } else if (message.type === 'keepalive') {
      keepalives++
      latest = Math.max(latest, now - receivedAt - (HOLD_TIME * 1000) / 3)
    } else if (message.type === 'update') {
      for (const prefix of routes(message).withdrawn) withdrawn[prefix] = now
    }
    receivedAt = now
  }

  /** Sends as much as the socket takes, always from the same buffer. */
  function flood(): void {
    while (monotonic() - began < SECONDS * 1000) {
      const piece = table.subarray(at, at + 65536)
      at = at + piece.length === table.length ? 0 : at + piece.length
      octets += piece.length
      if (!socket.write(piece)) return
    }
    keepAlive()
  }
  /** The flood is over. The session stays up until the speaker ends it. */
  function keepAlive(): void {
    socket.off('drain', flood)
    setInterval(() => socket.write(encode({ type: 'keepalive' })), 1000).unref()
  }
}
