/** The frame budget of docs/leases.md, written here a second time: what is counted on the wire is held to it. */
import type { NodeName } from '../network.ts'
import type { Frame } from './heard.ts'
import { isClaim } from './measure.ts'
import { type SegmentLab, VIPS } from './segment-lab.ts'

/** Frames of one VIP in a time of so many seconds with so many claims. */
function budget(seconds: number, claims: number, framesOfAnnouncement: number) {
  const announcements = 4 * Math.ceil(seconds / 10) + Math.ceil(seconds / 60) + claims
  return { announced: announcements * framesOfAnnouncement, probes: 2 * claims }
}

export interface Count {
  readonly vip: string
  readonly announced: number
  readonly probes: number
}

/** What a node sent for each VIP since then. */
export function countOf(lab: SegmentLab, node: NodeName, at: number): readonly Count[] {
  const own = lab.capture.since(at).filter(({ mac }) => lab.macs[mac] === node)
  return VIPS.map(vip => {
    const frames: readonly Frame[] = own.filter(frame => frame.vip === vip)
    const announced = frames.filter(({ kind }) => isClaim(kind)).length
    return { vip, announced, probes: frames.length - announced }
  })
}

/** @throws Error if a node sent more than its budget allows. */
export function assertBudget(lab: SegmentLab, node: NodeName, at: number, claims: number): readonly Count[] {
  const counts = countOf(lab, node, at)
  const seconds = (Date.now() - at) / 1000
  for (const { vip, announced, probes } of counts) {
    const most = budget(seconds, claims, vip.includes(':') ? 1 : 2)
    if (announced > most.announced || probes > most.probes)
      throw new Error(
        `${node} sent ${announced} frames and ${probes} probes for ${vip} in ${seconds.toFixed(1)} s; the budget has ${most.announced} and ${most.probes}`,
      )
  }
  return counts
}
