/** A health check: does somebody answer at this port? */
import { connect } from 'node:net'
import { only, text, wholeBetween } from '../check-options.ts'
import type { Check } from './options.ts'
import { untilAborted } from './until-aborted.ts'

/** Where the service is. */
export interface TcpCheckOptions {
  /** Default 127.0.0.1: the service of this host. */
  host?: string
  port: number
}

/**
 * Passes where a TCP connection is accepted, and closes it without a word. That the service works is more than this
 * can tell: a listening socket answers even while its process is stopped.
 * @throws RangeError or TypeError naming the option, the value and what is allowed.
 */
export function tcpCheck(probe: TcpCheckOptions): Check {
  only(probe, ['host', 'port'], 'tcp')
  const { host = '127.0.0.1', port } = probe
  text(host, 'tcp.host', '127.0.0.1')
  if (host === '') throw new RangeError('tcp.host: an empty string is not allowed, it must be a name or an address')
  wholeBetween(port, 1, 65_535, 'tcp.port')
  return signal =>
    untilAborted(
      signal,
      () =>
        new Promise((passed, failed) => {
          const socket = connect({ host, port, signal })
          socket.on('error', failed)
          socket.once('close', () => failed(new Error('the connection was closed')))
          socket.once('connect', () => {
            passed()
            socket.destroy()
          })
        }),
    )
}
