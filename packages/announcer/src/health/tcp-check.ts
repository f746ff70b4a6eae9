/** A health check: does somebody answer at this port? */
import { connect } from 'node:net'
import { assertInteger, assertString, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
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
 * @throws OptionError
 */
export function tcpCheck(options: TcpCheckOptions): Check {
  rejectUnknown(options, ['host', 'port'], 'tcpCheck')
  const { host = '127.0.0.1', port } = options
  assertString(host, 'tcpCheck.host', '127.0.0.1')
  if (host === '') throw new OptionError('tcpCheck.host', host, 'a name or an address')
  assertInteger(port, 1, 65_535, 'tcpCheck.port')
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
