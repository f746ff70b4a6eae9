/** A node that loses the address of its session, in virtual time; the answers of the host are scripted. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as ownAddress from './own-address.ts'
import { Session } from './session.ts'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from './testing/index.ts'

const OWN = '192.0.2.7'
const look = vi.fn<typeof ownAddress.lookFor>()
beforeEach(() => {
  look.mockReset().mockReturnValue('here')
  vi.spyOn(ownAddress, 'lookFor').mockImplementation(address => (address === OWN ? look(address) : 'here'))
})
afterEach(() => void vi.restoreAllMocks())

describe('the address of an established session', () => {
  it('the own address is looked for when established and with each KEEPALIVE sent', async () => {
    const { clock, session, peer } = await established()
    expect(look.mock.calls).toEqual([[OWN]])
    for (let seconds = 0; seconds < 300; seconds += 10) {
      session.send({ type: 'update', withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] })
      peer.send({ type: 'keepalive' })
      await clock.advance(10)
    }
    expect(look).toHaveBeenCalledTimes(1) // UPDATEs stood in for KEEPALIVEs
    for (let seconds = 0; seconds < 300; seconds += 30) {
      peer.send({ type: 'keepalive' })
      await clock.advance(30)
    }
    expect(look.mock.calls.length).toBe(peer.types.filter(type => type === 'keepalive').length)
  })
  it('a lost address ends the session at the second KEEPALIVE', async () => {
    const { clock, session, end, downs } = await established()
    look.mockReturnValue('gone')
    await clock.advance(59)
    expect(session.state).toBe('Established')
    await clock.advance(1)
    expect(downs).toEqual([
      expect.objectContaining({
        detail: `our own address ${OWN} is no longer on this host`,
        hint: 'check whether the address of this host was changed, and whether the router expects the new one',
        from: 'Established',
        retryIn: 5,
      }),
    ])
    expect(end.destroyed).toBe(true)
  })
  it('an address that is missing once, or unknown, changes nothing', async () => {
    const { clock, session, peer } = await established()
    const answers = ['gone', 'here', 'gone', 'unknown', 'gone', 'here', 'unknown', 'unknown'] as const
    for (const answer of answers) {
      look.mockReturnValue(answer)
      peer.send({ type: 'keepalive' })
      await clock.advance(30)
    }
    expect(session.state).toBe('Established')
  })
  it('no address is looked for on a connection that has none', async () => {
    const { clock, session, peer } = await established('none')
    peer.send({ type: 'keepalive' })
    await clock.advance(60)
    expect([session.state, look.mock.calls]).toEqual(['Established', []])
  })
})

// ---- helpers

const sessions: Session[] = []
afterEach(() => void sessions.splice(0).map(session => session.stop()))

async function established(localAddress = `::ffff:${OWN}`) {
  const clock = new VirtualClock()
  const [near, far] = MemorySocket.pair()
  near.localAddress = localAddress === 'none' ? undefined : localAddress
  const session = new Session({
    local: { as: 65001, id: '192.0.2.1' },
    peer: { as: 65002, address: '192.0.2.2' },
    clock,
    random: () => 1,
    dial: () => near,
  }).start()
  sessions.push(session)
  const downs: object[] = []
  session.on('down', down => downs.push(down))
  near.emitConnect()
  await clock.advance(0)
  const peer = new ScriptedConnection(far)
  await clock.advance(0)
  peer.send(openMessage(65002), { type: 'keepalive' })
  await clock.advance(0)
  expect(session.state).toBe('Established')
  return { clock, session, peer, end: near, downs }
}
