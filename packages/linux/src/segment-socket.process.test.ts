/** Real kernels at both ends of a cable: only a client's neighbour table shows what a frame does. */
import { writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { type NeighborState, neighbor, setNeighbor } from '../test/neighbors.ts'
import {
  addAddress,
  addCable,
  hasNamespaces,
  inTwoNamespaces,
  type OtherNamespace,
  removeInterface,
  setUp,
} from '../test/network-namespace.ts'
import { setAddress } from './addresses.ts'
import { AF_PACKET, SOCK_RAW } from './constants.ts'
import { interfaceIndex } from './interface-name.ts'
import { listInterfaces } from './interfaces.ts'
import { libc } from './libc.ts'
import { arpProbe, gratuitousArp, neighborAdvertisement, neighborProbe, type SegmentClaim } from './segment-frames.ts'
import { isRouter } from './segment-interface.ts'
import { SegmentSocket } from './segment-socket.ts'
import { littleEndian } from './sockaddr.ts'

const vip = Uint8Array.of(203, 0, 113, 100)
const vip6 = octets('20010db8000000000000000000000100')
const vips = [vip, vip6]
const other = Uint8Array.of(203, 0, 113, 101)
const other6 = octets('20010db8000000000000000000000101')
const old = '02:00:5e:00:00:01'
const ours = '02:00:5e:00:00:02'

const request = gratuitousArp(ours, vip, 'request')
const reply = gratuitousArp(ours, vip, 'reply')
const advertisement = neighborAdvertisement(ours, vip6, { router: false })

interface Segment {
  readonly socket: SegmentSocket
  readonly client: OtherNamespace
  /** The MAC address of the host, and that of the client. */
  readonly mac: string
  readonly clientMac: string
}

describe.runIf(hasNamespaces)('a host and a client on one segment (needs root)', () => {
  /** The host has host0, the client client0. */
  const onSegment = (test: (segment: Segment) => void | Promise<void>) =>
    inTwoNamespaces(async client => {
      addCable('host0', 'client0', client)
      setUp('host0')
      client.run(() => {
        setUp('client0')
        addAddress('client0', Uint8Array.of(203, 0, 113, 7), 24) // a kernel without an address learns none
        addAddress('client0', octets('20010db8000000000000000000000007'), 64)
      })
      const socket = new SegmentSocket(interfaceIndex('host0'), vips)
      const segment = { socket, client, mac: macOf('host0'), clientMac: client.run(() => macOf('client0')) }
      try {
        await works(segment)
        await test(segment)
      } finally {
        socket.close()
      }
    })
  /** Frames pass in both directions. The kernel drops them in the first moments of a link, without an error. */
  const works = async ({ socket, client }: Segment) => {
    const far = client.run(() => new SegmentSocket(interfaceIndex('client0'), vips))
    for (const [from, to] of [
      [socket, far],
      [far, socket],
    ] as const)
      await vi.waitFor(() => {
        for (const frame of [arpProbe(ours, vip), neighborProbe(ours, vip6)]) from.send(frame)
        expect(to.receive().length).toBeGreaterThanOrEqual(2)
      }, 10_000)
    far.close()
  }

  describe("the client's neighbour table", () => {
    /** What becomes of an entry, when the client has also read the frames that came after. */
    const after = async ({ socket, client }: Segment, frame: Uint8Array): Promise<string | undefined> => {
      const [address, marker, send] =
        frame[13] === 0x06
          ? [vip, other, gratuitousArp(ours, other, 'request')]
          : [vip6, other6, neighborAdvertisement(ours, other6, { router: false })]
      const isRead = () => expect(client.run(() => neighbor(marker))).toBe(`${ours} STALE`)
      const forgetMarker = () => client.run(() => setNeighbor('client0', marker, old, 'STALE'))
      forgetMarker()
      await vi.waitFor(() => {
        socket.send(send) // the kernel learns nothing in the first moments of a link
        isRead()
      }, 10_000)
      forgetMarker()
      socket.send(frame)
      socket.send(send)
      await vi.waitFor(isRead)
      return client.run(() => neighbor(address))
    }
    const entry = (client: OtherNamespace, state: NeighborState = 'REACHABLE') =>
      client.run(() => {
        writeFileSync('/proc/sys/net/ipv4/neigh/client0/locktime', '6000') // 60 s: the entry stays new, however slow the test is
        for (const each of vips) setNeighbor('client0', each, old, state)
      })

    it.each([
      ['a gratuitous request', request],
      ['a gratuitous reply to its own MAC address', reply],
      ['an unsolicited neighbor advertisement', advertisement],
      ['a neighbor advertisement of a router', neighborAdvertisement(ours, vip6, { router: true })],
    ])('%s changes an entry that has just changed', (_, frame) =>
      onSegment(async segment => {
        entry(segment.client)
        expect(await after(segment, frame)).toBe(`${ours} STALE`)
      }),
    )
    it.each([
      ['an ARP probe', arpProbe(ours, vip)],
      ['a neighbor probe', neighborProbe(ours, vip6)],
      ['a reply to all MAC addresses', changed(reply, 32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
      ['an advertisement with a hop limit of 254', changed(advertisement, 21, 254)],
      ['an advertisement with a wrong checksum', changed(advertisement, 57, 0)],
    ])('%s changes no entry', (_, frame) =>
      onSegment(async segment => {
        entry(segment.client)
        expect(await after(segment, frame)).toBe(`${old} REACHABLE`)
      }),
    )
    it.each([
      ['a request', request],
      ['an advertisement', advertisement],
    ])('%s makes no entry', (_, frame) =>
      onSegment(async segment => expect(await after(segment, frame)).toBeUndefined()),
    )
    it('a request and a reply make an entry if arp_accept is 1', () =>
      onSegment(async segment => {
        for (const frame of [request, reply]) {
          segment.client.run(() => writeFileSync('/proc/sys/net/ipv4/conf/client0/arp_accept', '1'))
          expect(await after(segment, frame)).toBe(`${ours} STALE`)
        }
      }))
    it.each([
      ['a request', request],
      ['an advertisement', advertisement],
    ])('%s does not change a permanent entry', (_, frame) =>
      onSegment(async segment => {
        entry(segment.client, 'PERMANENT')
        expect(await after(segment, frame)).toBe(`${old} PERMANENT`)
      }),
    )
  })

  describe('what a SegmentSocket receives', () => {
    const sendFromClient = (client: OtherNamespace, frames: readonly Uint8Array[], rounds = 1) => {
      const socket = client.run(() => new SegmentSocket(interfaceIndex('client0'), [...vips, other, other6]))
      for (let round = 0; round < rounds; round++) for (const frame of frames) socket.send(frame)
      socket.close()
    }

    it('a SegmentSocket receives claims and probes of both families', () =>
      onSegment(async ({ socket, client }) => {
        sendFromClient(client, [request, reply, arpProbe(ours, vip), advertisement, neighborProbe(ours, vip6)])
        expect(await received(socket, 5)).toEqual([
          { address: vip, mac: ours, kind: 'claim' },
          { address: vip, mac: ours, kind: 'claim' },
          { address: vip, mac: ours, kind: 'probe' },
          { address: vip6, mac: ours, kind: 'claim' },
          { address: vip6, mac: ours, kind: 'probe' },
        ])
      }))
    it.each([
      ['ARP', request],
      ['NDP', advertisement],
    ])('a claim by %s calls back without a timer', (_, frame) =>
      onSegment(async ({ socket, client }) => {
        vi.useFakeTimers({ toFake: ['setTimeout'] })
        const claims: SegmentClaim[] = []
        socket.whenReadable(() => void claims.push(...socket.receive()))
        sendFromClient(client, [frame])
        while (claims.length === 0) await new Promise(setImmediate)
        expect(claims).toMatchObject([{ mac: ours, kind: 'claim' }])
        vi.useRealTimers()
      }),
    )
    it('the kernel drops frames about other addresses, and ordinary questions', () =>
      onSegment(async ({ socket, client }) => {
        const question = changed(gratuitousArp(ours, other, 'request'), 38, ...vip)
        const solicitation = changed(neighborProbe(ours, vip6), 22, 0x20, 0x01)
        const foreign = [
          gratuitousArp(ours, other, 'reply'),
          arpProbe(ours, other),
          neighborAdvertisement(ours, other6, { router: false }),
          neighborProbe(ours, other6),
          question,
          solicitation,
        ]
        // More than the queue of a socket holds: the last frames arrive because the others never come into it.
        sendFromClient(client, foreign, 500)
        sendFromClient(client, [request, advertisement])
        expect(await received(socket, 2)).toEqual([
          { address: vip, mac: ours, kind: 'claim' },
          { address: vip6, mac: ours, kind: 'claim' },
        ])
      }))
    it('the kernel drops frames of another VLAN, and passes those of VLAN 0', () =>
      onSegment(async ({ socket, client }) => {
        const inVlan = (vlan: number) => [request, advertisement].map(frame => tagged(frame, vlan))
        client.run(() => sendRaw('client0', [...inVlan(5), ...inVlan(0)]))
        expect(await received(socket, 2)).toEqual([
          { address: vip, mac: ours, kind: 'claim' },
          { address: vip6, mac: ours, kind: 'claim' },
        ])
      }))
    it('the frames that a host sends do not come back to it', () =>
      onSegment(async ({ socket, client }) => {
        const second = new SegmentSocket(interfaceIndex('host0'), vips)
        for (const frame of [request, reply, advertisement]) socket.send(frame)
        sendFromClient(client, [changed(request, 22, 0x0e), neighborAdvertisement(old, vip6, { router: false })])
        for (const each of [socket, second])
          expect((await received(each, 2)).map(({ mac }) => mac)).toEqual(['0e:00:5e:00:00:02', old])
        second.close()
      }))
    it.each([
      [
        'as setAddress() adds it',
        () => {
          for (const address of vips) setAddress({ interface: 'client0', address, validLifetime: 60 })
        },
      ],
      ['as an administrator adds it', () => [addAddress('client0', vip, 24), addAddress('client0', vip6, 64)]],
    ])('a kernel that has the address %s answers the probes', (_, add) =>
      onSegment(async ({ socket, client, mac, clientMac }) => {
        client.run(add)
        for (const [probe, address] of [
          [arpProbe(mac, vip), vip],
          [neighborProbe(mac, vip6), vip6],
        ] as const)
          await vi.waitFor(() => {
            socket.send(probe) // an IPv6 address is usable a moment later
            expect(socket.receive()).toEqual([{ address, mac: clientMac, kind: 'claim' }])
          })
      }),
    )
    it('a burst of claims is read in parts', () =>
      onSegment(async ({ socket, client }) => {
        sendFromClient(client, [request], 2000)
        const parts = Array.from({ length: 10 }, () => socket.receive().length)
        expect(Math.max(...parts)).toBeLessThanOrEqual(256)
        expect(parts.at(-1)).toBe(0)
      }))
  })

  describe('an interface that changes', () => {
    it('a SegmentSocket outlasts an interface that is down', () =>
      onSegment(async segment => {
        setUp('host0', false)
        expect([segment.socket.receive(), segment.socket.receive()]).toEqual([[], []])
        for (const frame of [request, advertisement])
          expect(() => segment.socket.send(frame)).toThrow(
            expect.objectContaining({ code: 'ENETDOWN', syscall: 'send' }),
          )
        setUp('host0')
        await works(segment)
      }))
    it('a SegmentSocket of an interface that is down works once it is up', () =>
      onSegment(async segment => {
        setUp('host0', false)
        const socket = new SegmentSocket(interfaceIndex('host0'), vips)
        expect([socket.receive(), socket.receive()]).toEqual([[], []])
        setUp('host0')
        await works({ ...segment, socket })
        socket.close()
      }))
    it('a SegmentSocket outlasts the loss of carrier', () =>
      onSegment(async segment => {
        segment.client.run(() => setUp('client0', false))
        expect(listInterfaces().find(({ name }) => name === 'host0')?.carrier).toBe(false)
        const send = () => segment.socket.send(request)
        await vi.waitFor(() => expect(send).toThrow(expect.objectContaining({ code: 'ENOBUFS', syscall: 'send' })))
        expect(segment.socket.receive()).toEqual([])
        segment.client.run(() => setUp('client0'))
        await works(segment)
      }))
    it('a SegmentSocket of an interface that is removed says so, and a new one works', () =>
      onSegment(async segment => {
        removeInterface('host0')
        for (let times = 0; times < 4; times++)
          expect(() => segment.socket.receive()).toThrow(
            expect.objectContaining({
              code: 'ENODEV',
              syscall: 'recv',
              message: expect.stringContaining('recv ENODEV'),
            }),
          )
        expect(() => segment.socket.send(request)).toThrow(expect.objectContaining({ code: 'ENXIO', syscall: 'send' }))
        addCable('host0', 'client0', segment.client)
        setUp('host0')
        segment.client.run(() => setUp('client0'))
        const socket = new SegmentSocket(interfaceIndex('host0'), vips)
        await works({ ...segment, socket })
        socket.close()
      }))
    it('a SegmentSocket of an index that no interface has throws ENODEV', () =>
      onSegment(() => {
        expect(() => new SegmentSocket(4711, vips)).toThrow(
          expect.objectContaining({ code: 'ENODEV', syscall: 'bind' }),
        )
      }))
    it('isRouter() follows the forwarding of the interface', () =>
      onSegment(() => {
        const forwarding = (value: string) => writeFileSync('/proc/sys/net/ipv6/conf/host0/forwarding', value)
        const answers = ['0', '1', '0'].map(value => {
          forwarding(value)
          return isRouter('host0')
        })
        expect(answers).toEqual([false, true, false])
        expect(isRouter('nosuch0')).toBe(false)
      }))
  })
})

/** The claims that arrive, until there are `count`. */
async function received(socket: SegmentSocket, count: number): Promise<readonly SegmentClaim[]> {
  const claims: SegmentClaim[] = []
  await vi.waitFor(() => {
    claims.push(...socket.receive())
    expect(claims.length).toBeGreaterThanOrEqual(count)
  })
  return claims
}
function macOf(device: string): string {
  return listInterfaces().find(({ name }) => name === device)?.mac ?? ''
}
function changed(frame: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const copy = frame.slice()
  copy.set(values, at)
  return copy
}
/** Frames of any EtherType. */
function sendRaw(device: string, frames: readonly Uint8Array[]): void {
  const { socket, bind, send, close } = libc()
  const fd = socket(AF_PACKET, SOCK_RAW, 0)
  const address = new DataView(new ArrayBuffer(20)) // struct sockaddr_ll
  address.setUint16(0, AF_PACKET, littleEndian)
  address.setInt32(4, interfaceIndex(device), littleEndian)
  bind(fd, new Uint8Array(address.buffer))
  for (const frame of frames) send(fd, frame)
  close(fd)
}
/** IEEE 802.1Q: the tag is after the MAC addresses. */
function tagged(frame: Uint8Array, vlan: number): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0x00, 0x00, vlan, ...frame.subarray(12))
}
function octets(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}
