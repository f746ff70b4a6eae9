/** Over TCP: a peer that does not read fills the buffers of both kernels, and then nothing leaves (RFC 9687). */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Session } from '@softspoken/session'
import { openMessage, VirtualClock } from '@softspoken/session/testing'
import { settled } from '@softspoken/test-support/settled'
import { encode, type Update } from '@softspoken/wire'
import { describe, expect, it, vi } from 'vitest'
import { options, scripted } from './session-helpers.ts'

const MiB = 1024 * 1024
/** Close to the 4096 octets that a message may have. */
const large: Update = {
  type: 'update',
  withdrawn: Array.from({ length: 800 }, (_, i) => `198.51.${100 + (i >> 8)}.${i & 0xff}/32`),
  attributes: {},
  announced: [],
}

describe('a peer that does not read, over TCP', () => {
  it('a peer that does not read over TCP is noticed and its connection closed', { timeout: 30_000 }, async () => {
    await using server = createServer({ pauseOnConnect: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    const clock = new VirtualClock()
    let near: Socket | undefined
    const session = new Session({
      ...options,
      peer: { as: 65002, address: '127.0.0.1', port },
      sendHoldTime: 90,
      clock,
      random: () => 1,
      dial: ({ peer }) => (near = connect({ host: peer.address, port: peer.port })),
    })
    session.start()
    const [far] = (await once(server, 'connection')) as [Socket] // as net has it
    far.on('error', () => {}) // a reset, which some runtimes report as an end
    const counted = (messages: number) => until(() => session.status().counters.inTotalMessages === messages)
    far.write(Buffer.concat([encode(openMessage(65002)), encode({ type: 'keepalive' })]))
    await counted(2)
    expect(session.state).toBe('Established')

    // Both kernels take some megabytes, then nothing more.
    await until(() => {
      try {
        for (let i = 0; i < 64; i++) session.send(large)
        return false
      } catch {
        return true
      }
    })
    expect(near?.writableLength).toBeGreaterThan(8 * MiB)

    await clock.advance(60)
    far.write(encode({ type: 'keepalive' }))
    await counted(3)
    expect(session.state).toBe('Established')
    await clock.advance(30)
    expect(session.status()).toMatchObject({ state: 'Idle', lastFailure: { sent: { code: 8, subcode: 0 } } })
    expect(near?.destroyed).toBe(true)
    far.resume()
    await new Promise(closed => far.once('close', closed))
    await session.stop()
  })
  it('a peer that does not read gets an RST when the send hold time ends (RFC 9687)', async () => {
    const server = createServer().listen(0, '127.0.0.1').unref()
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo // a TCP server's address has one
    const far = connect(port, '127.0.0.1')
    const [near] = (await once(server, 'connection')) as [Socket]
    const { session, clock } = scripted({ passive: true, sendHoldTime: 90 })
    session.accept(near)
    const real = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 1 })
    far.pause().write(Buffer.concat([encode(openMessage(65002)), encode({ type: 'keepalive' })]))
    await real(() => expect(session.state).toBe('Established'))
    const prefixes = Array.from({ length: 250 }, (_, i) => `10.0.${i}.0/24`)
    while (near.writableLength < 1_000_000)
      session.send({ type: 'update', withdrawn: prefixes, attributes: {}, announced: [] })
    await clock.advance(50)
    far.write(encode({ type: 'keepalive' }))
    await real(() => expect(session.status().counters.inTotalMessages).toBe(3))
    const reset = vi.spyOn(near, 'resetAndDestroy')
    await clock.advance(41)
    expect(session.status().lastFailure?.sent).toMatchObject({ code: 8, subcode: 0 })
    expect([near.destroyed, reset.mock.calls.length]).toEqual([true, 1]) // Node reads an RST behind data as an end
    far.destroy()
  })
})

/** Asks once per turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settled() // the test's own timeout bounds it
}
