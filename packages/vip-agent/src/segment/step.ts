/**
 * The claim of the VIPs on the segment (ARP, NDP) as a pure function:
 *
 *     segmentStep(state, input, now) -> [state, actions]
 *
 * It decides when a leader may add the address, and when a frame is sent. No frame is sent without an action of this file,
 * and never more than budget.ts says. docs/leases.md has the rules.
 */
import {
  BLOCKED_INTERVAL,
  BURST,
  BURST_INTERVAL,
  CLAIM_INTERVAL,
  LOOK_INTERVAL,
  PROBES,
  REFRESH_INTERVAL,
} from './budget.ts'
import type { Claim, SegmentAction, SegmentInput, SegmentState } from './state.ts'

export type SegmentStep = readonly [SegmentState, readonly SegmentAction[]]

/** A holder that released the Lease and named no MAC address may have the address so much longer. */
const RELEASE_DELAY = 1000
/** After the last probe, an answer may come for so long. */
const LAST_ANSWER = PROBES.decideAfter - PROBES.spacing * (PROBES.count - 1)

export function segmentStep(state: SegmentState, input: SegmentInput, now: number): SegmentStep {
  let [next, actions] = apply(state, input, now)
  for (const part of parts) {
    const [after, more] = part(next, now)
    next = after
    actions = [...actions, ...more]
  }
  return [next, actions]
}
const parts = [probe, decide, announce, look] as const

/** When segmentStep(state, { type: 'tick' }, …) next has something to do. */
export function nextSegmentDeadline(state: SegmentState, now: number): number | undefined {
  const { phase, claim, burst } = state
  const all: number[] = []
  if (phase === 'claiming' && claim) {
    if (claim.probes === 0) all.push(claim.startsAt)
    else all.push(claim.lastProbeAt + (claim.probes < PROBES.count ? PROBES.spacing : LAST_ANSWER))
    all.push(claimsAt(state, claim))
  }
  if (phase === 'holding') {
    if (burst) all.push(burst.startedAt + (BURST[burst.sent] ?? 0))
    if (state.burstWaits) all.push(state.lastBurstAt + BURST_INTERVAL)
    if (state.foreign !== undefined) all.push(state.lastLookAt + LOOK_INTERVAL)
    all.push(state.lastAnnouncementAt + REFRESH_INTERVAL)
  }
  const later = all.filter(at => at > now)
  return later.length === 0 ? undefined : Math.min(...later)
}

/** Whether the address may be on the interface. */
export function mayHold({ phase }: SegmentState): boolean {
  return phase === 'claimed' || phase === 'holding'
}

// ---- what happened

function apply(state: SegmentState, input: SegmentInput, now: number): SegmentStep {
  const { phase, claim } = state
  switch (input.type) {
    case 'claim':
      if (phase !== 'idle') return [state, []]
      return [{ ...state, phase: 'claiming', claim: newClaim(state, input, now, now) }, [{ type: 'listen' }]]
    case 'heard':
      if (input.mac === state.mac) return [state, []]
      // What is heard without a probe may be old: an answer to the probes of another node.
      if (phase === 'claiming' && claim && claim.probes > 0)
        return [{ ...state, claim: { ...claim, heard: input.mac } }, []]
      return [phase === 'holding' ? { ...state, foreign: input.mac } : state, []]
    case 'address-set':
      return [phase === 'claimed' ? { ...state, phase: 'holding', burstWaits: true } : state, []]
    case 'address-gone':
      return [phase === 'holding' ? { ...state, phase: 'claimed', ...silent } : state, []]
    case 'link':
      return [link(state, input, now), []]
    case 'confirmed': {
      const { foreign, conflicts } = state
      if (foreign === undefined) return [state, []]
      const defended = { ...state, foreign: undefined, burstWaits: true }
      // Forged frames are not to fill the log.
      if (now < state.lastConflictAt + BURST_INTERVAL) return [defended, []]
      const counted = { ...defended, conflicts: conflicts + 1, lastConflictAt: now }
      return [counted, [{ type: 'conflict', mac: foreign }]]
    }
    case 'let-go':
      if (phase === 'idle') return [state, []]
      return [
        { ...state, phase: 'idle', claim: undefined, blockedBy: undefined, ...silent },
        [{ type: 'end-listening' }],
      ]
    case 'tick':
      return [state, []]
  }
}
const silent = { burst: undefined, burstWaits: false, foreign: undefined } as const

function newClaim(
  { lastClaimAt }: SegmentState,
  { epoch, previous }: Pick<Claim, 'epoch' | 'previous'>,
  since: number,
  earliest: number,
): Claim {
  const startsAt = Math.max(earliest, lastClaimAt + CLAIM_INTERVAL)
  return { epoch, previous, since, startsAt, probes: 0, lastProbeAt: NEVER, heard: undefined, isNew: true }
}
const NEVER = Number.NEGATIVE_INFINITY

