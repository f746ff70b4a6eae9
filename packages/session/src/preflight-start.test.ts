import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { Session } from './session.ts'

describe('start()', () => {
  async function warnings(already: boolean): Promise<object[]> {
    await using server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    const other = connect(port, '127.0.0.1')
    const [[accepted]] = await Promise.all([once(server, 'connection'), once(other, 'connect')])
    if (!already) {
      other.destroy()
      await once(accepted.resume(), 'close')
    }
    const lines: object[] = []
    const quiet = () => {}
    const warn = (fields: object, text: string) => void lines.push({ ...fields, text })
    const session = new Session({
      local: { as: 65001, id: '192.0.2.1' },
      peer: { as: 65002, address: '127.0.0.1', port },
      log: { debug: quiet, info: quiet, error: quiet, warn },
    })
    session.start().start()
    await session.stop()
    other.destroy()
    accepted.destroy()
    return lines
  }
  it.runIf(process.platform === 'linux')('start() warns once of a connection that another process has', async () => {
    expect(await warnings(true)).toEqual([
      {
        peer: '127.0.0.1',
        connection: expect.stringMatching(/^127\.0\.0\.1 port \d+ to 127\.0\.0\.1 port \d+$/),
        hint: 'look for another BGP speaker on this host, and give one of the two another local address',
        text: 'this host already has a connection to the peer, and a router accepts one session per address',
      },
    ])
  })
  it('start() logs no warning without such a connection', async () => {
    expect(await warnings(false)).toEqual([])
  })
})
