import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arpProbe, gratuitousArp, neighborAdvertisement, neighborProbe, readClaim } from './segment-frames.ts'

const mac = '02:00:5e:00:00:02'
const vip = Uint8Array.of(203, 0, 113, 100)
const vip6 = octets('20010db8000000000000000000000100')

describe('the octets of a frame', () => {
  it.each([
    [
      'a gratuitous ARP request (RFC 5227 §2.3)',
      () => gratuitousArp(mac, vip, 'request'),
      'ffffffffffff 02005e000002 0806 0001 0800 06 04 0001 02005e000002 cb007164 000000000000 cb007164',
    ],
    [
      'a gratuitous ARP reply',
      () => gratuitousArp(mac, vip, 'reply'),
      'ffffffffffff 02005e000002 0806 0001 0800 06 04 0002 02005e000002 cb007164 02005e000002 cb007164',
    ],
    [
      'an ARP probe (RFC 5227 §2.1.1)',
      () => arpProbe(mac, vip),
      'ffffffffffff 02005e000002 0806 0001 0800 06 04 0001 02005e000002 00000000 000000000000 cb007164',
    ],
    [
      'an unsolicited neighbor advertisement (RFC 4861 §4.4)',
      () => neighborAdvertisement(mac, vip6, { router: false }),
      '333300000001 02005e000002 86dd 60000000 0020 3a ff 20010db8000000000000000000000100 ff020000000000000000000000000001 ' +
        '88 00 992b 20000000 20010db8000000000000000000000100 02 01 02005e000002',
    ],
    [
      'a neighbor advertisement of a router',
      () => neighborAdvertisement(mac, vip6, { router: true }),
      '333300000001 02005e000002 86dd 60000000 0020 3a ff 20010db8000000000000000000000100 ff020000000000000000000000000001 ' +
        '88 00 192b a0000000 20010db8000000000000000000000100 02 01 02005e000002',
    ],
    [
      'a neighbor solicitation that probes (RFC 4862 §5.4.2)',
      () => neighborProbe(mac, vip6),
      '3333ff000100 02005e000002 86dd 60000000 0018 3a ff 00000000000000000000000000000000 ff0200000000000000000001ff000100 ' +
        '87 00 4aef 00000000 20010db8000000000000000000000100',
    ],
  ])('%s has the octets of the RFC', (_, make, expected) => {
    expect(hex(make())).toBe(expected.replaceAll(' ', ''))
  })
  it('a MAC address or an address of another form throws a RangeError', () => {
    for (const wrong of ['', '02:00:5e:00:00', '02-00-5e-00-00-02', '02:00:5e:00:00:0g', `x${mac}`, `${mac}:03`])
      expect(() => arpProbe(wrong, vip)).toThrow(
        new RangeError(`the MAC address is "${wrong}", and must be like 02:00:5e:00:00:02`),
      )
    expect(() => gratuitousArp(mac, vip6, 'reply')).toThrow(
      new RangeError('the address has 16 octets, and must have 4'),
    )
    for (const make of [
      neighborProbe,
      (...[from, address]: [string, Uint8Array]) => neighborAdvertisement(from, address, { router: true }),
    ])
      expect(() => make(mac, vip)).toThrow(new RangeError('the address has 4 octets, and must have 16'))
  })
})

