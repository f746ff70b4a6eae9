import { sessionOptions } from '@softspoken/session/internal'
import { describe, expect, it } from 'vitest'
import { readPackets } from '../capture.ts'
import { everyOutage, makeOutages, STABLE } from './outages.ts'
import { recoveries } from './recoveries.ts'

const update = (time: string, to: string, text = 'Updated routes:\n\t    198.51.100.10/32') =>
  `${time} 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 121: (tos 0xc0, ttl 1, id 1, offset 0, flags [DF], proto TCP (6), length 107)
    198.18.0.1.57514 > ${to}: Flags [P.], cksum 0x78fc (incorrect -> 0xab52), seq 1:56, ack 1, win 63, length 55: BGP
\tUpdate Message (2), length: 55
\t  ${text}`

describe('recoveries()', () => {
  const [outage] = makeOutages(1)
  const other = { ...outage!, address: '198.18.1.100' }
  const log = 'ready\nrecovered 198.18.1.1 1000.500\nrouted 198.18.1.1\nrecovered 198.18.1.100 1000.500\n'
  const found = (...blocks: string[]) =>
    recoveries(readPackets(blocks.join('\n')), { speaker: 'BIRD', outages: [outage!, other], log }).map(
      ({ after }) => after,
    )

  it('counts from the recovery to the first UPDATE with a route', () => {
    expect(found(update('1003.000000', '198.18.1.1.179'), update('1004.000000', '198.18.1.1.179'))).toEqual([
      2.5,
      undefined,
    ])
  })
  it('leaves out an UPDATE before the recovery, and an End-of-RIB', () => {
    const endOfRib = update('1002.000000', '198.18.1.1.179', 'End-of-Rib Marker (empty NLRI)')
    const early = update('1000.000000', '198.18.1.1.179')
    expect(found(early, endOfRib, update('1005.500000', '198.18.1.1.40000'))).toEqual([5, undefined])
  })
  it('an UPDATE to another address is not counted', () => {
    const packets = readPackets(update('1003.000000', '198.18.1.1.179'))
    const [one] = recoveries(packets, { speaker: 'BIRD', outages: [other], log })
    expect(one?.after).toBeUndefined()
  })
  it('a route that the router has and the capture lacks is an error', () => {
    expect(() => found(update('1003.000000', '198.18.1.100.179'))).toThrow('BIRD has sent the route to 198.18.1.1')
  })
  it('a router that did not recover has no time', () => {
    const packets = readPackets(update('1003.000000', '198.18.1.1.179'))
    const [one] = recoveries(packets, { speaker: 'BIRD', outages: [outage!], log: 'ready\n' })
    expect(one?.after).toBeUndefined()
  })
})

describe('makeOutages()', () => {
  const outages = makeOutages(8)

  it('has each kind in eight phases, and in four with a router that dials', () => {
    for (const kind of everyOutage) {
      const lengths = kind === 'reset' ? 1 : 2
      const of = outages.filter(outage => outage.kind === kind)
      expect([of.filter(({ dials }) => !dials).length, of.filter(({ dials }) => dials).length]).toEqual([
        8 * lengths,
        4 * lengths,
      ])
    }
  })
  it('gives each an address of its own', () => {
    expect(new Set(outages.map(({ address }) => address)).size).toBe(outages.length)
  })
  it('begins them in a session that our back-off takes for stable', () => {
    expect(STABLE).toBeGreaterThan(sessionOptions['backOff.resetAfter'].default)
  })
})
