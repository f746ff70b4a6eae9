/** The default `dial` of a session: TCP. */
import { connect, Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Duplex } from 'node:stream'
import type { Address } from '@softspoken/wire'
import type { Config } from './config.ts'
import { findKernel } from './kernel.ts'
import { split } from './socket-address.ts'
import { connectionOptions, domainOf, keyOptions, setDscp, setOptions, setUserTimeout } from './socket-options.ts'

/** @throws Error where the system makes no such socket. */
export function dialTcp(config: Config): Duplex {
  const { local, peer, bindDevice } = config
  // A socket that is bound to its interface needs no zone, and net does not know the names of all of them.
  const forNet = (address: Address): Address => (bindDevice === undefined ? address : split(address).address)
  const to = {
    host: forNet(peer.address),
    port: peer.port,
    ...(local.address !== undefined && { localAddress: forNet(local.address) }),
  }
  if (bindDevice === undefined) requireInterface(split(local.address ?? peer.address).zone ?? split(peer.address).zone)
  const fd = makeSocket(config)
  if (fd === undefined) return connect({ ...to, noDelay: true })
  const options = { fd, readable: true, writable: true, noDelay: true, manualStart: true } // do not read before it is connected
  return new Socket(options).connect(to)
}

/** Where the interface of a link-local address is missing, newer versions of Node dial through any other one. */
function requireInterface(name: string | undefined): void {
  if (name !== undefined && !Object.hasOwn(networkInterfaces(), name))
    throw Object.assign(new Error(`there is no interface ${name}, or it is down`), { code: 'ENODEV' })
}

/** All that is asked of it is set before the first SYN. Without a kernel, which only a session that asks nothing has: nothing. */
function makeSocket(config: Config): number | undefined {
  const { kernel } = findKernel()
  if (kernel === undefined) return undefined
  const domain = domainOf(config.peer.address)
  const fd = kernel.socket(domain)
  try {
    setDscp(kernel, fd, domain)
    setUserTimeout(kernel, fd, config)
    setOptions(kernel, fd, [...connectionOptions(config, domain), ...keyOptions(config, domain)])
    return fd
  } catch (error) {
    kernel.close(fd)
    throw error
  }
}
