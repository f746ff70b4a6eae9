/** A health check that opens a TCP connection. */
import { connect } from 'node:net'
import { assertInteger, assertString, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import type { Check } from './options.ts'
import { untilAborted } from './until-aborted.ts'

/** Options of `tcpCheck()`: where the service is. */
export interface TcpCheckOptions {
  /** Default 127.0.0.1: the service on this host. */
  host?: string
  /** 1 to 65535. */
  port: number
}

/**
 * Passes if a TCP connection is accepted, and closes it without sending. It cannot tell whether the service works: the kernel
 * accepts connections of a listening socket even while its process is stopped.
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
