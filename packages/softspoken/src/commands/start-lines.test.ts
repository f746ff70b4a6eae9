/** The first lines of the log. */
import type { Logger } from 'pino'
import { describe, expect, it } from 'vitest'
import { announcerOptions } from '../config/agent-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import type { Elected } from '../election/elected.ts'
import { version } from '../version.ts'
import { logChoices, startFields } from './start-lines.ts'

const options = (given: Partial<ProgramOptions> = {}): ProgramOptions => ({
  ...{ prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', logLevel: 'info', nodeName: 'Node-1' },
  ...{ peer: ['10.0.5.1', '10.0.6.1'], peerAs: 65000, kernelDeadline: 'off', ...given },
})

describe('startFields()', () => {
  it('has the VIP, the routers and nothing to wait for but a session', () => {
    const given = options()
    expect(startFields(given, announcerOptions(given), 'lo')).toEqual({
      ...{ version, prefix: '198.51.100.10/32', localAs: 64515, routerId: '10.0.5.11' },
      peers: ['10.0.5.1 AS 65000', '10.0.6.1 AS 65000'],
    })
  })
  it('has a list of several VIPs, and no router with ARP alone', () => {
    const prefix = ['203.0.113.100/32', '2001:db8::10/128']
    const given: ProgramOptions = { prefix, arp: true, mode: 'leader', logLevel: 'info' }
    expect(startFields(given, undefined, 'eth0')).toEqual({ version, prefix, arp: true, waitsFor: 'the election' })
  })
  it.each<[Partial<ProgramOptions>, string | undefined, string | undefined]>([
    [{ health: 'https://u:secret@10.0.5.11/readyz' }, 'lo', '3 passed checks of https://10.0.5.11/readyz'],
    [{ health: 'kubernetes', healthRise: 1 }, 'lo', '1 passed check of kubernetes'],
    [{ mode: 'leader' }, 'lo', 'the election'],
    [{ mode: 'standby' }, 'lo', undefined],
    [{ address: 'none' }, undefined, 'the VIP on an interface'],
    [{ address: 'none', requireAddress: false }, undefined, undefined],
    [
      { health: 'kubernetes', healthRise: 4, mode: 'leader', address: 'none' },
      undefined,
      '4 passed checks of kubernetes, the election, the VIP on an interface',
    ],
  ])('with %j on %s waits for %s', (given, interfaceName, waitsFor) => {
    const { health: shown, waitsFor: found } = startFields(options(given), undefined, interfaceName)
    expect(found).toBe(waitsFor)
    expect(shown === undefined).toBe(given.health === undefined)
  })
})

describe('logChoices()', () => {
  function lines(given: Partial<ProgramOptions>, interfaceName?: string, elected?: Elected) {
    const found: unknown[] = []
    const info = (fields: object, text: string) => void found.push([text, fields])
    logChoices(options(given), interfaceName, elected, { info } as unknown as Logger)
    return found
  }
  it('names the mode, the interface and why there is no kernel deadline', () => {
    expect(lines({}, 'lo')).toEqual([
      ['mode', { mode: 'all-nodes', nodeName: 'node-1' }],
      ['interface of the address', { interface: 'lo' }],
      ['kernel deadline off', { detail: 'kernelDeadline is off' }],
    ])
  })
  it('names the Lease and its durations', () => {
    const elected = { name: 'kube-system/vip' } as unknown as Elected
    expect(lines({ mode: 'leader', leaseProfile: 'fast' }, 'lo', elected)[0]).toEqual([
      'mode',
      {
        ...{ mode: 'leader', nodeName: 'node-1', lease: 'kube-system/vip' },
        ...{ leaseDuration: 5, renewDeadline: 3, retryPeriod: 1 },
      },
    ])
  })
  it.each([
    [{}, true],
    [{ requireAddress: false }, false],
  ])('says with %j whether an address that another program adds is required: %s', (given, required) => {
    expect(lines({ address: 'none', ...given })[1]).toEqual(['no address is added', { required }])
  })
  it('names the router id that it made of the node name', () => {
    expect(lines({ routerId: 'auto' }, 'lo')[3]).toEqual([
      'router id of the node name',
      { routerId: expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/), nodeName: 'node-1' },
    ])
  })
})
