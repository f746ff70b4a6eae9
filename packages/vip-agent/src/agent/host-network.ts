/** What the agent sees of this host's network: which interface has an address, its carrier, and changes of both. */
import {
  hasAddress,
  isOwnAddress,
  linuxSupport,
  listAddresses,
  listInterfaces,
  type NetworkChange,
  watchNetwork,
} from '@softspoken/linux'
import { parseAddress } from '@softspoken/wire'

export interface HostNetwork {
  /** The name of the interface that has this address; undefined if it is not known. */
  interfaceOf(address: string): string | undefined
  /** Undefined if it is not known. */
  hasCarrier(interfaceName: string): boolean | undefined
  /** Whether an interface of this host has this address. */
  hasAddress(address: string): boolean
  /** Calls back after a change, once for changes that come together; undefined if this host does not report changes. Returns the function that ends this. */
  watch(onChange: () => void): (() => void) | undefined
}

/** Through rtnetlink(7). Without koffi it only knows whether the host has an address. */
export function hostNetwork(): HostNetwork {
  const isSupported = linuxSupport().supported
  const octetsOf = (address: string): Uint8Array => parseAddress(address.split('%')[0]!, 'address') // without its zone
  return {
    interfaceOf(address) {
      if (!isSupported) return undefined
      const octets = octetsOf(address)
      const [, zone] = address.split('%') // several interfaces may have one link-local address
      const has = listAddresses().filter(one => Buffer.compare(one.address, octets) === 0)
      return has.find(one => zone === undefined || one.interface === zone)?.interface
    },
    hasCarrier(name) {
      if (!isSupported) return undefined
      return listInterfaces().some(one => one.name === name && one.carrier)
    },
    hasAddress: address => hasAddress(octetsOf(address)) === true,
    watch: onChange => (isSupported ? watchNetwork(exceptRenewals(oncePerTurn(onChange))) : undefined),
  }
}

/**
 * Runs it at each change but the renewals of VIPs, which come every few seconds: a look at a host with hundreds of interfaces
 * takes milliseconds.
 */
export function exceptRenewals(run: () => void): (change: NetworkChange) => void {
  const known = new Set<string>() // the addresses that are there in our form
  return change => {
    if (change.type === 'look-again') known.clear()
    if ('address' in change) {
      const { interfaceIndex, address } = change.address
      const key = `${interfaceIndex} ${address}`
      const isOurs = change.type === 'address-set' && isOwnAddress(change.address)
      if (isOurs && known.has(key)) return
      if (isOurs) known.add(key)
      else known.delete(key)
    }
    run()
  }
}

/**
 * Runs it once for all calls of this turn of the event loop. A host with hundreds of interfaces may report hundreds of changes
 * at once, and a look at all of them takes milliseconds.
 */
export function oncePerTurn(run: () => void): () => void {
  let waits = false
  return () => {
    if (waits) return
    waits = true
    setImmediate(() => {
      waits = false
      run()
    })
  }
}
