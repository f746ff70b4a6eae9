/** Options that one peer has of its own, beside those of all peers. */
import { OptionError } from '@softspoken/announcer'
import { describe, expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'

function twoRouters() {
  const lab = new Lab()
  const one = lab.router({ address: '192.0.2.254' })
  const two = lab.router({ address: '192.0.2.253' })
  return { lab, one, two }
}

describe('two peers', () => {
  test('two peers may have different next hops', async () => {
    const { lab, one, two } = twoRouters()
    const announcer = lab.announcer({
      nextHop: '203.0.113.1',
      peers: [one.peer, { ...two.peer, nextHop: '203.0.113.2' }],
    })
    announcer.announce(VIP)
    await lab.pass(1)
    expect([one.table, two.table]).toEqual([{ [VIP]: '203.0.113.1' }, { [VIP]: '203.0.113.2' }])
  })

  test('two peers may have different hold times', async () => {
    const { lab, one, two } = twoRouters()
    const announcer = lab.announcer({ holdTime: 90, peers: [{ ...one.peer, holdTime: 30 }, two.peer] })
    await lab.pass(1)
    expect(announcer.status().peers.map(({ negotiated }) => negotiated?.holdTime)).toEqual([30, 90])
  })

  test('two peers may be dialled from different local addresses', () => {
    const { lab, one, two } = twoRouters()
    const announcer = lab.announcer({
      local: { as: 65001, id: '192.0.2.1', address: '192.0.2.1' },
      peers: [one.peer, { ...two.peer, localAddress: '192.0.2.2' }],
    })
    expect(announcer.sessions.map(({ config }) => config.local.address)).toEqual(['192.0.2.1', '192.0.2.2'])
  })

  test('two peers may have different families', async () => {
    const { lab, one, two } = twoRouters()
    const announcer = lab.announcer({
      peers: [one.peer, { ...two.peer, families: ['ipv6-unicast'], nextHop: { ipv6: '2001:db8::1' } }],
    })
    announcer.announce(VIP)
    await lab.pass(1)
    expect(announcer.sessions.map(({ config }) => config.families)).toEqual([['ipv4-unicast'], ['ipv6-unicast']])
    expect(announcer.status().peers.map(({ sent }) => sent)).toEqual([[VIP], []])
  })
})

test("a next hop per family of one peer replaces the announcer's for that peer", async () => {
  const { lab, one, two } = twoRouters()
  const announcer = lab.announcer({
    nextHop: { ipv4: '203.0.113.1' },
    peers: [one.peer, { ...two.peer, nextHop: { ipv4: '203.0.113.2' } }],
  })
  announcer.announce(VIP)
  await lab.pass(1)
  expect([one.table, two.table]).toEqual([{ [VIP]: '203.0.113.1' }, { [VIP]: '203.0.113.2' }])
})

test('an option of a peer that is undefined leaves the option of all peers', () => {
  const { lab, one, two } = twoRouters()
  const announcer = lab.announcer({
    holdTime: 45,
    peers: [{ ...one.peer, holdTime: undefined, localAddress: undefined, nextHop: undefined }, two.peer],
  })
  expect(announcer.sessions.map(({ config }) => config.holdTime)).toEqual([45, 45])
})

describe('an option of a peer that is not allowed', () => {
  test.each([
    ['nextHop', '0.0.0.0', "peers[1].nextHop: '0.0.0.0' is not allowed, it must be the address of one host"],
    ['nextHop', { ipv4: 5 }, "peers[1].nextHop.ipv4: 5 is not allowed, it must be a string such as '192.0.2.1'"],
    ['localAddress', 5, "peers[1].localAddress: 5 is not allowed, it must be a string such as '192.0.2.1'"],
    ['as', 0, 'peers[1].as: 0 is not allowed, it must be from 1 to 4294967295'],
    ['address', 'router', "peers[1].address: 'router' is not allowed, it must be"],
    ['port', 70000, 'peers[1].port: 70000 is not allowed, it must be from 1 to 65535'],
    ['holdTime', 5, 'peers[1].holdTime: 5 is not allowed, it must be from 9 to 65535 seconds'],
    ['localAddress', '2001:db8::1', "peers[1].localAddress: '2001:db8::1' is not allowed, it must be"],
    ['holdtime', 9, 'peers[1].holdtime: no such option, did you mean holdTime?'],
  ])('an error names %s with its place in peers: %j', (name, value, message) => {
    const { lab, one, two } = twoRouters()
    const made = () => lab.announcer({ peers: [one.peer, { ...two.peer, [name]: value }] })
    expect(made).toThrow(OptionError)
    expect(made).toThrow(message)
    expect(lab.clock.pendingTimers, 'nothing is dialled').toBe(0)
  })
})

test('the next hop for a peer may be another peer, not itself (RFC 4271 §5.1.3)', () => {
  const { lab, one, two } = twoRouters()
  const towards = (nextHop: string) => lab.announcer({ peers: [one.peer, { ...two.peer, nextHop }] })
  expect(() => towards('192.0.2.253').announce(VIP)).toThrow("192.0.2.253 is the peer's own address")
  towards('192.0.2.254').announce(VIP)
})
