/** A listening socket made by system calls, because keys and TTL security must be set before the first SYN arrives. */
import type { Socket } from 'node:net'
import { bindSocket, closeSocket, openSocket, socketOf, type TcpSocket } from '@softspoken/linux'
import type { Address } from '@softspoken/wire'
import type { SessionConfig } from './config.ts'
import { splitZone } from './socket-address.ts'
import {
  connectionOptions,
  deviceOption,
  familyOf,
  limitUnacknowledged,
  listeningOptions,
  octetsOf,
  setOptions,
  setPrecedence,
} from './socket-options.ts'

/** Bound, and for `net` to listen on and to close. */
export class ListeningSocket {
  readonly #socket: TcpSocket

  /** @throws Error as bind(2) has it, with the address and the port. */
  constructor(address: Address, port: number) {
    this.#socket = openSocket(familyOf(address))
    try {
      setPrecedence(this.#socket)
      const { zone } = splitZone(address)
      if (zone !== undefined) setOptions(this.#socket, [deviceOption(zone, 'address')])
      bindSocket(this.#socket, octetsOf(address), port)
    } catch (error) {
      this.close()
      if (error instanceof Error) error.message += ` ${address}:${port}`
      throw error
    }
  }

  get fd(): number {
    return this.#socket.fd
  }

  /** Sets what these sessions need. Called again, with all of them, when a session is added. */
  prepare(configs: readonly SessionConfig[]): void {
    setOptions(this.#socket, listeningOptions(configs, this.#socket.family))
  }

  /** Sets what the session of an accepted connection asks for; the key is inherited. False if the system refuses it. */
  applyTo(connection: Socket, config: SessionConfig): boolean {
    const accepted = socketOf(connection, this.#socket.family)
    try {
      setOptions(accepted, connectionOptions(config))
      limitUnacknowledged(accepted, config)
      return true
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) return false // also EBADF, if net hides the descriptor
      throw error
    }
  }

  /** For a socket that `net` has not taken. */
  close(): void {
    closeSocket(this.#socket)
  }
}

/** Every address of this host: both families on one socket, or IPv4 if the host has no IPv6. */
export function listenOn(address: Address | undefined, port: number): ListeningSocket {
  if (address !== undefined) return new ListeningSocket(address, port)
  try {
    return new ListeningSocket('::', port)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error
    return new ListeningSocket('0.0.0.0', port)
  }
}
