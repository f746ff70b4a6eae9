/** A listening socket of our own making: keys and TTL security must stand on it before the first SYN arrives. */
import type { Socket } from 'node:net'
import type { Address } from '@softspoken/wire'
import type { Config } from './config.ts'
import { type Kernel, linux } from './kernel.ts'
import { split } from './socket-address.ts'
import {
  connectionOptions,
  deviceOption,
  domainOf,
  listeningOptions,
  setDscp,
  setOptions,
  setUserTimeout,
  sockaddr,
} from './socket-options.ts'

/** Bound, and for `net` to listen on and to close. */
export class ListeningSocket {
  readonly fd: number
  readonly #kernel: Kernel
  readonly #domain: number

  /** @throws Error as bind(2) has it, with the address and the port. */
  constructor(kernel: Kernel, address: Address, port: number) {
    this.#kernel = kernel
    this.#domain = domainOf(address)
    this.fd = kernel.socket(this.#domain)
    const yes = new Uint8Array(Int32Array.of(1).buffer)
    const no = new Uint8Array(4)
    try {
      kernel.setsockopt(this.fd, linux.SOL_SOCKET, linux.SO_REUSEADDR, yes)
      if (this.#domain === linux.AF_INET6) kernel.setsockopt(this.fd, linux.IPPROTO_IPV6, linux.IPV6_V6ONLY, no)
      setDscp(kernel, this.fd, this.#domain)
      const { zone } = split(address)
      if (zone !== undefined) setOptions(kernel, this.fd, [deviceOption(zone, 'address')])
      kernel.bind(this.fd, sockaddr(address, port, this.#domain))
    } catch (error) {
      this.close()
      if (error instanceof Error) error.message += ` ${address}:${port}`
      throw error
    }
  }

  /** Makes it fit for these sessions; again, with all of them, whenever there is one more. */
  prepare(configs: readonly Config[]): void {
    setOptions(this.#kernel, this.fd, listeningOptions(configs, this.#domain))
  }

  /** Gives an accepted connection what its session asks for; the key it has inherited. False where it cannot have it. */
  admit(connection: Socket, config: Config): boolean {
    // net has no public name for the descriptor of a connection that it accepted.
    const { _handle } = connection as unknown as { readonly _handle?: { readonly fd?: number } }
    const fd = _handle?.fd ?? -1
    try {
      setOptions(this.#kernel, fd, connectionOptions(config, this.#domain))
      setUserTimeout(this.#kernel, fd, config)
      return true
    } catch (error) {
      if (error instanceof Error && 'syscall' in error) return false // EBADF where net has hidden it: better none than one without
      throw error
    }
  }

  /** For when `net` has not taken it. */
  close(): void {
    this.#kernel.close(this.fd)
  }
}

/** Every address of this host: both families on one socket, or IPv4 where the host has no other. */
export function listenOn(kernel: Kernel, address: Address | undefined, port: number): ListeningSocket {
  if (address !== undefined) return new ListeningSocket(kernel, address, port)
  try {
    return new ListeningSocket(kernel, '::', port)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error
    return new ListeningSocket(kernel, '0.0.0.0', port)
  }
}
