/** The shell of the claim: which frames go out for which action, and what is reported. */
import type { SegmentClaim } from '@softspoken/linux'
import { VirtualClock } from '@softspoken/session/testing'
import { parseAddress } from '@softspoken/wire'
import { expect, it, test } from 'vitest'
import { Segment } from './segment.ts'

const MAC = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:02'
const vip = (text: string) => ({ text, octets: parseAddress(text, 'vip') })
const V4 = vip('203.0.113.100')
const V6 = vip('2001:db8::100')

/** A host with one interface whose frames the test has. */
class Host {
  readonly clock = new VirtualClock()
  readonly sent: string[] = []
  readonly lines: string[] = []
  readonly heard: string[] = []
  polls = 0
  #claims: SegmentClaim[] = []
  #read = (): void => {}
  sockets = 0
  of: unknown
  opened = 0
  error: string | undefined
  interface: Record<string, unknown> = {
    ...{ index: 7, name: 'eth0', mac: MAC, up: true, carrier: true, loopback: false, noArp: false },
  }
  others: Record<string, unknown>[] = []
  isWifi = false
  isBalanced = false
  readonly segment: Segment

  constructor(given: Partial<Host> = {}, vips = [V4, V6]) {
    Object.assign(this, given)
    const note = (fields: object, text: string): void => void this.lines.push(`${text} ${JSON.stringify(fields)}`)
    this.segment = new Segment(
      {
        ...{ interface: 'eth0', vips, clock: this.clock },
        log: { debug: note, info: note, warn: note, error: note },
        heard: mac => void this.heard.push(mac),
        polled: () => void this.polls++,
      },
      {
        listInterfaces: () => [this.interface, ...this.others] as never, // as much of them as is read
        isRouter: () => true,
        isWireless: () => this.isWifi,
        isReceiveBalanced: () => this.isBalanced,
        open: (...of) => {
          this.#fail()
          this.of = of
          this.sockets++
          this.opened++
          return {
            send: frame => {
              this.#fail()
              this.sent.push(Buffer.from(frame).toString('hex'))
            },
            receive: () => {
              this.#fail()
              return this.#claims.splice(0)
            },
            whenReadable: read => void (this.#read = read),
            close: () => void this.sockets--,
          }
        },
      },
    )
  }
  hear(...claims: readonly SegmentClaim[]): void {
    this.#claims.push(...claims)
    this.#read()
  }
  #fail(): void {
    if (this.error !== undefined) throw new Error(this.error)
  }
}
const claim = (mac: string, kind: SegmentClaim['kind'] = 'claim'): SegmentClaim => ({ address: V4.octets, mac, kind })

