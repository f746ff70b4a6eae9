/** The TCP connections of this host, as /proc/net/tcp and tcp6 list them: proc(5). It needs no koffi. */
import { readFileSync } from 'node:fs'
import { littleEndian } from './sockaddr.ts'

/** One end of a connection. */
export interface Endpoint {
  /** 4 or 16 octets. On a socket of both families an IPv4 address is a mapped one (RFC 4291 §2.5.5.2). */
  readonly address: Uint8Array
  readonly port: number
}

/** A connection in state ESTABLISHED, of any process of this host. */
export interface TcpConnection {
  readonly local: Endpoint
  readonly remote: Endpoint
}

/** The established connections of this host, or of this container if it has its own network. None if there is no /proc. */
export function establishedConnections(): readonly TcpConnection[] {
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap(file => {
    try {
      return readConnections(readFileSync(file, 'latin1'), littleEndian)
    } catch {
      return []
    }
  })
}

const ESTABLISHED = '01' // as /proc/net/tcp writes the state

/** The text of /proc/net/tcp or tcp6, which writes addresses as words of 32 bits in the host's byte order. */
export function readConnections(table: string, littleEndian: boolean): TcpConnection[] {
  return table.split('\n').flatMap(line => {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/)
    if (state !== ESTABLISHED) return []
    const [near, far] = [local, remote].map(text => readEndpoint(text, littleEndian))
    return near && far ? [{ local: near, remote: far }] : []
  })
}

function readEndpoint(text: string, littleEndian: boolean): Endpoint | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32}):[0-9A-F]{4}$/.test(text)) return undefined
  const octets = Buffer.from(text.slice(0, -5), 'hex')
  if (littleEndian) octets.swap32()
  return { address: Uint8Array.from(octets), port: Number.parseInt(text.slice(-4), 16) }
}
