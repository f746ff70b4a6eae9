import { describe, expect, it } from 'vitest'
import { count, readPackets, steady } from './capture.ts'

/** The output of tcpdump 4.99: a retransmitted SYN, an answered dial, an OPEN, the router's answer. */
const text = `
1000.500000 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 74: (tos 0xc0, ttl 1, id 24533, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.2.57514 > 203.0.113.4.179: Flags [S], cksum 0x7895 (incorrect -> 0xb6d3), seq 2517975223, win 64240, options [mss 1460,sackOK,TS val 867774958 ecr 0,nop,wscale 10], length 0
1001.500000 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 74: (tos 0xc0, ttl 1, id 24534, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.2.57514 > 203.0.113.4.179: Flags [S], cksum 0x7895 (incorrect -> 0xb6d3), seq 2517975223, win 64240, options [mss 1460,sackOK,TS val 867775958 ecr 0,nop,wscale 10], length 0
1002.000000 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 74: (tos 0xc0, ttl 1, id 32846, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.2.57514 > 203.0.113.5.179: Flags [SEW], cksum 0x7897 (incorrect -> 0x3070), seq 233169894, win 64240, options [mss 1460,sackOK,TS val 4000647044 ecr 0,nop,wscale 10], length 0
1002.000100 02:42:cb:00:71:33 > 02:42:cb:00:71:32, ethertype IPv4 (0x0800), length 74: (tos 0x0, ttl 64, id 0, offset 0, flags [DF], proto TCP (6), length 60)
    203.0.113.5.179 > 203.0.113.2.57514: Flags [S.], cksum 0x7897 (incorrect -> 0xa1be), seq 2914145256, ack 233169895, win 65160, options [mss 1460,sackOK,TS val 98665356 ecr 4000647044,nop,wscale 10], length 0
1002.000200 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 66: (tos 0xc0, ttl 1, id 32847, offset 0, flags [DF], proto TCP (6), length 52)
    203.0.113.2.57514 > 203.0.113.5.179: Flags [.], cksum 0x788f (incorrect -> 0xced7), ack 1, win 63, options [nop,nop,TS val 4000647044 ecr 98665356], length 0
1002.000300 02:42:cb:00:71:32 > 02:42:cb:00:71:33, ethertype IPv4 (0x0800), length 95: (tos 0xc0, ttl 1, id 32848, offset 0, flags [DF], proto TCP (6), length 81)
    203.0.113.2.57514 > 203.0.113.5.179: Flags [P.], cksum 0x78fc (incorrect -> 0xab52), seq 1:30, ack 1, win 63, options [nop,nop,TS val 4000647044 ecr 98665356], length 29: BGP
\tOpen Message (1), length: 29
\t  Version 4, my AS 65010, Holdtime 180s, ID 203.0.113.2
\t  Optional parameters, length: 0
1002.000400 02:42:cb:00:71:33 > 02:42:cb:00:71:32, ethertype IPv4 (0x0800), length 114: (tos 0x0, ttl 64, id 2, offset 0, flags [DF], proto TCP (6), length 100)
    203.0.113.5.179 > 203.0.113.2.57514: Flags [P.], cksum 0x78a4 (incorrect -> 0xcb37), seq 1:49, ack 30, win 64, options [nop,nop,TS val 98665358 ecr 4000647044], length 48: BGP
\tOpen Message (1), length: 29
\t  Version 4, my AS 65001, Holdtime 90s, ID 203.0.113.5
\t  Optional parameters, length: 0
\tKeepalive Message (4), length: 19
`.trim()

describe('readPackets()', () => {
  it('reads packets and their messages from the output of tcpdump', () => {
    const packets = readPackets(text)
    expect(packets).toHaveLength(7)
    expect(packets[0]).toEqual({
      time: 1000.5,
      octets: 74,
      from: '203.0.113.2.57514',
      to: '203.0.113.4.179',
      flags: 'S',
      seq: '2517975223',
      messages: [],
    })
    expect(packets[5]).toMatchObject({ flags: 'P.', messages: ['Open'], holdTime: 180 })
    expect(packets[6]).toMatchObject({ octets: 114, messages: ['Open', 'Keepalive'], holdTime: 90 })
  })
})

describe('count()', () => {
  const packets = readPackets(text)
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

describe('steady()', () => {
  const [open, answer] = readPackets(text).slice(5)
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
