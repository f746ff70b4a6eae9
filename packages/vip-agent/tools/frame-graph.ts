/**
 * Every state of the claim on the segment, and what each input does in it: the graph that frame-search.ts searches. Time has
 * steps of 50 ms, of which every interval in budget.ts is a multiple.
 *
 * Two states are one if no later frame tells them apart. So times count from now, and only as far back as an interval
 * reaches. Whether a refresh is due is no part of a state: each input has its edges for both.
 *
 * An input is left out if another one has the same frames. Without carrier no frame is sent, as if no tick came; a claim that
 * waits for the address of the holder before is one with a late tick; one with the same epoch is as one after a release;
 * another MAC address of ours is as carrier that comes back.
 */
import { BLOCKED_INTERVAL, BURST, BURST_INTERVAL, CLAIM_INTERVAL, PROBES } from '../src/segment/budget.ts'
import {
  type Claim,
  newSegment,
  type SegmentAction,
  type SegmentConfig,
  type SegmentInput,
  type SegmentState,
} from '../src/segment/state.ts'
import { segmentStep } from '../src/segment/step.ts'

/** Milliseconds of a step of time. */
export const GRID = 50
const OURS = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:02'
/** Before it no interval begins that matters, except that of a refresh. */
const LONG_AGO = -BLOCKED_INTERVAL - GRID
/** The epoch of the last claim. */
const LAST_EPOCH = 1

const claim = (previous: Claim['previous']): SegmentInput => ({ type: 'claim', epoch: 2, previous })
const link = (mac: string, carrier: boolean): SegmentInput => ({ type: 'link', mac, carrier })
const heard: SegmentInput = { type: 'heard', mac: OTHER }
/** What can happen, by name. */
export const inputs = {
  'it claims after a release': [claim({ mac: OTHER, released: true })],
  'it claims after a lease that ended': [claim({ mac: OTHER, released: false })],
  'it claims after no holder': [claim(undefined)],
  'the address is there': [{ type: 'address-set' }],
  'the address is gone': [{ type: 'address-gone' }],
  'another MAC address answers': [heard, { type: 'confirmed' }],
  'carrier comes and goes': [link(OURS, false), link(OURS, true)],
  'carrier is gone': [link(OURS, false)],
  'carrier is there': [link(OURS, true)],
  'the leadership ends': [{ type: 'let-go' }],
  'time passes': [{ type: 'tick' }],
} as const satisfies Readonly<Record<string, readonly SegmentInput[]>>
export type InputName = keyof typeof inputs

/** What was sent in one step. */
export interface Sent {
  readonly probes: number
  readonly announcements: number
  /** Claims that began. */
  readonly claims: number
}
export interface Edge extends Sent {
  readonly to: number
  readonly input: InputName
}
export interface FrameGraph {
  readonly states: readonly SegmentState[]
  /** Of each state, without a refresh that is due, and with one. */
  readonly edges: readonly { readonly early: readonly Edge[]; readonly due: readonly Edge[] }[]
  /** Of each state: which one it is 50 ms later. */
  readonly later: readonly number[]
}

/**
 * `relaxed`: two times of which one is an interval after the other may be in either order, as if each lay anywhere in its
 * 50 ms. Each sequence of events in continuous time then has its own in the graph, with each time rounded down.
 * @throws if a frame is sent by a node that may not send it
 */
