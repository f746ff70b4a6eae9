/** The VIPs on an interface through rtnetlink(7). No other address is ever changed. */
import type { HostRoute } from '@softspoken/announcer'
import {
  ADDRESS_PROTOCOL,
  destroyConnections,
  type HostAddress,
  holdName,
  isOwnAddress,
  linuxSupport,
  listAddresses,
  listInterfaces,
  removeAddress,
  setAddress,
  subnetContains,
} from '@softspoken/linux'
import type { Logger } from '@softspoken/session'
import { assertBoolean, assertString, errorText, rejectUnknown } from '@softspoken/session/internal'
import { OptionError, parseAddress } from '@softspoken/wire'
import { chooseInterface, type HostState, type Vip } from './choose-interface.ts'
import { hasNoOtherAddress, isFormOf, onlyAddressError } from './only-address.ts'
import type { VipInterface } from './vip-interface.ts'

/** How the agent itself adds the VIPs; needs Linux, koffi and CAP_NET_ADMIN. */
export interface AddressOptions {
  /**
   * The interface. Default `lo`, which is right for BGP. `auto`: the one that is up and whose own subnet contains the VIPs. A
   * list takes the first that exists, and `*` stands for any characters: `bond0.48,eno*`.
   */
  interface?: string
  /**
   * Another form of a VIP that is already on an interface is removed before the VIP is added. Default false: the agent
   * refuses to start.
   */
  replaceAddress?: boolean
}

/** The system calls, which a test replaces. */
export type AddressCalls = typeof systemCalls
const systemCalls = {
  linuxSupport,
  listAddresses,
  listInterfaces,
  setAddress,
  removeAddress,
  destroyConnections,
  holdName,
}

/** Another agent has a VIP in this network namespace. It may have ended at the next start. */
export class VipHeldError extends Error {
  constructor(vip: string) {
    super(
      `another VIP agent on this host has ${vip}: stop one of the two (as root, ss -xlp shows its process beside @${nameOf(vip)})`,
    )
  }
}

export class VipAddresses implements VipInterface {
  /** The interface that was chosen. */
  readonly interface: string
  readonly vips: readonly Vip[]
  readonly #replaces: boolean
  readonly #calls: AddressCalls
  readonly #log: Logger
  readonly #held: (() => void)[] = []

  /** @throws OptionError */
  constructor(routes: readonly HostRoute[], options: AddressOptions, log: Logger, calls: AddressCalls = systemCalls) {
    rejectUnknown(options, ['interface', 'replaceAddress'], 'address')
    const { interface: given = 'lo', replaceAddress = false } = options
    this.#replaces = assertBoolean(replaceAddress, 'address.replaceAddress')
    assertString(given, 'address.interface', 'lo')
    const support = calls.linuxSupport()
    if (!support.supported)
      throw new OptionError(
        'address',
        options,
        `'none', because the agent cannot add addresses here: ${support.detail}`,
      )
    this.#calls = calls
    this.#log = log
    this.vips = routes.map(({ address }) => ({ text: address, octets: parseAddress(address, 'vips') }))
    const host: HostState = { interfaces: calls.listInterfaces(), addresses: calls.listAddresses() }
    this.interface = chooseInterface(given, this.vips, host)
    for (const [at, vip] of this.vips.entries()) this.#checkVip(vip, `vips[${at}]`, host, log)
  }

