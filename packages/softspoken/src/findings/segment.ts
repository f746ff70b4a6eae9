/** With ARP: whether the gateway answers on the interface of the VIPs, and which hosts have the VIPs now. Each is asked by two probes. */
import { readFileSync } from 'node:fs'
import { hostRoute } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { askSegment } from '@softspoken/vip-agent/internal'
import { formatAddress } from '@softspoken/wire'
import { hasCapability } from '../config/capabilities.ts'
import type { ProgramOptions } from '../config/options.ts'
import type { Findings } from './finding.ts'
import { defaultRowsIn, NO_ADDRESS, rowsOf } from './route-table.ts'

/** What a test replaces. */
export type SegmentCalls = typeof segmentCalls
const segmentCalls = { hasCapability, askSegment, read: (file: string) => readFileSync(file, 'latin1') }

/** `interfaceName`: the VIPs are added to it. */
export async function segmentFindings(
  { arp, prefix }: ProgramOptions,
  interfaceName: string | undefined,
  calls: SegmentCalls = segmentCalls,
): Promise<Findings> {
  if (!arp || interfaceName === undefined || !calls.hasCapability('NET_RAW')) return { lines: [], warnings: [] }
  const vips = prefix.map(one => hostRoute(one).address)
  const gateways = gatewaysOf(vips, interfaceName, calls)
  const none = `Gateway: none is asked, because no default route leaves by ${interfaceName}`
  try {
    const found = await Promise.all([
      ...gateways.map(gateway => gatewayFindings(gateway, interfaceName, calls)),
      ...vips.map(vip => vipFindings(vip, interfaceName, calls)),
    ])
    return {
      lines: [...(gateways.length === 0 ? [none] : []), ...found.flatMap(({ lines }) => lines)],
      warnings: found.flatMap(({ warnings }) => warnings),
    }
  } catch (error) {
    return { lines: [`Segment: ${interfaceName} cannot be asked now, ${errorText(error)}`], warnings: [] }
  }
}

async function gatewayFindings(gateway: string, name: string, { askSegment }: SegmentCalls): Promise<Findings> {
  const { answers } = await askSegment(gateway, name)
  if (answers.length > 0)
    return { lines: [`Gateway: ${gateway} answers on ${name}, from ${macs(answers)}`], warnings: [] }
  return {
    lines: [`Gateway: ${gateway} does not answer on ${name}`],
    warnings: [
      `the gateway ${gateway} does not answer on ${name} within 1 s, so hosts behind it may not reach the VIP: look for a wrong VLAN or a wrong cable`,
    ],
  }
}

/** A holder may be right or wrong: the Lease names it, and `check --arp` asks again. */
async function vipFindings(vip: string, name: string, { askSegment }: SegmentCalls): Promise<Findings> {
  const { own, answers } = await askSegment(vip, name)
  const holders = [...(own === undefined ? [] : ['this host']), ...(answers.length > 0 ? [macs(answers)] : [])]
  return { lines: [`Segment: ${holders.join(', ') || 'no host'} answers for ${vip} on ${name}`], warnings: [] }
}

/** A host can forge frames of any number of MAC addresses. */
export const MOST_MACS = 8
function macs(answers: Awaited<ReturnType<typeof askSegment>>['answers']): string {
  const more = answers.length - MOST_MACS
  const shown = answers.slice(0, MOST_MACS).map(({ mac }) => mac)
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** Those of the families of the VIPs. */
function gatewaysOf(vips: readonly string[], name: string, { read }: SegmentCalls): readonly string[] {
  const families = [
    { has: vips.some(vip => !vip.includes(':')), file: '/proc/net/route', gateways: gatewaysIn },
    { has: vips.some(vip => vip.includes(':')), file: '/proc/net/ipv6_route', gateways: gatewaysIn6 },
  ]
  return families.flatMap(({ has, file, gateways }) => {
    try {
      return has ? [...new Set(gateways(read(file), name))] : []
    } catch {
      return [] // without that family, or a container that hides it
    }
  })
}

/** `table`: the text of /proc/net/route, whose addresses are in the order of the host's octets. */
export function gatewaysIn(table: string, interfaceName: string): readonly string[] {
  return defaultRowsIn(table)
    .filter(([name, , gateway]) => name === interfaceName && gateway !== NO_ADDRESS)
    .map(([, , gateway = '']) => formatAddress(new Uint8Array(Uint32Array.of(Number(`0x${gateway}`)).buffer)))
}

/** `table`: the text of /proc/net/ipv6_route: destination, length, source, length, next hop, …, interface. */
export function gatewaysIn6(table: string, interfaceName: string): readonly string[] {
  return rowsOf(table)
    .filter(
      ([, length, , , nextHop = '', ...rest]) =>
        rest.at(-1) === interfaceName && length === '00' && /[^0]/.test(nextHop),
    )
    .map(([, , , , nextHop = '']) => formatAddress(Buffer.from(nextHop, 'hex')))
}
