import type { Packet } from '../capture.ts'
import type { Outage } from './outages.ts'

/** One outage of one speaker. */
export interface Recovery extends Outage {
  speaker: string
  /** From the router's recovery to the UPDATE with the route. Undefined if there was none until the end. */
  after: number | undefined
}

/**
 * The seconds from each recovery to the first UPDATE with a route towards the address that recovered.
 * @param log what recovering-router.ts printed
 * @throws Error if the router has a route that is not in the capture
 */
export function recoveries(
  packets: readonly Packet[],
  { speaker, outages, log }: { speaker: string; outages: readonly Outage[]; log: string },
): Recovery[] {
  const lines = log.split('\n').map(line => line.split(' '))
  const recovered = new Map(
    lines.flatMap(([what, address = '', time]) => (what === 'recovered' ? [[address, Number(time)] as const] : [])),
  )
  const routed = new Set(lines.flatMap(([what, address]) => (what === 'routed' ? [address] : [])))
  const updates = packets.filter(({ routes }) => routes.length > 0)
  return outages.map(outage => {
    const { address } = outage
    const since = recovered.get(address) ?? Number.POSITIVE_INFINITY
    const update = updates.find(({ to, time }) => to.startsWith(`${address}.`) && time >= since)
    if (update === undefined && routed.has(address))
      throw new Error(`The capture has lost packets: ${speaker} has sent the route to ${address}`)
    return { ...outage, speaker, after: update && update.time - since }
  })
}