function link(
  state: SegmentState,
  { mac, carrier }: Extract<SegmentInput, { type: 'link' }>,
  now: number,
): SegmentState {
  const { phase, claim } = state
  const next = { ...state, mac, carrier }
  const isNews = mac !== state.mac || (carrier && !state.carrier)
  if (!isNews || !canSend(next)) return next
  // Probes that went out before may have reached no node.
  if (phase === 'claiming' && claim)
    return { ...next, claim: newClaim(state, claim, claim.since, Math.max(now, claim.startsAt)) }
  return phase === 'holding' ? { ...next, burstWaits: true } : next
}
function canSend({ mac, carrier }: SegmentState): boolean {
  return carrier && mac !== undefined
}

// ---- the claim

/** A holder that released the Lease and named its MAC address had removed the address before. */
function needsProbes({ claimedEpoch }: SegmentState, { epoch, previous }: Claim): boolean {
  return epoch !== claimedEpoch && !(previous?.released && previous.mac !== undefined)
}

function probe(state: SegmentState, now: number): SegmentStep {
  const { claim } = state
  if (!claim || !canSend(state) || !needsProbes(state, claim)) return [state, []]
  const isDue = now >= claim.startsAt && now >= claim.lastProbeAt + PROBES.spacing
  if (!isDue || claim.probes === PROBES.count || claim.heard !== undefined) return [state, []]
  const lastClaimAt = claim.probes === 0 ? now : state.lastClaimAt
  const probed = { ...claim, probes: claim.probes + 1, lastProbeAt: now }
  return [{ ...state, lastClaimAt, claim: probed }, [{ type: 'probe' }]]
}

function decide(state: SegmentState, now: number): SegmentStep {
  const { phase, claim, config } = state
  if (phase !== 'claiming' || !claim || now < claim.startsAt) return [state, []]
  const { previous, probes, heard, epoch } = claim
  const isProbed = heard !== undefined || (probes === PROBES.count && now >= claim.lastProbeAt + LAST_ANSWER)
  const isNeeded = needsProbes(state, claim)
  if (isNeeded && !(isProbed && canSend(state))) return [state, []] // without carrier no answer arrives
  if (heard !== undefined && previous === undefined && !config.claimInUse) {
    const again = newClaim(state, claim, now, now + BLOCKED_INTERVAL)
    return [{ ...state, blockedBy: heard, claim: again }, []]
  }
  if (now < claimsAt(state, claim)) return [state, []]
  const lastClaimAt = isNeeded ? state.lastClaimAt : now
  const claimed = { ...state, phase: 'claimed', claimedEpoch: epoch, blockedBy: undefined, lastClaimAt } as const
  if (heard === undefined) return [claimed, []]
  return [{ ...claimed, conflicts: state.conflicts + 1 }, [{ type: 'conflict', mac: heard }]]
}

/** The address of the holder before is gone then, for certain. */
function claimsAt({ config, claimedEpoch }: SegmentState, { epoch, previous, since, heard }: Claim): number {
  if (epoch === claimedEpoch || previous === undefined) return since
  if (!previous.released) return since + config.claimDelay
  return heard === undefined ? since : since + RELEASE_DELAY
}

// ---- the frames of a holder

function announce(state: SegmentState, now: number): SegmentStep {
  if (state.phase !== 'holding' || !canSend(state)) return [state, []]
  const starts = state.burstWaits && now >= state.lastBurstAt + BURST_INTERVAL
  const next = starts ? { ...state, burst: { startedAt: now, sent: 0 }, burstWaits: false, lastBurstAt: now } : state
  const { burst, claim, lastAnnouncementAt } = next
  const ofBurst = burst && now >= burst.startedAt + (BURST[burst.sent] ?? 0)
  if (!ofBurst && !claim?.isNew && now < lastAnnouncementAt + REFRESH_INTERVAL) return [next, []]
  // Announcements that are late are one.
  const sent = burst ? BURST.filter(after => now >= burst.startedAt + after).length : 0
  const rest = burst && sent < BURST.length ? { ...burst, sent } : undefined
  return [
    { ...next, burst: rest, claim: claim && { ...claim, isNew: false }, lastAnnouncementAt: now },
    [{ type: 'announce' }],
  ]
}

/** Another node claims a VIP: the Lease says which one holds it. */
function look(state: SegmentState, now: number): SegmentStep {
  if (state.foreign === undefined || now < state.lastLookAt + LOOK_INTERVAL) return [state, []]
  return [{ ...state, lastLookAt: now }, [{ type: 'look' }]]
}
