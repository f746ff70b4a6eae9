/** A router that asks for the announcer's routes again (RFC 2918), with the marks of RFC 7313 and without. */

import { Announcer } from '@softspoken/announcer'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { type Capability, familyByName, type Message, routes } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

const A = '198.51.100.10/32'
const B = '198.51.100.11/32'

describe('a router with enhanced route refresh (RFC 7313 §4)', () => {
  it('gets every route, between the marks', async () => {
    const { announcer, clock, ask } = await stage()
    announcer.announce(A)
    announcer.announce(B)
    await clock.advance(60)
    expect(await ask('ipv4-unicast')).toEqual(['begin 1', A, B, 'end 1'])
  })
  it('gets the marks with nothing between where nothing is announced in a family: it may forget what it has', async () => {
    const { announcer, clock, ask } = await stage()
    expect(await ask('ipv4-unicast')).toEqual(['begin 1', 'end 1'])
    announcer.announce(A)
    await clock.advance(0)
    expect(await ask('ipv6-unicast')).toEqual(['begin 2', 'end 2'])
  })
  it('waits until the interval allows for the last route: none may be missing between the marks', async () => {
    const { announcer, clock, ask, said } = await stage()
    announcer.announce(A)
    await clock.advance(20)
    announcer.announce(B)
    await clock.advance(20)
    said()
    expect(await ask('ipv4-unicast')).toEqual([])
    await clock.advance(9.999)
    expect(said()).toEqual([])
    await clock.advance(0.001)
    expect(said()).toEqual(['begin 1', A, B, 'end 1'])
    await clock.advance(600)
    expect(said()).toEqual([])
  })
  it('gets, of a route that changes while it waits, what is true then; and what was withdrawn not at all', async () => {
    const { announcer, clock, ask, said } = await stage()
    const first = announcer.announce(A, { med: 1 })
    const second = announcer.announce(B)
    await clock.advance(10)
    said()
    expect(await ask('ipv4-unicast')).toEqual([])
    first.update({ med: 2 })
    second.withdraw()
    await clock.advance(0)
    expect(said()).toEqual([`- ${B}`])
    await clock.advance(20)
    expect(said()).toEqual(['begin 1', `${A} med 2`, 'end 1'])
  })
  it('asks many times and is answered once, as soon as the interval allows', async () => {
    const { announcer, clock, ask, said } = await stage()
    announcer.announce(A)
    await clock.advance(10)
    said()
    for (let i = 0; i < 100; i++) await ask('ipv4-unicast')
    await clock.advance(600)
    expect(said()).toEqual(['begin 1', A, 'end 1'])
  })
  it('that asked and went away is not answered on the next connection', async () => {
    const { announcer, clock, ask, said, peer, establish } = await stage()
    announcer.announce(A)
    await clock.advance(10)
    await ask('ipv4-unicast')
    said()
    peer().close()
    await clock.advance(61)
    await establish()
    await clock.advance(600)
    expect(said()).toEqual([A])
  })
})

it('a router without it gets the routes alone (RFC 2918 §4)', async () => {
  const { announcer, clock, ask } = await stage({ enhanced: false })
  announcer.announce(A)
  announcer.announce(B)
  await clock.advance(60)
  expect(await ask('ipv4-unicast')).toEqual([A, B])
})

// ---- the stage

async function stage({ enhanced = true } = {}) {
  const clock = new VirtualClock()
  const peers: ScriptedConnection[] = []
  const announcer = new Announcer({
    local: { as: 65001, id: '192.0.2.1' },
    peers: [{ as: 65000, address: '192.0.2.254' }],
    families: ['ipv4-unicast', 'ipv6-unicast'],
    maxPrefixes: 2,
    holdTime: 65535, // this router says nothing by itself
    clock,
    random: () => 1,
    dial: () => {
      const [near, far] = MemorySocket.pair()
      near.localAddress = '192.0.2.1'
      peers.push(new ScriptedConnection(far))
      near.emitConnect()
      return near
    },
  })
  const peer = (): ScriptedConnection => peers.at(-1)! // it has been dialled
  const capabilities: Capability[] = [
    { name: 'multiprotocol', afi: 1, safi: 1 },
    { name: 'multiprotocol', afi: 2, safi: 1 },
    { name: 'route-refresh' },
    ...(enhanced ? [{ name: 'enhanced-route-refresh' } as const] : []),
    { name: 'four-octet-as', as: 65000 },
  ]
  const establish = async (): Promise<void> => {
    await clock.advance(0)
    peer().send(openMessage(65000, { capabilities, holdTime: 65535 }), { type: 'keepalive' })
    await clock.advance(0)
  }
  await establish()
  /** Routes and marks heard since the last call. */
  const said = (): string[] => peer().received.splice(0).flatMap(inWords)
  const ask = async (family: keyof typeof familyByName): Promise<string[]> => {
    said()
    const { afi, safi } = familyByName[family]
    peer().send({ type: 'route-refresh', afi, safi, subtype: 0 })
    await clock.advance(0)
    return said()
  }
  return { announcer, clock, peer, establish, said, ask }
}

function inWords(message: Message): string[] {
  if (message.type === 'route-refresh') return [`${['ask', 'begin', 'end'][message.subtype]} ${message.afi}`]
  if (message.type !== 'update') return []
  const { announced, withdrawn } = routes(message)
  const med = message.attributes.med === undefined ? '' : ` med ${message.attributes.med}`
  return [...withdrawn.map(prefix => `- ${prefix}`), ...announced.map(({ prefix }) => prefix + med)]
}
