import { describe, expect, it } from 'vitest'
import { readPackets, steady } from './capture.ts'
import { sample } from './capture-sample.ts'

describe('readPackets()', () => {
  it('reads packets and their messages from the output of tcpdump', () => {
    const packets = readPackets(sample)
    expect(packets).toHaveLength(7)
    expect(packets[0]).toEqual({
      time: 1000.5,
      octets: 74,
      from: '203.0.113.2.57514',
      to: '203.0.113.4.179',
      flags: 'S',
      seq: '2517975223',
      messages: [],
      routes: [],
    })
    expect(packets[5]).toMatchObject({ flags: 'P.', messages: ['Open'], holdTime: 180 })
    expect(packets[6]).toMatchObject({ octets: 114, messages: ['Open', 'Keepalive'], holdTime: 90 })
  })
})

describe('steady()', () => {
  const [open, answer] = readPackets(sample).slice(5)
  const keepalive = (time: number) => ({ ...open!, time, octets: 85, messages: ['Keepalive'] })
  const packets = [open!, answer!, keepalive(1003), keepalive(1033), keepalive(1063), keepalive(1093), keepalive(1183)]

  it('leaves out the first minute of the session', () => {
    expect(steady(packets, { end: 1183, address: '203.0.113.5' })).toEqual({
      holdTime: 90,
      keepalives: 1, // two in two minutes
      packets: 1,
      octets: 85,
      received: 0,
    })
  })
  it('is undefined if no time is left or the session was never Established', () => {
    expect(steady(packets, { end: 1064, address: '203.0.113.5' })).toBeUndefined()
    expect(steady(packets, { end: 1183, address: '203.0.113.4' })).toBeUndefined()
  })
})
