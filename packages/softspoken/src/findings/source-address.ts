import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** The address that the system would dial from. Connecting a datagram socket finds it, and sends nothing. */
export async function sourceAddress(peer: string): Promise<string | undefined> {
  const socket = createSocket(peer.includes(':') ? 'udp6' : 'udp4')
  try {
    socket.connect(179, peer)
    await once(socket, 'connect')
    return socket.address().address
  } catch {
    return undefined
  } finally {
    socket.close()
  }
}