describe('readClaim', () => {
  const claim = { address: vip, mac, kind: 'claim' }
  const claim6 = { ...claim, address: vip6 }
  const advertisement = neighborAdvertisement(mac, vip6, { router: false })

  it.each([
    ['a gratuitous request', () => gratuitousArp(mac, vip, 'request'), claim],
    ['a gratuitous reply', () => gratuitousArp(mac, vip, 'reply'), claim],
    ['a probe', () => arpProbe(mac, vip), { ...claim, kind: 'probe' }],
    ['a neighbor advertisement', () => neighborAdvertisement(mac, vip6, { router: false }), claim6],
    ['a neighbor solicitation that probes', () => neighborProbe(mac, vip6), { ...claim6, kind: 'probe' }],
  ])('readClaim() reads %s', (_, make, expected) => {
    const frame = make()
    expect(readClaim(frame)).toEqual(expected)
    expect(readClaim(Uint8Array.of(...frame, ...new Uint8Array(18))), 'padded').toEqual(expected)
  })
  it('a neighbor advertisement claims for its target link-layer address', () => {
    const frame = advertisement.slice()
    frame.set([0x0e], 6) // the Ethernet source is another
    expect(readClaim(frame)).toEqual(claim6)
  })
  it('an answer to one host, which is solicited, is a claim', () => {
    const frame = advertisement.slice()
    frame.set(vip6, 38)
    frame.set([0x60], 58)
    expect(readClaim(checksummed(frame))).toEqual(claim6)
  })
  it('the MAC address is the one in the ARP message, which neighbour tables take', () => {
    const frame = gratuitousArp(mac, vip, 'request')
    frame.set([0x0e], 6) // the Ethernet source is another
    expect(readClaim(frame)).toEqual(claim)
  })
  it("an ordinary ARP request claims its sender's address", () => {
    const frame = gratuitousArp(mac, vip, 'request')
    frame.set([203, 0, 113, 1], 38)
    expect(readClaim(frame)).toEqual(claim)
  })
  it('a neighbor advertisement without a link-layer address claims for its sender', () => {
    const frame = advertisement.slice(0, 78)
    frame.set([0, 24], 18)
    expect(readClaim(checksummed(frame))).toEqual(claim6)
  })
  it('a claim does not change when the buffer of the frame is used again', () => {
    for (const frame of [gratuitousArp(mac, vip, 'reply'), arpProbe(mac, vip), advertisement.slice()]) {
      const before = readClaim(frame)
      const copy = structuredClone(before)
      frame.fill(0)
      expect(before).toEqual(copy)
    }
  })

  const changed = (frame: Uint8Array, at: number, ...values: readonly number[]) => {
    const copy = frame.slice()
    copy.set(values, at)
    return copy
  }
  it.each([
    ['another hardware type', changed(gratuitousArp(mac, vip, 'reply'), 15, 6)],
    ['another protocol type', changed(gratuitousArp(mac, vip, 'reply'), 16, 0x86, 0xdd)],
    ['another length of an address', changed(gratuitousArp(mac, vip, 'reply'), 19, 16)],
    ['another operation', changed(gratuitousArp(mac, vip, 'reply'), 21, 3)],
    ['a reply without a sender', changed(gratuitousArp(mac, vip, 'reply'), 28, 0, 0, 0, 0)],
    ['another EtherType', changed(gratuitousArp(mac, vip, 'reply'), 12, 0x08, 0x00)],
    ['another version', changed(advertisement, 14, 0x40)],
    ['another protocol', changed(advertisement, 20, 17)],
    ['a hop limit below 255', changed(advertisement, 21, 254)],
    ['a length beyond the frame', changed(advertisement, 18, 0, 40)],
    ['a length below the least', checksummed(changed(advertisement, 18, 0, 16))],
    ['a wrong checksum', changed(advertisement, 56, 0, 0)],
    ['another code', checksummed(changed(advertisement, 55, 1))],
    ['another type', checksummed(changed(advertisement, 54, 134))],
    ['a multicast target', checksummed(changed(advertisement, 62, 0xff))],
    ['the flag Solicited to all nodes', checksummed(changed(advertisement, 58, 0x60))],
    ['an option without length', checksummed(changed(advertisement, 79, 0))],
    ['an option that is cut off', checksummed(changed(advertisement, 79, 2))],
    ['a solicitation with a source address', checksummed(changed(neighborProbe(mac, vip6), 22, 0x20))],
    ['a probe with a link-layer address', probeWithLinkLayerAddress()],
  ])('readClaim() reads nothing from a frame with %s', (_, frame) => {
    expect(readClaim(frame)).toBeUndefined()
  })

  it('readClaim() reads nothing from a frame that is cut off', () => {
    for (const frame of [gratuitousArp(mac, vip, 'reply'), arpProbe(mac, vip), advertisement, neighborProbe(mac, vip6)])
      for (let length = 0; length < frame.length; length++) expect(readClaim(frame.subarray(0, length))).toBeUndefined()
  })
  it('readClaim() never throws, and a claim is whole, whatever the octets', () => {
    const head = fc.constantFrom('08060001080006040001', '86dd6000000000203aff').map(octets)
    const random = fc
      .tuple(head, fc.uint8Array({ maxLength: 120 }))
      .map(([start, rest]) => Uint8Array.of(...new Uint8Array(12), ...start, ...rest))
    const frames = [gratuitousArp(mac, vip, 'reply'), arpProbe(mac, vip), advertisement, neighborProbe(mac, vip6)]
    const mutated = fc
      .tuple(
        fc.constantFrom(...frames),
        fc.array(fc.tuple(fc.nat({ max: 85 }), fc.nat({ max: 255 })), { maxLength: 4 }),
        fc.boolean(),
      )
      .map(([frame, changes, mend]) => {
        const copy = frame.slice()
        for (const [at, octet] of changes) if (at < copy.length) copy[at] = octet
        return mend ? checksummed(copy) : copy
      })
    fc.assert(
      fc.property(fc.oneof(random, mutated, fc.uint8Array({ maxLength: 200 })), frame => {
        const found = readClaim(frame)
        if (found === undefined) return
        expect([4, 16]).toContain(found.address.length)
        expect(found.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      }),
      { numRuns: 1000 },
    )
  })

  /** With an option that only an ordinary solicitation has. */
  function probeWithLinkLayerAddress(): Uint8Array {
    const frame = Uint8Array.of(...neighborProbe(mac, vip6), 1, 1, 2, 0, 0x5e, 0, 0, 2)
    return checksummed(changed(frame, 18, 0, 32))
  }
})

/** The frame with the right checksum of ICMPv6, computed in another way than the code does: byte by byte, per RFC 1071 §4.1. */
function checksummed(frame: Uint8Array): Uint8Array {
  if (frame.length < 58) return frame
  const copy = frame.slice()
  copy.set([0, 0], 56)
  const length = ((copy[18] ?? 0) << 8) | (copy[19] ?? 0)
  const summed = Buffer.concat([
    copy.subarray(22, 54),
    Uint8Array.of(length >> 8, length, 58),
    copy.subarray(54, 54 + length),
  ])
  let sum = 0
  for (const [at, octet] of summed.entries()) {
    const isHigh = at < 34 ? at % 2 === 0 : at % 2 === 1 // the pseudo-header is written with 35 octets
    sum += at === 34 ? octet : isHigh ? octet << 8 : octet
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16)
  copy.set([(~sum >> 8) & 0xff, ~sum & 0xff], 56)
  return copy
}

function octets(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'hex'))
}
function hex(frame: Uint8Array): string {
  return Buffer.from(frame).toString('hex')
}
