/** What the options of an agent mean: defaults, and what follows from other options. What is refused is in agent.test.ts. */
import type { AnnouncerOptions } from '@softspoken/announcer'
import { describe, expect, it } from 'vitest'
import type { Election } from '../election/election.ts'
import { type AgentOptions, resolveOptions } from './options.ts'

const silent = (): void => {}
const log = { debug: silent, info: silent, warn: silent, error: silent }
const announcer: AnnouncerOptions = {
  local: { as: 64515, id: '10.0.5.11' },
  peers: [{ address: '10.0.5.1', as: 64515 }],
}
const VIP = '198.51.100.10/32'
const election: Election = { campaign: async function* () {} }
const drainOnCordon = async (): Promise<boolean> => false

const resolved = (given: Partial<AgentOptions> = {}) => resolveOptions({ vips: [VIP], announcer, log, ...given })
const withArp = (given: Partial<AgentOptions> = {}) =>
  resolveOptions({ vips: [VIP], arp: true, election: { ...election, leaseDuration: 5 }, log, ...given })

describe('without further options', () => {
  it('all nodes advertise, and another program adds the VIPs', () => {
    const { config, address, kernelDeadline, maintenance } = resolved()
    expect(config).toEqual({
      ...{ mode: 'all-nodes', managesAddress: false, requireAddress: false, destroyConnections: true },
      ...{ segment: undefined, hasSessions: true, sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0 },
      lastResortTime: undefined,
    })
    expect([address, kernelDeadline]).toEqual(['none', false])
    expect(maintenance).toEqual({ disabledBy: undefined, drainOnCordon: undefined, hasElection: false })
  })
  it('the health lease is 15 s, renewed each 5 s, and one check is enough', async () => {
    const { health } = resolved()
    expect(health).toMatchObject({ interval: 5, ttl: 15, rise: 1, holdDown: false })
    await expect(health.check(new AbortController().signal)).resolves.toBeUndefined()
  })
  it('the announcer has the families and the number of the VIPs', () => {
    const vips = [VIP, '2001:db8::10/128', '198.51.100.11']
    expect(resolved({ vips }).announcer).toEqual({
      ...announcer,
      families: ['ipv4-unicast', 'ipv6-unicast'],
      maxPrefixes: 3,
    })
    expect(resolved({ announcer: { ...announcer, maxPrefixes: 7 } }).announcer?.maxPrefixes).toBe(7)
  })
})

describe('with an election', () => {
  it.each<[string, Partial<AgentOptions>, string]>([
    ['without a mode', {}, 'standby'],
    ['in standby mode', { mode: 'standby' }, 'standby'],
    ['in leader mode', { mode: 'leader' }, 'leader'],
  ])('%s each node advertises at most every 5 s', (_, given, mode) => {
    const { config, announcer, maintenance } = resolved({ election, ...given })
    expect([config.mode, announcer?.advertisementInterval]).toEqual([mode, 5])
    expect(maintenance.hasElection).toBe(true)
  })
  it('a node without a session has a fifth of the lease', () => {
    expect(resolved({ election: { ...election, leaseDuration: 5 } }).config.sessionGrace).toBe(1000)
  })
  it.each([1, 3600])('a lease of %i s is allowed', leaseDuration => {
    expect(() => resolved({ election: { ...election, leaseDuration } })).not.toThrow()
  })
  it.each([0.9, 3601])('a lease of %d s is refused', leaseDuration => {
    expect(() => resolved({ election: { ...election, leaseDuration } })).toThrow(
      `election.leaseDuration: ${leaseDuration} is not allowed, it must be from 1 to 3600 seconds`,
    )
  })
  it('a mode of all nodes is refused', () => {
    expect(() => resolved({ election, mode: 'all-nodes' })).toThrow(
      "mode: 'all-nodes' is not allowed, it must be 'standby' or 'leader', because there is an election",
    )
  })
  it('the times of the announcer are those of the end', () => {
    const given = { announcer: { ...announcer, drainTime: 7, gracefulShutdownTime: 2 } }
    expect(resolved(given).config).toMatchObject({ drainTime: 7000, gracefulShutdownTime: 2000 })
  })
})