  /**
   * Two agents would remove the VIPs that the other one has added. If a name cannot be held for another reason, the agent runs.
   * @throws VipHeldError
   */
  hold(): void {
    for (const { text } of this.vips) {
      const letGo = this.#letGoOf(text)
      if (letGo) this.#held.push(letGo)
      else {
        this.letGo()
        throw new VipHeldError(text)
      }
    }
  }
  /** Ends what hold() began. */
  letGo(): void {
    for (const letGo of this.#held.splice(0)) letGo()
  }

  async set(validLifetime: number): Promise<void> {
    this.#remove(form => !isOwnAddress(form) || form.interface !== this.interface)
    for (const { octets } of this.vips)
      this.#calls.setAddress({ interface: this.interface, address: octets, validLifetime })
  }
  async remove(): Promise<void> {
    this.#remove(() => true)
  }

  /** Every VIP is on the interface, in our form. */
  get present(): boolean {
    const own = this.#calls.listAddresses().filter(form => form.interface === this.interface && isOwnAddress(form))
    return this.vips.every(vip => own.some(form => isFormOf(vip, form)))
  }

  /** A VIP that another program has added to an interface of this node. */
  get foreign(): { readonly vip: string; readonly interface: string } | undefined {
    for (const form of this.#calls.listAddresses()) {
      const vip = this.vips.find(one => isFormOf(one, form))
      if (vip && !isOurs(form)) return { vip: vip.text, interface: form.interface }
    }
    return undefined
  }

  /** Resets the TCP connections of the VIPs, so that their clients connect again at once. */
  destroyConnections(): void {
    for (const { octets } of this.vips) this.#calls.destroyConnections(octets)
  }

  /** Undefined: another agent has it. */
  #letGoOf(vip: string): (() => void) | undefined {
    try {
      return this.#calls.holdName(nameOf(vip))
    } catch (error) {
      this.#log.warn(
        { vip, error: errorText(error) },
        'whether another VIP agent on this host has the VIP is not known',
      )
      return () => {}
    }
  }
  /** Removes the forms of the VIPs that are ours to remove, and that `chosen` names. */
  #remove(chosen: (form: HostAddress) => boolean): void {
    for (const form of this.#calls.listAddresses())
      if (this.vips.some(vip => isFormOf(vip, form)) && (this.#replaces || isOurs(form)) && chosen(form))
        this.#calls.removeAddress(form)
  }

  #checkVip(vip: Vip, option: string, { addresses, interfaces }: HostState, log: Logger): void {
    const loopbacks = interfaces.filter(({ loopback }) => loopback).map(({ name }) => name)
    const foreign = addresses.find(form => isFormOf(vip, form) && !isOurs(form))
    if (foreign && hasNoOtherAddress(vip, this.vips, { addresses, interfaces })) throw onlyAddressError(option, vip)
    if (foreign && !this.#replaces)
      throw new OptionError(
        option,
        vip.text,
        `on no interface yet, but ${foreign.interface} has it as /${foreign.prefixLength}: remove it, or give replaceAddress: true`,
      )
    const edge = addresses.find(one => one.interface === this.interface && isEdgeOf(one, vip.octets))
    if (edge)
      throw new OptionError(
        option,
        vip.text,
        `an address that a host can have, and not the first or the last one of the subnet of ${this.interface} (/${edge.prefixLength})`,
      )
    const subnet = addresses.find(one => !loopbacks.includes(one.interface) && subnetContains(one, vip.octets))
    if (subnet && loopbacks.includes(this.interface))
      log.warn(
        { vip: vip.text, interface: subnet.interface },
        'the VIP is in the subnet of an interface: its neighbours look for it there, and not at the router',
      )
  }
}

function nameOf(vip: string): string {
  return `softspoken-${vip}`
}

/** Its broadcast address, or the one that means the subnet: in IPv6 that of all its routers (RFC 4291 §2.6.1). */
function isEdgeOf(subnet: HostAddress, octets: Uint8Array): boolean {
  const hostBits = octets.length * 8 - subnet.prefixLength
  if (hostBits < 2 || !subnetContains(subnet, octets)) return false // RFC 3021, RFC 6164: two addresses, both of hosts
  const text = Array.from(octets, octet => octet.toString(2).padStart(8, '0')).join('')
  const host = text.slice(-hostBits)
  return !host.includes('1') || (octets.length === 4 && !host.includes('0'))
}

/** A process of this program added it. Linux before 5.18 keeps no mark; then its form shows it. */
function isOurs(form: HostAddress): boolean {
  return form.protocol === ADDRESS_PROTOCOL || isOwnAddress(form)
}
