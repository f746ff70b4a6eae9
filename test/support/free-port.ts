/** A TCP port of 127.0.0.1 on which nothing listens. Another process may take it before its use. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server's address has one
  server.close()
  await once(server, 'close')
  return port
}
