import { describe, expect, it } from 'vitest'
import { readPackets } from '../capture.ts'
import { sample } from '../capture-sample.ts'
import { count } from './dials.ts'

describe('count()', () => {
  const packets = readPackets(sample)
  const [syn] = packets
  const seconds = 600

  it('a retransmitted SYN is not counted as a dial', () => {
    expect(count(packets, { seconds, address: '203.0.113.4' })).toEqual({ dials: [0], syns: 2, opens: 0 })
  })
  it('the same port with another sequence number is a dial', () => {
    const again = { ...syn!, time: 1090, seq: '77' }
    expect(count([...packets, again], { seconds, address: '203.0.113.4' })).toEqual({
      dials: [0, 89.5],
      syns: 3,
      opens: 0,
    })
  })
  it('a retransmitted OPEN is not counted, one on the next connection is', () => {
    const [dial, open] = [packets[2]!, packets[5]!]
    const later = [open, { ...dial, time: 1090, seq: '77' }, { ...open, time: 1091 }]
    expect(count([...packets, ...later], { seconds, address: '203.0.113.5' })).toMatchObject({ syns: 2, opens: 2 })
  })
  it("the router's own SYN and OPEN are not counted", () => {
    expect(count(packets, { seconds, address: '203.0.113.5' })).toEqual({ dials: [0], syns: 1, opens: 1 })
  })
  it('a dial after the end is not counted', () => {
    const late = { ...syn!, time: 1600.5, seq: '77' }
    expect(count([...packets, late], { seconds, address: '203.0.113.4' })).toMatchObject({ dials: [0], syns: 2 })
  })
  it('without a dial all counts are zero', () => {
    expect(count(packets, { seconds, address: '203.0.113.6' })).toEqual({ dials: [], syns: 0, opens: 0 })
  })
})
