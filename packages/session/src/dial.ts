/** The default `dial` of a session: TCP. */
import { connect, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Config } from './config.ts'
import { findKernel } from './kernel.ts'
import { connectionOptions, domainOf, keyOptions, setDscp, setOptions } from './socket-options.ts'

/** @throws Error where the system makes no such socket. */
export function dialTcp(config: Config): Duplex {
  const { local, peer } = config
  const to = {
    host: peer.address,
    port: peer.port,
    ...(local.address !== undefined && { localAddress: local.address }),
  }
  const fd = makeSocket(config)
  if (fd === undefined) return connect({ ...to, noDelay: true })
  const options = { fd, readable: true, writable: true, noDelay: true, manualStart: true } // do not read before it is connected
  return new Socket(options).connect(to)
}

/** All that is asked of it is set before the first SYN. Without a kernel, which only a session that asks nothing has: nothing. */
function makeSocket(config: Config): number | undefined {
  const { kernel } = findKernel()
  if (kernel === undefined) return undefined
  const domain = domainOf(config.peer.address)
  const fd = kernel.socket(domain)
  try {
    setDscp(kernel, fd, domain)
    setOptions(kernel, fd, [...connectionOptions(config, domain), ...keyOptions(config, domain)])
    return fd
  } catch (error) {
    kernel.close(fd)
    throw error
  }
}
