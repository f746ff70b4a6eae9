/** Whether the options ask for BGP: always without ARP, and with ARP if an option of BGP is given. */
import type { OptionName } from './options.ts'

export const ofBgp: readonly OptionName[] = [
  ...(['localAs', 'routerId', 'peer', 'peerAs', 'port', 'peers', 'localAddress', 'holdTime', 'tcpMd5Key'] as const),
  ...(['tcpMd5KeyFile', 'ttlSecurity', 'multihop', 'bindDevice', 'withoutCapabilities', 'backOff'] as const),
  ...(['nextHop', 'med', 'localPref', 'community', 'largeCommunity', 'prepend'] as const),
  ...(['drainTime', 'gracefulShutdownTime'] as const),
]

/** `values` are the options, or what was given of them. */
export function usesBgp(values: Partial<Record<OptionName, unknown>>, arp: unknown = values.arp): boolean {
  return arp !== true || ofBgp.some(name => values[name] !== undefined)
}
