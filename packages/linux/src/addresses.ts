/** The addresses of this host, with rtnetlink(7): listed, added with a lifetime, renewed and removed. */
import {
  addressIn,
  encodeRemoveAddress,
  encodeSetAddress,
  type HostAddress,
  RTM_DELADDR,
  RTM_NEWADDR,
} from './address-message.ts'
import { assertAddress, assertInteger, assertInterfaceName, assertObject } from './arguments.ts'
import { AF_UNSPEC } from './constants.ts'
import { interfaceIndex, interfaceName } from './interface-name.ts'
import { systemError, withDetail } from './libc.ts'
import { NETLINK_ROUTE, NLM_F_ACK, NLM_F_DUMP, netlinkRequest } from './netlink-socket.ts'
import { promotesSecondaries, secondariesOf } from './secondaries.ts'

const RTM_GETADDR = 22
const NLM_F_REPLACE = 0x100
const NLM_F_CREATE = 0x400
const EBUSY = 16
const MAX_LIFETIME = 0xffffffff - 1 // seconds; the next number means for ever

/** What setAddress() and removeAddress() need. */
export interface InterfaceAddress {
  /** The name of the interface. */
  readonly interface: string
  /** 4 or 16 octets. */
  readonly address: Uint8Array
}

/**
 * Lists all IPv4 and IPv6 addresses, also those of interfaces that are down. It needs no rights and does not wait.
 * @throws Error with `code`, `errno` and `syscall`; Error if `linuxSupport()` reports no support.
 */
export function listAddresses(): readonly HostAddress[] {
  const messages = netlinkRequest(NETLINK_ROUTE, {
    name: 'RTM_GETADDR',
    type: RTM_GETADDR,
    flags: NLM_F_DUMP,
    body: Uint8Array.of(AF_UNSPEC, 0, 0, 0, 0, 0, 0, 0),
  })
  const names = new Map<number, string | undefined>()
  return messages.flatMap(message => addressIn(message, nameOf) ?? [])

  function nameOf(index: number): string | undefined {
    if (!names.has(index)) names.set(index, interfaceName(index))
    return names.get(index)
  }
}

/**
 * Adds an address that the kernel removes by itself, or renews it: RTM_NEWADDR. An IPv4 address becomes a /32 of scope host,
 * an IPv6 address a /128 without duplicate address detection; neither is chosen as a source address, and neither has a
 * route beside its local one. It is marked with {@link ADDRESS_PROTOCOL}. It needs CAP_NET_ADMIN, and it waits while another
 * process changes interfaces.
 *
 * An IPv4 address is usable at once, an IPv6 address a moment later: the kernel makes its route in a queue.
 *
 * A renewal changes neither scope nor prefix length. If the address has another form (`isOwnAddress()` is false), remove
 * that form first: a /32 keeps its scope, and a /24 stays beside ours for ever.
 * @param form `validLifetime`: whole seconds, 1 or more. The kernel removes the address up to a second later; it does not count the
 * time that the machine sleeps.
 * @throws Error with `code`, `errno` and `syscall`, such as EPERM, ENODEV, or EACCES if IPv6 is off on the interface;
 * RangeError for an argument that is not allowed; Error if `linuxSupport()` reports no support.
 */
export function setAddress(form: InterfaceAddress & { readonly validLifetime: number }): void {
  assertObject('the argument', form)
  const { interface: name, address, validLifetime } = form
  assertInterfaceName(name)
  assertAddress(address)
  assertInteger('validLifetime', validLifetime, 1, MAX_LIFETIME, 'whole seconds')
  netlinkRequest(NETLINK_ROUTE, {
    name: 'RTM_NEWADDR',
    type: RTM_NEWADDR,
    flags: NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE,
    ...encodeSetAddress(interfaceIndex(name), address, validLifetime),
  })
}

/**
 * Removes one form of an address: RTM_DELADDR. Its TCP connections stay open and are silent; see `destroyConnections()`.
 * It needs CAP_NET_ADMIN. No other address goes with it: if the kernel would remove others, this throws.
 * @param form An address from `listAddresses()`, or the interface, the address and its prefix length.
 * @returns Whether it was there.
 * @throws Error with `code`, `errno` and `syscall`: EPERM, or EBUSY if other addresses would go with it; RangeError for
 * an argument that is not allowed; Error if `linuxSupport()` reports no support.
 */
export function removeAddress(form: InterfaceAddress & Pick<HostAddress, 'prefixLength' | 'peer'>): boolean {
  assertObject('the argument', form)
  assertInterfaceName(form.interface)
  assertAddress(form.address)
  assertInteger('prefixLength', form.prefixLength, 0, form.address.length * 8)
  assertAlone(form)
  try {
    netlinkRequest(NETLINK_ROUTE, {
      name: 'RTM_DELADDR',
      type: RTM_DELADDR,
      flags: NLM_F_ACK,
      ...encodeRemoveAddress(interfaceIndex(form.interface), form),
    })
    return true
  } catch (error) {
    if (absent.includes((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

/** @throws Error with the code EBUSY if the kernel would remove other addresses with this one. */
function assertAlone(form: InterfaceAddress & Pick<HostAddress, 'prefixLength'>): void {
  if (form.address.length !== 4 || form.prefixLength === 32 || promotesSecondaries(form.interface)) return
  const [other] = secondariesOf(form, listAddresses())
  if (other === undefined) return
  const detail = `${other.address.join('.')} would go with it; set net.ipv4.conf.${form.interface}.promote_secondaries to 1`
  throw withDetail(systemError('RTM_DELADDR', EBUSY), detail)
}

const absent = ['EADDRNOTAVAIL', 'ENODEV'] // no such address, no such interface