export function frameGraph(config: SegmentConfig, allowed: readonly InputName[], relaxed: boolean): FrameGraph {
  const states: SegmentState[] = []
  const numbers = new Map<string, number>()
  const numberOf = (state: SegmentState): number => {
    const normal = normalOf(state)
    const { phase, carrier, burstWaits, burst, claim, lastBurstAt, lastClaimAt } = normal
    const ofClaim = claim && `${Object.values(claim).join()} ${claim.previous?.released}`
    const key = `${phase} ${carrier} ${burstWaits} ${burst?.sent} ${lastBurstAt} ${lastClaimAt} ${ofClaim}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, states.length)
    return states.push(normal) - 1
  }
  numberOf(segmentStep(newSegment(config), link(OURS, true), 0)[0])
  const edges: FrameGraph['edges'][number][] = []
  const later: number[] = []
  for (let at = 0; at < states.length; at++) {
    const state = states[at]!
    const edgesOf = (lastAnnouncementAt: number): Edge[] => {
      const found = new Map<string, Edge>()
      for (const one of relaxed ? nudged({ ...state, lastAnnouncementAt }) : [{ ...state, lastAnnouncementAt }])
        for (const input of allowed) {
          const [next, sent] = run(one, inputs[input])
          const edge = { to: numberOf(next), input, ...sent }
          const key = `${edge.to} ${sent.probes} ${sent.announcements}`
          if ((edge.to !== at || sent.probes + sent.announcements > 0) && !found.has(key)) found.set(key, edge)
        }
      return [...found.values()]
    }
    const early = edgesOf(0)
    edges.push({ early, due: state.phase === 'holding' ? edgesOf(Number.NEGATIVE_INFINITY) : early })
    later.push(numberOf(shifted(state, GRID)))
  }
  return { states, edges, later }
}

function run(state: SegmentState, events: readonly SegmentInput[]): [SegmentState, Sent] {
  let next = state
  const sent = { probes: 0, announcements: 0, claims: 0 }
  for (const event of events) {
    const before = next
    const [after, actions] = segmentStep(before, event, 0)
    next = after
    for (const action of actions) check(action, after)
    sent.probes += actions.filter(({ type }) => type === 'probe').length
    sent.announcements += actions.filter(({ type }) => type === 'announce').length
    if (after.lastClaimAt !== before.lastClaimAt) sent.claims++
  }
  return [next, sent]
}
/** Only a node that holds the VIPs announces, and only one that claims them probes. */
function check({ type }: SegmentAction, { phase, carrier, mac }: SegmentState): void {
  const isWrong = (type === 'announce' && phase !== 'holding') || (type === 'probe' && phase !== 'claiming')
  const isSent = type === 'announce' || type === 'probe'
  if (isWrong || (isSent && !(carrier && mac !== undefined))) throw new Error(`${type} while ${phase}`)
}

/** The state `by` milliseconds later. */
function shifted(state: SegmentState, by: number): SegmentState {
  const { burst, claim } = state
  return {
    ...state,
    lastBurstAt: state.lastBurstAt - by,
    lastClaimAt: state.lastClaimAt - by,
    burst: burst && { ...burst, startedAt: burst.startedAt - by },
    claim: claim && {
      ...claim,
      since: claim.since - by,
      startsAt: claim.startsAt - by,
      lastProbeAt: claim.lastProbeAt - by,
    },
  }
}
function normalOf(state: SegmentState): SegmentState {
  const { phase, mac, carrier, claim, burst, burstWaits } = state
  const since = (time: number, longAgo: number) => Math.max(Math.floor(time / GRID) * GRID, longAgo)
  const lastBurstAt = since(state.lastBurstAt, -BURST_INTERVAL - GRID)
  return {
    ...newSegment(state.config),
    mac: OURS,
    carrier: carrier && mac !== undefined,
    phase,
    claimedEpoch: LAST_EPOCH,
    burst: burst && { startedAt: lastBurstAt, sent: burst.sent },
    burstWaits,
    lastBurstAt,
    lastClaimAt: since(state.lastClaimAt, -CLAIM_INTERVAL - GRID),
    lastAnnouncementAt: 0,
    claim: claim && {
      ...{ probes: 0, heard: undefined, previous: undefined, epoch: LAST_EPOCH, isNew: claim.isNew },
      ...{ since: LONG_AGO, startsAt: 0, lastProbeAt: 0 },
      ...(phase === 'claiming' && {
        epoch: claim.epoch,
        previous: claim.previous,
        startsAt: since(claim.startsAt, -GRID),
        probes: claim.probes,
        lastProbeAt: claim.probes === 0 ? LONG_AGO : since(claim.lastProbeAt, -PROBES.decideAfter),
        heard: claim.heard,
      }),
    },
  }
}

/** The state, and the same one with each time that is an interval ago a little less long ago, in every combination. */
function nudged(state: SegmentState): SegmentState[] {
  const changes: ((one: SegmentState) => SegmentState)[] = []
  const { lastBurstAt, burst, claim, phase } = state
  const isAt = (time: number, ...intervals: readonly number[]) => intervals.includes(-time)
  if (isAt(lastBurstAt, ...BURST.filter(after => after > 0), BURST_INTERVAL))
    changes.push(one => ({
      ...one,
      lastBurstAt: lastBurstAt + 1,
      burst: burst && { ...burst, startedAt: lastBurstAt + 1 },
    }))
  const ofClaim = (change: Partial<Claim>) =>
    changes.push(one => ({ ...one, claim: one.claim && { ...one.claim, ...change } }))
  if (phase === 'claiming' && claim) {
    if (isAt(claim.startsAt, 0)) ofClaim({ startsAt: claim.startsAt + 1 })
    if (isAt(claim.lastProbeAt, PROBES.spacing, PROBES.decideAfter - PROBES.spacing))
      ofClaim({ lastProbeAt: claim.lastProbeAt + 1 })
  }
  let all = [state]
  for (const change of changes) all = all.concat(all.map(change))
  return all
}
