/** The programs run in an interpreter here, as Linux runs them (filter.rst). segment-socket.process.test.ts has real kernels. */
import { describe, expect, it } from 'vitest'
import { viewOf } from './netlink-message.ts'
import { arpFilter, INSTRUCTION, MAX_FRAME, neighborFilter } from './segment-filter.ts'
import { arpProbe, gratuitousArp, neighborAdvertisement, neighborProbe } from './segment-frames.ts'
import { littleEndian } from './sockaddr.ts'

const mac = '02:00:5e:00:00:02'
const [vip, second, other] = [100, 101, 102].map(last => Uint8Array.of(203, 0, 113, last)) as [Octets, Octets, Octets]
const [vip6, second6, other6] = [vip, second, other].map(({ 3: last = 0 }) =>
  Uint8Array.from([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 3, last]),
) as [Octets, Octets, Octets]
type Octets = Uint8Array<ArrayBuffer>

const [HOST, BROADCAST, OTHERHOST] = [0, 1, 3] // linux/if_packet.h
const router = false

describe('the filter of ARP', () => {
  const passed = (frame: Uint8Array, packetType = BROADCAST) => run(arpFilter([vip, second]), frame, packetType)
  const frames = (address: Uint8Array) => [
    gratuitousArp(mac, address, 'request'),
    gratuitousArp(mac, address, 'reply'),
    arpProbe(mac, address),
  ]

  it('claims and probes of each address pass whole', () => {
    for (const address of [vip, second])
      for (const frame of frames(address)) expect([passed(frame), passed(frame, HOST)]).toEqual([MAX_FRAME, MAX_FRAME])
  })
  it('claims and probes of another address are dropped', () => {
    expect(frames(other).map(frame => passed(frame))).toEqual([0, 0, 0])
  })
  it('an address that differs in one octet is dropped', () => {
    for (const at of [28, 29, 30, 31]) expect(passed(changed(gratuitousArp(mac, vip, 'reply'), at, 9))).toBe(0)
    for (const at of [38, 39, 40, 41]) expect(passed(changed(arpProbe(mac, vip), at, 9))).toBe(0)
  })
  it('a question of a host with an address is dropped', () => {
    expect(passed(changed(gratuitousArp(mac, other, 'request'), 38, ...vip))).toBe(0)
  })
  it('a frame to another host is dropped, because it may be of another VLAN', () => {
    expect(frames(vip).map(frame => passed(frame, OTHERHOST))).toEqual([0, 0, 0])
  })
  it('a frame that is cut off is dropped', () => {
    expect(passed(arpProbe(mac, vip).subarray(0, 41))).toBe(0)
  })
})

describe('the filter of neighbor discovery', () => {
  const passed = (frame: Uint8Array, packetType = BROADCAST) => run(neighborFilter([vip6, second6]), frame, packetType)
  const advertisement = neighborAdvertisement(mac, vip6, { router })
  const probe = neighborProbe(mac, vip6)

  it('claims and probes of each address pass whole', () => {
    for (const address of [vip6, second6])
      for (const frame of [neighborAdvertisement(mac, address, { router }), neighborProbe(mac, address)])
        expect([passed(frame), passed(frame, HOST)]).toEqual([MAX_FRAME, MAX_FRAME])
  })
  it('claims and probes of another address are dropped', () => {
    expect([neighborAdvertisement(mac, other6, { router }), neighborProbe(mac, other6)].map(f => passed(f))).toEqual([
      0, 0,
    ])
  })
  it('a target that differs in one octet is dropped', () => {
    for (let at = 62; at < 78; at++)
      for (const frame of [advertisement, probe]) expect(passed(changed(frame, at, 0xee))).toBe(0)
  })
  it('a solicitation with a source address is dropped: it is a question', () => {
    for (let at = 22; at < 38; at++) expect(passed(changed(probe, at, 1))).toBe(0)
  })
  it('an advertisement passes from any source address', () => {
    for (let at = 22; at < 38; at++) expect(passed(changed(advertisement, at, 1))).toBe(MAX_FRAME)
  })
  it.each([
    ['another protocol', 20, 17],
    ['an echo request', 54, 128],
    ['a router advertisement', 54, 134],
    ['a redirect', 54, 137],
  ])('%s is dropped', (_, at, value) => {
    expect([advertisement, probe].map(frame => passed(changed(frame, at, value)))).toEqual([0, 0])
  })
  it('a frame to another host is dropped, because it may be of another VLAN', () => {
    expect([advertisement, probe].map(frame => passed(frame, OTHERHOST))).toEqual([0, 0])
  })
})

/** What the program returns: how many octets of the frame pass. A load beyond the frame returns 0. */
function run(program: Uint8Array, frame: Uint8Array, packetType: number): number {
  const view = viewOf(program)
  let loaded = 0
  for (let at = 0; at + INSTRUCTION <= program.length; at += INSTRUCTION) {
    const code = view.getUint16(at, littleEndian)
    const operand = view.getUint32(at + 4, littleEndian)
    const size = { 32: 4, 48: 1 }[code] // LD|W|ABS, LD|B|ABS
    if (code === 0x06) return operand // RET|K
    if (code === 0x15)
      at += INSTRUCTION * (program[loaded === operand ? at + 2 : at + 3] ?? 0) // JMP|JEQ|K
    else if (size === undefined) throw new Error(`the code ${code} is unknown`)
    else if (operand === 0xfffff004)
      loaded = packetType // SKF_AD_OFF + SKF_AD_PKTTYPE
    else if (operand + size > frame.length) return 0
    else loaded = size === 4 ? viewOf(frame).getUint32(operand) : (frame[operand] ?? 0)
  }
  throw new Error('the program has no end')
}
function changed(frame: Uint8Array, at: number, ...values: readonly number[]): Uint8Array {
  const copy = frame.slice()
  copy.set(values, at)
  return copy
}
