/** Whether an interface can have VIPs on its segment. */
import type { Logger } from '@softspoken/session'
import { OptionError } from '@softspoken/wire'
import type { SegmentCalls } from './segment.ts'

/** @throws OptionError */
export function checkSegmentInterface(
  name: string,
  { listInterfaces, isWireless }: Pick<SegmentCalls, 'listInterfaces' | 'isWireless'>,
  log: Logger,
): void {
  const interfaces = listInterfaces()
  const found = interfaces.find(one => one.name === name)
  const refused = (allowed: string): OptionError =>
    new OptionError('address.interface', name, `${allowed}, because of arp`)
  if (!found || found.loopback) throw refused('an interface with neighbours, and not the loopback')
  const master = interfaces.find(({ index }) => index === found.master)
  // A VRF is a routing table: its interfaces keep their addresses.
  if (found.master !== undefined && master?.kind !== 'vrf')
    throw refused(`${master?.name ?? 'the bridge or bond'}, which ${name} is a port of`)
  if (found.noArp || found.mac === undefined) throw refused('an Ethernet interface that resolves addresses')
  if (isWireless(name))
    log.warn({ interface: name }, 'Wi-Fi: an access point may hold back the frames that move the VIP')
}
