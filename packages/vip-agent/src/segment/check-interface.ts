/** Whether an interface can have VIPs on its segment. */
import type { NetworkInterface } from '@softspoken/linux'
import { OptionError } from '@softspoken/wire'
import type { SegmentCalls, SegmentOptions } from './segment.ts'

/** @throws OptionError */
export function checkSegmentInterface(
  { interface: name, vips, log }: Pick<SegmentOptions, 'interface' | 'vips' | 'log'>,
  { listInterfaces, isWireless, isReceiveBalanced }: Omit<SegmentCalls, 'isRouter' | 'open'>,
): void {
  const isBalanced = vips.some(({ octets }) => octets.length === 4) && isReceiveBalanced(name)
  const needed =
    neededInstead(name, listInterfaces()) ??
    (isBalanced
      ? 'a bond whose mode is not balance-alb (it would answer each host with the MAC address of another port)'
      : undefined)
  if (needed !== undefined) throw new OptionError('address.interface', name, `${needed}, because of arp`)
  if (isWireless(name))
    log.warn({ interface: name }, 'Wi-Fi: an access point may hold back the frames that move the VIP')
}

/** What has to take the place of the interface; undefined if it can have VIPs. It may become a port of a bridge later. */
export function neededInstead(name: string, interfaces: readonly NetworkInterface[]): string | undefined {
  const found = interfaces.find(one => one.name === name)
  if (!found || found.loopback) return 'an interface with neighbours, and not the loopback'
  const master = interfaces.find(({ index }) => index === found.master)
  // A VRF is a routing table: its interfaces keep their addresses.
  if (found.master !== undefined && master?.kind !== 'vrf')
    return `${master?.name ?? 'the bridge or bond'}, which ${name} is a port of`
  return found.noArp || found.mac === undefined ? 'an Ethernet interface that resolves addresses' : undefined
}