describe('a node that may be cordoned', () => {
  const lastResort = silent
  it.each<[string, Partial<AgentOptions>, number | undefined]>([
    ['waits 15 s and 5 s', { election: { ...election, lastResort }, drainOnCordon }, 20_000],
    [
      'waits for the lease and the claim, too',
      { election: { ...election, lastResort, leaseDuration: 5, claimDelay: 1 }, drainOnCordon },
      11_000,
    ],
    ['never leads if its election cannot tell', { election, drainOnCordon }, undefined],
    ['is as any other if it is not asked', { election: { ...election, lastResort } }, undefined],
  ])('%s before it leads all the same', (_, given, expected) => {
    expect(resolved(given).config.lastResortTime).toBe(expected)
    expect(resolved(given).maintenance.drainOnCordon).toBe(given.drainOnCordon)
  })
})

describe('with ARP', () => {
  it('the leader has the VIPs on the interface whose subnet has them, without BGP', () => {
    const { config, announcer, address } = withArp()
    expect(config).toMatchObject({ mode: 'leader', managesAddress: true, hasSessions: false, drainTime: 3000 })
    expect([announcer, address]).toEqual([undefined, { interface: 'auto' }])
    expect(withArp({ address: { interface: 'eth1' } }).address).toEqual({ interface: 'eth1' })
  })
  it.each([
    [undefined, 1000],
    [0.4, 600],
    [1, 0],
    [3, 0],
  ])('an election that waits %d s leaves %i ms for the claim', (claimDelay, expected) => {
    const waiting = { ...election, ...(claimDelay !== undefined && { claimDelay }) }
    expect(withArp({ election: waiting }).config.segment).toEqual({ claimInUse: false, claimDelay: expected })
  })
  it('a VIP in use is claimed if that is asked for', () => {
    expect(withArp({ claimInUse: true }).config.segment?.claimInUse).toBe(true)
    expect(() => withArp({ claimInUse: 1 as never })).toThrow('claimInUse: 1 is not allowed, it must be true or false')
    expect(() => withArp({ arp: 1 as never })).toThrow('arp: 1 is not allowed, it must be true or false')
  })
  it('sessions are possible, too', () => {
    expect(withArp({ announcer }).config.hasSessions).toBe(true)
  })
})

describe('an address', () => {
  const health = { check: async () => {}, interval: 5 }
  const address = { interface: 'lo' }
  it('is managed by the agent', () => {
    expect(resolved({ address })).toMatchObject({ address, config: { managesAddress: true } })
  })
  it('the health lease is two intervals and a second at least', () => {
    expect(() => resolved({ address, health: { ...health, ttl: 11 } })).not.toThrow()
    expect(() => resolved({ address, health: { check: health.check, ttl: 10.9 } })).toThrow('with an address, 11')
    expect(() => resolved({ health: { ...health, ttl: 10 } }), 'without an address').not.toThrow()
  })
  it('is an object', () => {
    expect(() => resolved({ address: { set: async () => {} } as never })).toThrow('address.remove: undefined')
  })
})

it.each<[Partial<AgentOptions>, string]>([
  [{ announcer: undefined as never }, 'announcer: undefined is not allowed, it must be an object with local and peers'],
  [{ disabledBy: '' }, "disabledBy: '' is not allowed, it must be a path"],
  [{ requireAddress: 1 as never }, 'requireAddress: 1 is not allowed, it must be true or false'],
  [{ destroyConnections: 1 as never }, 'destroyConnections: 1 is not allowed, it must be true or false'],
  [{ vips: VIP as never }, 'vips: '],
  [{ vips: [VIP, VIP] }, `vips[1]: '${VIP}' is not allowed, it must be listed once`],
])('%j is refused', (given, sentence) => {
  expect(() => resolved(given)).toThrow(sentence)
})