it('a probe is one frame per VIP; an announcement is request and reply, or one NA', () => {
  const { segment, sent } = new Host()
  segment.listen()
  segment.probe()
  expect(sent.splice(0).map(frame => [frame.slice(24, 28), frame.length / 2])).toEqual([
    ['0806', 42],
    ['86dd', 78],
  ])
  segment.announce()
  expect(sent.map(frame => frame.slice(24, 28))).toEqual(['0806', '0806', '86dd'])
  expect([sent[0]?.slice(40, 44), sent[1]?.slice(40, 44)]).toEqual(['0001', '0002'])
  expect(sent[2]?.slice(116, 118), 'the flags of a router').toBe('a0')
  expect(segment.framesSent).toBe(5)
})
it('claims of other MAC addresses are reported at once, each once in a poll', () => {
  const host = new Host()
  host.segment.listen()
  host.hear(claim(OTHER), claim(OTHER), claim(MAC), claim('02:00:5e:00:00:03', 'probe'))
  expect(host.heard).toEqual([OTHER])
})
it('a flood of MAC addresses is eight reports in a poll', () => {
  const host = new Host()
  host.segment.listen()
  host.hear(...Array.from({ length: 500 }, (_, i) => claim(`02:00:00:00:00:${i.toString(16).padStart(2, '0')}`)))
  expect(host.heard).toHaveLength(8)
})
it('it is polled each second while it listens, and has a socket then only', async () => {
  const host = new Host()
  await host.clock.advance(5)
  expect([host.polls, host.sockets]).toEqual([0, 0])
  host.segment.listen()
  await host.clock.advance(5)
  expect([host.polls, host.sockets]).toEqual([5, 1])
  host.segment.endListening()
  await host.clock.advance(5)
  expect([host.polls, host.sockets]).toEqual([5, 0])
})
it('an error is logged once until a call works, and the next frame is tried', async () => {
  const host = new Host()
  host.segment.listen()
  host.error = 'ENETDOWN'
  host.segment.announce()
  await host.clock.advance(1)
  expect(host.lines).toHaveLength(1)
  expect(host.segment.framesSent).toBe(0)
  host.error = undefined
  host.segment.announce()
  expect(host.segment.framesSent).toBe(3)
})
it('an interface that was removed and added again gets another socket at once', () => {
  const host = new Host()
  host.segment.listen()
  host.interface = { ...host.interface, index: 8, mac: OTHER }
  expect(host.segment.link()).toEqual({ mac: OTHER, carrier: true })
  expect([host.opened, host.sockets]).toEqual([3, 1]) // one was for the check at the start
  host.segment.announce()
  expect(host.sent[0]).toContain('02005e000002')
})
it('a look at an interface that has not changed keeps its socket', () => {
  const host = new Host()
  host.segment.listen()
  const { opened } = host
  host.segment.link()
  host.segment.link()
  expect([host.opened, host.sockets]).toEqual([opened, 1])
})
it('nothing is received, and no socket is open, before it listens', () => {
  const host = new Host()
  host.segment.poll()
  host.segment.link()
  host.segment.announce()
  expect([host.polls, host.sockets, host.sent]).toEqual([0, 0, []])
})
it('an interface that becomes a port is logged once, and has no carrier', () => {
  const host = new Host({ others: [{ index: 9, name: 'br0', kind: 'bridge' }] })
  host.interface = { ...host.interface, master: 9 }
  expect(host.segment.link()).toEqual({ mac: MAC, carrier: false })
  host.segment.link()
  expect(host.lines).toEqual([
    'the interface cannot have VIPs any more {"interface":"eth0","detail":"it must be br0, which eth0 is a port of"}',
  ])
  const { master: _, ...free } = host.interface
  host.interface = free
  expect(host.segment.link()).toEqual({ mac: MAC, carrier: true })
  host.interface = { ...free, master: 9 }
  host.segment.link()
  expect(host.lines).toHaveLength(2)
})
it('the socket is of the index of the interface, for the addresses of all VIPs', () => {
  const host = new Host()
  host.segment.listen()
  expect(host.of).toEqual([7, [V4.octets, V6.octets]])
})
it('an interface that has no carrier says so', () => {
  const host = new Host()
  host.interface = { ...host.interface, carrier: false }
  expect(host.segment.link()).toEqual({ mac: MAC, carrier: false })
})
it('a socket that failed is opened with the next poll, which a frame wakes', async () => {
  const host = new Host()
  host.error = 'EMFILE'
  host.segment.listen()
  expect(host.sockets).toBe(0)
  host.error = undefined
  await host.clock.advance(1)
  expect(host.sockets).toBe(1)
  host.hear(claim(OTHER))
  expect(host.heard).toEqual([OTHER])
})
it('a socket that could not be opened is opened for the next frame', () => {
  const host = new Host()
  host.error = 'EMFILE'
  host.segment.listen()
  host.error = undefined
  host.segment.probe()
  expect(host.sent).toHaveLength(2)
})
it('frames that no socket takes are not counted', () => {
  const host = new Host()
  host.segment.probe()
  host.segment.listen()
  host.segment.probe()
  host.segment.endListening()
  host.segment.probe()
  expect([host.segment.framesSent, host.sent.length]).toEqual([2, 2])
})
it('the end of listening ends its polls and reports nothing more', async () => {
  const host = new Host()
  host.segment.listen()
  await host.clock.advance(1)
  host.segment.endListening()
  expect(host.clock.pendingTimers).toBe(0)
  host.hear(claim(OTHER))
  expect(host.heard).toEqual([])
})
it('the own MAC address is that of the last look', () => {
  const host = new Host()
  host.segment.listen()
  host.interface = { ...host.interface, mac: OTHER }
  host.segment.link()
  host.hear(claim(OTHER), claim(MAC))
  expect(host.heard).toEqual([MAC])
})
it('an error that comes back after a call that worked is a second line', () => {
  const host = new Host()
  host.segment.listen()
  for (const error of ['ENETDOWN', undefined, 'ENETDOWN']) {
    host.error = error
    host.segment.probe()
  }
  expect(host.lines).toHaveLength(2)
})
it('an error names the interface', () => {
  const host = new Host()
  host.segment.listen()
  host.error = 'ENETDOWN'
  host.segment.announce()
  expect(host.lines).toEqual(['frames cannot be sent or received {"interface":"eth0","error":"ENETDOWN"}'])
})
it('an interface that is gone has no carrier and sends nothing', () => {
  const host = new Host()
  host.segment.listen()
  host.interface = { ...host.interface, name: 'eth1' }
  expect(host.segment.link()).toEqual({ mac: undefined, carrier: false })
  host.segment.announce()
  expect(host.sent).toEqual([])
})

test.each<[string, Partial<Host>, string]>([
  ['the loopback', { interface: { index: 1, name: 'eth0', loopback: true } }, 'an interface with neighbours'],
  ['no interface', { interface: { index: 1, name: 'eth9' } }, 'an interface with neighbours'],
  [
    'a port of a bridge',
    { interface: { index: 7, name: 'eth0', mac: MAC, master: 9 }, others: [{ index: 9, name: 'br0', kind: 'bridge' }] },
    'it must be br0, which eth0 is a port of, because of arp',
  ],
  ['a tunnel', { interface: { index: 7, name: 'eth0', noArp: true } }, 'an Ethernet interface'],
  ['an interface without a MAC address', { interface: { index: 7, name: 'eth0' } }, 'an Ethernet interface'],
])('%s is refused', (_, given, sentence) => {
  expect(() => new Host(given)).toThrow(sentence)
})
it('an interface of a VRF is allowed', () => {
  const others = [{ index: 9, name: 'vrf0', kind: 'vrf' }]
  expect(() => new Host({ interface: { index: 7, name: 'eth0', mac: MAC, master: 9 }, others })).not.toThrow()
})
it('a process without CAP_NET_RAW is refused at the start', () => {
  expect(() => new Host({ error: 'EPERM' })).toThrow('arp: true is not allowed, it must be false, because this process')
})
it('Wi-Fi is a line in the log', () => {
  expect(new Host({ isWifi: true }).lines).toEqual([
    'Wi-Fi: an access point may hold back the frames that move the VIP {"interface":"eth0"}',
  ])
  expect(new Host().lines).toEqual([])
})
it('a balance-alb bond is refused for an IPv4 VIP', () => {
  expect(() => new Host({ isBalanced: true }, [V4])).toThrow(
    /eth0' is not allowed, it must be a bond whose mode is not balance-alb .*, because of arp$/,
  )
  expect(() => new Host({ isBalanced: true }, [V6, V4])).toThrow('balance-alb')
  expect(() => new Host({ isBalanced: true }, [V6])).not.toThrow()
})
