/** A router that asks for the announcer's routes again (RFC 2918), with the marks of RFC 7313 and without. */

import { Announcer } from '@softspoken/announcer'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { type Capability, familyByName, type Message, routes } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'

const A = '198.51.100.10/32'
const B = '198.51.100.11/32'

describe('a router with enhanced route refresh (RFC 7313 §4)', () => {
  it('a route refresh sends every route between the marks (RFC 7313 §4)', async () => {
    const { announcer, clock, ask } = await setUp()
    announcer.announce(A)
    announcer.announce(B)
    await clock.advance(60)
    expect(await ask('ipv4-unicast')).toEqual(['begin 1', A, B, 'end 1'])
  })
  it('a refresh of a family without routes sends the marks alone', async () => {
    const { announcer, clock, ask } = await setUp()
    expect(await ask('ipv4-unicast')).toEqual(['begin 1', 'end 1'])
    announcer.announce(A)
    await clock.advance(0)
    expect(await ask('ipv6-unicast')).toEqual(['begin 2', 'end 2'])
  })
  it('a refresh waits until the interval allows its last route', async () => {
    const { announcer, clock, ask, received } = await setUp()
    announcer.announce(A)
    await clock.advance(20)
    announcer.announce(B)
    await clock.advance(20)
    received()
    expect(await ask('ipv4-unicast')).toEqual([])
    await clock.advance(9.999)
    expect(received()).toEqual([])
    await clock.advance(0.001)
    expect(received()).toEqual(['begin 1', A, B, 'end 1'])
    await clock.advance(600)
    expect(received()).toEqual([])
  })
  it('a delayed refresh sends the routes that are current then', async () => {
    const { announcer, clock, ask, received } = await setUp()
    const first = announcer.announce(A, { med: 1 })
    const second = announcer.announce(B)
    await clock.advance(10)
    received()
    expect(await ask('ipv4-unicast')).toEqual([])
    first.update({ med: 2 })
    second.withdraw()
    await clock.advance(0)
    expect(received()).toEqual([`- ${B}`])
    await clock.advance(20)
    expect(received()).toEqual(['begin 1', `${A} med 2`, 'end 1'])
  })
  it('many requests get one answer, when the interval allows', async () => {
    const { announcer, clock, ask, received } = await setUp()
    announcer.announce(A)
    await clock.advance(10)
    received()
    for (let i = 0; i < 100; i++) await ask('ipv4-unicast')
    await clock.advance(600)
    expect(received()).toEqual(['begin 1', A, 'end 1'])
  })
  it('a request is not answered on the next connection', async () => {
    const { announcer, clock, ask, received, peer, establish } = await setUp()
    announcer.announce(A)
    await clock.advance(10)
    await ask('ipv4-unicast')
    received()
    peer().close()
    await clock.advance(61)
    await establish()
    await clock.advance(600)
    expect(received()).toEqual([A])
  })
})

it('a router without enhanced refresh gets the routes alone (RFC 2918 §4)', async () => {
  const { announcer, clock, ask } = await setUp({ enhanced: false })
  announcer.announce(A)
  announcer.announce(B)
  await clock.advance(60)
  expect(await ask('ipv4-unicast')).toEqual([A, B])
})

// ---- helpers

async function setUp({ enhanced = true } = {}) {
  const clock = new VirtualClock()
  const peers: ScriptedConnection[] = []
  const announcer = new Announcer({
    local: { as: 65001, id: '192.0.2.1' },
    peers: [{ as: 65000, address: '192.0.2.254' }],
    families: ['ipv4-unicast', 'ipv6-unicast'],
    maxPrefixes: 2,
    holdTime: 65535, // this router sends no KEEPALIVE by itself
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
  /** Routes and marks received since the last call. */
  const received = (): string[] => peer().received.splice(0).flatMap(asText)
  const ask = async (family: keyof typeof familyByName): Promise<string[]> => {
    received()
    const { afi, safi } = familyByName[family]
    peer().send({ type: 'route-refresh', afi, safi, subtype: 0 })
    await clock.advance(0)
    return received()
  }
  return { announcer, clock, peer, establish, received, ask }
}

function asText(message: Message): string[] {
  if (message.type === 'route-refresh') return [`${['ask', 'begin', 'end'][message.subtype]} ${message.afi}`]
  if (message.type !== 'update') return []
  const { announced, withdrawn } = routes(message)
  const med = message.attributes.med === undefined ? '' : ` med ${message.attributes.med}`
  return [...withdrawn.map(prefix => `- ${prefix}`), ...announced.map(({ prefix }) => prefix + med)]
}
