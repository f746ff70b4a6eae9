/** Whether the VIPs can be added to an interface, on a host that the test describes. */
import { parseAddress } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import { interfaceFor } from './address-check.ts'
import type { ProgramOptions } from './options.ts'
import { RetryableError, UsageError } from './usage-error.ts'

const VIP = '198.51.100.10'
const needed: ProgramOptions = { prefix: [`${VIP}/32`], logLevel: 'info' }
const arp: ProgramOptions = { ...needed, arp: true, interface: ['eth0'] }
const none: ProgramOptions = { ...needed, address: 'none' }
type Host = NonNullable<Parameters<typeof interfaceFor>[3]>

function anAddress(name: string, text: string, prefixLength: number) {
  const kind = { scope: 'global', flags: ['permanent'], validLifetime: 'forever' } as const
  return { interface: name, interfaceIndex: 1, address: parseAddress(text, 'address'), prefixLength, ...kind }
}
/** A host with lo and eth0, and with these addresses. */
function hostWith(addresses = [anAddress('eth0', '10.0.5.11', 24)], more: Partial<Host> = {}) {
  const alike = { index: 1, up: true, carrier: true, noArp: false, mac: '02:00:5e:00:00:02' }
  const interfaces = ['lo', 'eth0'].map(name => ({ ...alike, name, loopback: name === 'lo' }))
  const opened: number[] = []
  const calls = { listInterfaces: () => interfaces, listAddresses: () => addresses }
  const host: Host = {
    support: () => ({ supported: true }),
    lacking: () => undefined,
    state: { interfaces, addresses },
    addresses: { linuxSupport: () => ({ supported: true }), ...calls } as unknown as Host['addresses'], // what the check calls
    segment: {
      ...calls,
      ...{ isRouter: () => false, isWireless: () => true, isReceiveBalanced: () => false },
      open: index => ({ send() {}, receive: () => [], whenReadable: () => () => {}, close: () => opened.push(index) }),
    } as Host['segment'],
    ...more,
  }
  return { host, opened }
}
const given = {
  prefix: { from: '--prefix', value: undefined },
  interface: { from: '--interface', value: undefined },
  arp: { from: 'vip_arp', value: undefined },
}
function check(options: ProgramOptions, { host } = hostWith(), ofGiven: Parameters<typeof interfaceFor>[1] = given) {
  const warnings: string[] = []
  return { name: interfaceFor(options, ofGiven, warning => warnings.push(warning), host), warnings }
}

describe('interfaceFor()', () => {
  it('is lo, or the interface that the user named', () => {
    expect(check(needed)).toEqual({ name: 'lo', warnings: [] })
    expect(check({ ...needed, interface: ['bond0', 'eth*'] })).toEqual({ name: 'eth0', warnings: [] })
  })
  it('is undefined with address none, which asks for no right', () => {
    expect(check(none, hostWith(undefined, { lacking: () => 'it lacks all' }))).toEqual({
      name: undefined,
      warnings: [],
    })
  })
  it.each([needed, none])("refuses the node's only address as a VIP: %j", options => {
    const host = hostWith([anAddress('eth0', VIP, 24)])
    expect(() => check(options, host)).toThrow(
      new UsageError(
        `--prefix, number 1: '${VIP}' is not allowed, it must be another address than the only one of this node`,
      ),
    )
    expect(() => check(options, host)).toThrow(UsageError)
  })
  it('passes on what may be a mistake as one sentence', () => {
    const host = hostWith([anAddress('eth0', '198.51.100.2', 24)])
    expect(check(needed, host).warnings).toEqual([
      `the VIP is in the subnet of an interface: its neighbours look for it there, and not at the router, vip ${VIP}, interface eth0`,
    ])
  })
  it('has an interface that is not there now, which may come: a restart helps', () => {
    const options = { ...needed, interface: ['bond0.48'] }
    expect(() => check(options)).toThrow(/^--interface: 'bond0\.48' is not allowed, .* of this host: lo, eth0$/)
    expect(() => check(options)).toThrow(RetryableError)
  })
  it('refuses a VIP that another program has added, which a restart does not change', () => {
    const host = hostWith([anAddress('eth0', '10.0.5.11', 24), anAddress('eth0', VIP, 24)])
    expect(() => check(needed, host)).toThrow(/^--prefix, number 1: .* but eth0 has it as \/24: remove it, /)
    expect(() => check(needed, host)).toThrow(UsageError)
    expect(check({ ...needed, replaceAddress: true }, host).name).toBe('lo')
  })
  it('does not hide a fault of its own', () => {
    const fault = new TypeError('a bug')
    expect(() => check(needed, hostWith(undefined, { addresses: failing(fault) }))).toThrow(fault)
  })
  it.each<[ProgramOptions, string, RegExp]>([
    [needed, 'lo', / because; without it give address: none \(--address none\), and add the address yourself$/],
    [{ ...needed, interface: ['bond0', 'eth0'] }, 'bond0, eth0', /--address none/],
    [
      { ...needed, prefix: ['198.51.100.10/32', '198.51.100.11/32'] },
      'lo',
      /^198\.51\.100\.10\/32, 198\.51\.100\.11\/32 /,
    ],
    [{ ...needed, arp: true }, 'an interface', / cannot be added to an interface: because$/],
    [arp, 'eth0', / cannot be added to eth0: because$/],
  ])('says why no address can be added: %j', (options, place, sentence) => {
    for (const host of [
      hostWith(undefined, { lacking: () => 'because' }),
      hostWith(undefined, { support: () => ({ supported: false, reason: 'platform', detail: 'because' }) }),
    ]) {
      expect(() => check(options, host)).toThrow(sentence)
      expect(() => check(options, host)).toThrow(` cannot be added to ${place}: because`)
      expect(() => check(options, host)).toThrow(UsageError)
    }
  })
  it('asks for the right to send frames with arp alone', () => {
    const asked: boolean[] = []
    const host = hostWith(undefined, { lacking: withArp => void asked.push(withArp) })
    check(needed, host)
    check(arp, host)
    expect(asked).toEqual([false, true])
  })
  it('opens the segment with arp, and closes it again', () => {
    const host = hostWith()
    check(needed, host)
    expect(host.opened).toEqual([])
    const { name, warnings } = check(arp, host)
    expect([name, host.opened]).toEqual(['eth0', [1]])
    expect(warnings).toEqual([expect.stringMatching(/^Wi-Fi: .*, interface eth0$/)])
  })
  it('says that frames cannot be sent by the name that the user gave', () => {
    const segment = { ...hostWith().host.segment, ...failing(new Error('EPERM')) } as Host['segment']
    expect(() => check(arp, hostWith(undefined, { segment }))).toThrow(
      /^vip_arp: .*this process may not send frames: EPERM/,
    )
    expect(() => check(arp, hostWith(undefined, { segment }))).toThrow(UsageError)
  })
})

/** The first call for an address fails, and so does opening the segment. */
function failing(error: Error) {
  const fail = (): never => {
    throw error
  }
  return { linuxSupport: fail, open: fail } as unknown as NonNullable<Host['addresses']> // what the check calls
}
