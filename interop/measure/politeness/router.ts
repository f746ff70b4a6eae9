/**
 * A router that rejects a speaker in a different way at each of its addresses, and keeps the session at one. It runs in a
 * container that has the addresses. SPEAKER is the address that dials, ADDRESSES has the router's address per response. At
 * the addresses that refuse or drop, nothing listens.
 */
import { createServer, type Socket } from 'node:net'
import { Listener, Session } from '@softspoken/session'
import { cease, Decoder, encode, type Message, notificationCode, type Open, subcode } from '@softspoken/wire'
import { as } from '../speakers.ts'
import type { Addresses } from './responses.ts'

const speaker = process.env.SPEAKER ?? ''
const at: Addresses = JSON.parse(process.env.ADDRESSES ?? '')

const open: Open = {
  type: 'open',
  version: 4,
  as: as.router,
  holdTime: 240, // so that the speaker's own default decides
  id: at.steady,
  capabilities: [
    { name: 'multiprotocol', afi: 1, safi: 1 },
    { name: 'route-refresh' },
    { name: 'four-octet-as', as: as.router },
  ],
}

/** The answers to each message type. A NOTIFICATION ends the connection. */
type Answers = { readonly [type in Message['type']]?: readonly Message[] }

const badPeerAs: Answers = {
  open: [
    { type: 'notification', code: notificationCode.open, subcode: subcode.open.badPeerAs, data: new Uint8Array() },
  ],
}
const shutdown: Answers = { open: [open, cease(subcode.cease.administrativeShutdown)] }
const reset: Answers = { open: [open, { type: 'keepalive' }], keepalive: [cease(subcode.cease.administrativeReset)] }

await Promise.all([
  listen(at.closed, socket => socket.destroy()),
  listen(at.badPeerAs, socket => answer(socket, badPeerAs)),
  listen(at.shutdown, socket => answer(socket, shutdown)),
  listen(at.reset, socket => answer(socket, reset)),
  keepSession(at.steady),
])
console.log('ready')

function listen(address: string, take: (socket: Socket) => void): Promise<void> {
  return new Promise(resolve => {
    createServer(socket => take(socket.on('error', () => {}))).listen(179, address, resolve)
  })
}

function answer(socket: Socket, answers: Answers): void {
  const decoder = new Decoder()
  socket.on('data', chunk => {
    for (const message of decoder.push(chunk))
      for (const reply of (message.ok && answers[message.value.type]) || []) {
        if (socket.writableEnded) return
        socket.write(encode(reply))
        if (reply.type === 'notification') socket.end()
      }
  })
}

async function keepSession(address: string): Promise<void> {
  const session = new Session({
    local: { as: as.router, id: address },
    peer: { as: as.speaker, address: speaker },
    passive: true,
    holdTime: open.holdTime,
  })
  await new Listener({ address }).serve(session.start()).listen()
}
