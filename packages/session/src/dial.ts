/** The default `dial` of a session: TCP. */
import { connect, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { Duplex } from 'node:stream'
import { closeSocket, linuxSupport, openSocket } from '@softspoken/linux'
import type { Address } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import { errorText } from './guard.ts'
import { splitZone } from './socket-address.ts'
import {
  connectionOptions,
  familyOf,
  keyOptions,
  limitUnacknowledged,
  setOptions,
  setPrecedence,
} from './socket-options.ts'

/** @throws Error if the system makes no such socket. */
export function dialTcp(config: SessionConfig): Duplex {
  const { local, peer, bindDevice } = config
  // A socket that is bound to its interface needs no zone, and net does not take the names of all interfaces.
  const forNet = (address: Address): Address => (bindDevice === undefined ? address : splitZone(address).address)
  const to = {
    host: forNet(peer.address),
    port: peer.port,
    ...(local.address !== undefined && { localAddress: forNet(local.address) }),
  }
  if (bindDevice === undefined)
    requireInterface(splitZone(local.address ?? peer.address).zone ?? splitZone(peer.address).zone)
  const fd = makeSocket(config)
  if (fd === undefined) return connect({ ...to, noDelay: true })
  const options = { fd, readable: true, writable: true, noDelay: true, manualStart: true } // do not read before it is connected
  return new Socket(options).connect(to)
}

/** If the interface of a link-local address is missing, newer versions of Node dial through any other one. */
function requireInterface(name: string | undefined): void {
  if (name !== undefined && !Object.hasOwn(networkInterfaces(), name))
    throw Object.assign(new Error(`there is no interface ${name}, or it is down`), { code: 'ENODEV' })
}

/** A socket with all options set, because the first SYN needs them. None without Linux; such a session has no option that needs it. */
function makeSocket(config: SessionConfig): number | undefined {
  if (!linuxSupport().supported) return undefined
  const socket = openSocket(familyOf(config.peer.address))
  try {
    setPrecedence(socket)
    limitUnacknowledged(socket, config)
    setOptions(socket, [...connectionOptions(config), ...keyOptions(config, socket.family)])
    return socket.fd
  } catch (error) {
    closeSocket(socket)
    throw error
  }
}

/** Dials. A dial that cannot begin is a stream with an error, and fails as any other does. */
export function dialWith(dial: (config: SessionConfig) => Duplex, config: SessionConfig): Duplex {
  try {
    const stream: unknown = dial(config)
    if (stream instanceof Duplex) return stream
    throw new Error('dial must return a Duplex')
  } catch (error) {
    return new Duplex({ read() {} }).destroy(asError(error))
  }
}

function asError(thrown: unknown): Error {
  try {
    if (thrown instanceof Error) return thrown
  } catch {
    // A Proxy may throw at instanceof.
  }
  return new Error(errorText(thrown))
}
