/**
 * A peer with one misbehaviour at each of its addresses. It runs in a container that has the addresses: ADDRESSES has the
 * address of each misbehaviour, US and PORT are those of our listener. It prints what it does, after the misbehaviour's name.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { Decoder, encode, type Open } from '@softspoken/wire'
import type { Misbehaviour } from './misbehaviours.ts'

const addresses: Record<Misbehaviour, string> = JSON.parse(process.env.ADDRESSES ?? '')

const open: Open = {
  type: 'open',
  version: 4,
  as: 65001,
  holdTime: 240, // so that our shorter one is used
  id: '192.0.2.1',
  capabilities: [
    { name: 'multiprotocol', afi: 1, safi: 1 },
    { name: 'route-refresh' },
    { name: 'four-octet-as', as: 65001 },
  ],
}
const keepalive = encode({ type: 'keepalive' })
const hello = Buffer.concat([encode(open), keepalive])
const garbage = Buffer.from('GET / HTTP/1.1\r\nHost: bgp.example\r\n\r\n'.repeat(20))

const misbehaviours: { readonly [name in Misbehaviour]: (socket: Socket, log: (what: string) => void) => void } = {
  silent: socket => {
    socket.resume()
  },
  resets: socket => {
    socket.resume().once('data', () => socket.resetAndDestroy())
  },
  closes: socket => {
    socket.resume().end() // unread octets would turn the FIN into an RST
  },
  garbage: socket => {
    socket.resume().write(garbage)
  },
  'garbage-after-open': socket => {
    socket.resume().write(Buffer.concat([hello, keepalive, garbage]))
  },
  'slow-octets': socket => {
    socket.resume()
    byteByByte(socket, encode({ ...open, capabilities: [] }))
  },
  'one-octet-segments': async (socket, log) => {
    socket.resume()
    const stream = Buffer.concat([hello, ...Array(524).fill(keepalive)])
    for (const octet of stream) await new Promise<unknown>(sent => socket.write(Uint8Array.of(octet), sent))
    log(`wrote ${stream.length} octets`)
    sendKeepalives(socket)
  },
  'slow-reader': (socket, log) => {
    socket.write(hello)
    sendKeepalives(socket)
    const decoder = new Decoder()
    let updates = 0
    socket.on('readable', () => {}) // fills the socket's own buffer, and reads no further
    every(100, socket, () => {
      const chunk: Uint8Array | null = socket.read(Math.min(4096, socket.readableLength))
      for (const result of chunk ? decoder.push(chunk) : [])
        if (result.ok && result.value.type === 'update') log(`${++updates} updates`)
    })
  },
  'never-reads': (socket, log) => {
    socket.write(hello)
    let left = 12 // seconds in which it sends without reading
    every(1000, socket, () => {
      if (left-- > 0) socket.write(keepalive)
      if (left === 0) log('sends nothing from now on')
    })
  },
  'refresh-flood': socket => {
    const refresh = encode({ type: 'route-refresh', afi: 1, safi: 1, subtype: 0 })
    socket.write(Buffer.concat([hello, ...Array<Uint8Array>(10_000).fill(refresh)]))
    sendKeepalives(socket)
  },
  'second-connection': (socket, log) => {
    const second = connect({
      host: process.env.US ?? '',
      port: Number(process.env.PORT),
      localAddress: addresses['second-connection'],
      noDelay: true,
    })
    for (const connection of [socket, second]) {
      connection.resume().write(hello)
      connection.on('error', () => {})
      connection.once('close', () => log('one of two closed'))
      sendKeepalives(connection)
    }
  },
}

for (const [name, address] of Object.entries(addresses) as [Misbehaviour, string][]) {
  const server = createServer({ noDelay: true, pauseOnConnect: true }, socket => {
    const log = (what: string) => console.log(`${name}: ${what}`)
    socket.on('error', () => {})
    log('accepted')
    misbehaviours[name](socket, log)
  })
  await once(server.listen(179, address), 'listening')
}
console.log('ready')

function every(milliseconds: number, socket: Socket, act: () => void): void {
  const timer = setInterval(act, milliseconds)
  socket.once('close', () => clearInterval(timer))
}

function sendKeepalives(socket: Socket): void {
  every(1000, socket, () => socket.write(keepalive))
}

/** Sends one octet at a time: the first message, and then KEEPALIVEs without end. */
function byteByByte(socket: Socket, first: Uint8Array): void {
  let rest = first
  every(500, socket, () => {
    socket.write(rest.subarray(0, 1))
    rest = rest.length > 1 ? rest.subarray(1) : keepalive
  })
}
