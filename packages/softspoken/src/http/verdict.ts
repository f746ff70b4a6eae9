/** The first thing that the page and the command `status` say: whether the VIP is announced, and if not, why and what to do. */
import type { AnnouncerStatus } from '@softspoken/announcer'
import type { AgentStatus } from '@softspoken/vip-agent'

export interface Verdict {
  /** `good`: all is as configured. `part`: announced, here or by another node, and something is missing. `note`: not announced, as it should be now. */
  readonly kind: 'good' | 'part' | 'note' | 'bad'
  /** A few words. */
  readonly headline: string
  readonly detail: string
  /** What a person can do. */
  readonly advice?: string | undefined
}

/** What a verdict is about: parts of the answer of /status. */
export interface Judged {
  readonly announcements: AnnouncerStatus['announcements']
  readonly withheld: AnnouncerStatus['withheld']
  readonly peers: readonly JudgedPeer[]
  readonly agent?: AgentStatus & {
    readonly nodeName: string
    readonly election?: JudgedElection
    readonly vips?: Readonly<Record<string, { readonly detail: string; readonly hints?: readonly string[] }>>
  }
}
type JudgedPeer = Pick<AnnouncerStatus['peers'][number], 'sent' | 'unsendable' | 'state'> & {
  readonly peer: { readonly address: string }
  readonly lastFailure?: { readonly detail: string; readonly hint?: string | undefined }
}
/** In seconds. */
interface JudgedElection {
  readonly leaseDuration?: number
  readonly seen?: { readonly secondsSinceChange: number; readonly secondsSinceSeen: number }
}
type Agent = NonNullable<Judged['agent']>

export function verdict(status: Judged): Verdict {
  const { announcements, withheld, agent } = status
  const vips = [...announcements, ...Object.keys(withheld)].join(', ')
  if (vips === '') return { kind: 'note', headline: 'No route', detail: 'No route is configured now.' }
  if (agent?.drained && agent.role === 'leader') return lastResort(inService(status, vips), agent, agent.drained)
  return agent?.drained ? outOfService(status, vips, agent, agent.drained) : inService(status, vips)
}

function inService(status: Judged, vips: string): Verdict {
  const { announcements, withheld, agent } = status
  const sent = announced(status, announcements.join(', '))
  const [held] = Object.entries(withheld)
  if (held === undefined || (announcements.length > 0 && sent.kind === 'bad')) return sent
  const [prefix, { detail }] = held
  if (announcements.length > 0) return { kind: 'part', headline: 'Partly withheld', detail: `${prefix}, ${detail}` }
  const why = agent === undefined ? undefined : whyWithheld(status, vips, agent)
  return why ?? { kind: 'bad', headline: 'Withheld', detail: `${vips}, ${detail}`, advice: adviceFor(agent) }
}

/** A leader hands over before it is out of service, so one that is drained and leads is cordoned and the last resort. */
function lastResort(leads: Verdict, { nodeName }: Agent, drained: Drained): Verdict {
  if (leads.kind !== 'good') return leads
  const detail = `${leads.detail} But ${drained.detail}`
  return { kind: 'part', headline: 'Last resort', detail, advice: uncordon(nodeName) }
}
function uncordon(nodeName: string): string {
  return `kubectl uncordon ${nodeName} puts the node into service`
}

function outOfService({ announcements }: Judged, vips: string, agent: Agent, drained: Drained): Verdict {
  const { reason, detail } = drained
  const why = `${vips}, ${detail}`
  if (announcements.length > 0)
    return { kind: 'note', headline: 'Hands over', detail: `${vips} is announced until another node leads: ${detail}` }
  if (reason === 'drain-unknown')
    return { kind: 'bad', headline: 'Out of service', detail: why, advice: advice['drain-unknown'] }
  if (reason === 'drained')
    return {
      kind: 'note',
      headline: 'Drained',
      detail: why,
      advice: 'softspoken resume puts the node into service',
    }
  const { mode, serves, holder, nodeName, lastElectionFailure } = agent
  // As the last resort it campaigns.
  if (mode === 'leader' && serves.reason === 'cordoned' && holder === undefined) {
    const none = noLeader(lastElectionFailure?.detail)
    const headline = 'Cordoned, no leader'
    return { kind: 'bad', headline, detail: `${why}. ${none.detail}`, advice: none.advice ?? uncordon(nodeName) }
  }
  return { kind: 'note', headline: 'Cordoned', detail: why, advice: uncordon(nodeName) }
}
type Drained = NonNullable<AgentStatus['drained']>

/** Undefined if the reason of the withheld route says it all. */
function whyWithheld({ peers }: Judged, vips: string, agent: Agent): Verdict | undefined {
  const { arp, mode, role, holder, serves, lastElectionFailure, election } = agent
  if (arp?.blockedBy !== undefined) {
    const detail = `${vips} is on another host, with the MAC address ${arp.blockedBy}.`
    return { kind: 'bad', headline: 'Blocked', detail, advice: advice['address-in-use'] }
  }
  if (serves.reason === 'starting')
    return { kind: 'note', headline: 'Starts', detail: `${vips} waits: ${serves.detail}.` }
  if (serves.reason === 'stopping') return { kind: 'note', headline: 'Stops', detail: `${vips}, ${serves.detail}.` }
  if (serves.reason === 'no-session') return noSession(peers, vips, serves.detail)
  if (serves.reason !== undefined || mode !== 'leader') return undefined
  if (role === 'leader')
    return arp?.why && { kind: 'note', headline: 'Claims', detail: `${vips} is claimed now: ${arp.why.detail}.` }
  if (holder === undefined) return noLeader(lastElectionFailure?.detail)
  if (lastElectionFailure !== undefined) return cannotLead(`${holder} leads`, lastElectionFailure.detail)
  const since = secondsStale(election)
  if (since === undefined)
    return unanswered(agent) ?? { kind: 'note', headline: 'Stands by', detail: `${holder} leads, this node follows.` }
  const detail = `the Lease names ${holder}, which has not renewed it for ${since} s.`
  return { kind: 'bad', headline: 'No leader', detail, advice: staleAdvice }
}
/** The probes of this node do not reach a VIP that another node holds. */
function unanswered({ vips = {} }: Agent): Verdict | undefined {
  const failing = Object.values(vips).find(({ hints }) => hints !== undefined)
  if (failing === undefined) return undefined
  const { detail, hints = [] } = failing
  const advice = hints.find(hint => hint.startsWith('on the router')) ?? hints[0]
  return { kind: 'bad', headline: 'VIP does not answer', detail: `${detail}.`, advice }
}
/** This node would lead by now, if the Lease had no longer duration than its own. */
function secondsStale({ leaseDuration = 15, seen }: JudgedElection = {}): number | undefined {
  if (seen === undefined || seen.secondsSinceSeen > leaseDuration) return undefined
  return seen.secondsSinceChange > 3 * leaseDuration + CLAIM ? Math.round(seen.secondsSinceChange) : undefined
}
/** Seconds that a claim may take after the end of a lease. */
const CLAIM = 10
const staleAdvice = 'look at that node; if it is down, set leaseDurationSeconds of the Lease to that of the other nodes'
function cannotLead(but: string, failure: string): Verdict {
  const detail = `${but}. The election fails: ${failure}`
  return { kind: 'part', headline: 'Cannot lead', detail, advice: electionAdvice }
}
/** The first router that failed says more. */
function noSession(peers: Judged['peers'], vips: string, detail = ''): Verdict {
  const failed = peers.find(({ state, lastFailure }) => state !== 'Established' && lastFailure !== undefined)
  const why = failed && `; ${failed.peer.address}: ${failed.lastFailure?.detail}`
  return {
    kind: 'bad',
    headline: 'Withheld',
    detail: `${vips}, ${detail}${why ?? ''}`,
    advice: failed?.lastFailure?.hint,
  }
}
function noLeader(failure: string | undefined): Verdict {
  const detail =
    failure === undefined ? 'No node is known to lead; this one campaigns.' : `The election fails: ${failure}`
  return { kind: 'bad', headline: 'No leader', detail, ...(failure !== undefined && { advice: electionAdvice }) }
}

function announced({ announcements, peers, agent }: Judged, vips: string): Verdict {
  const { arp, role, holder, lastElectionFailure } = agent ?? {}
  if (peers.length === 0)
    return { kind: 'good', headline: 'Claimed', detail: `${vips} on ${placeOf(agent)}${leads(agent)}.` }
  const without = peers.filter(({ sent }) => !announcements.every(one => sent.includes(one)))
  const [first] = without
  const count = `${peers.length - without.length} of ${peers.length}`
  if (first !== undefined) {
    const isNone = without.length === peers.length
    return {
      kind: isNone ? 'bad' : 'part',
      headline: isNone ? 'Not sent' : `Sent to ${count} routers`,
      ...missing(first, vips, isNone),
    }
  }
  const failure = lastElectionFailure?.detail
  const to = `${vips} to ${peers.map(({ peer }) => peer.address).join(', ')}`
  if (role === 'standby' && holder === undefined) {
    const { detail, advice } = noLeader(failure)
    return { kind: 'part', headline: 'Sent, no leader', detail: `${to}. ${detail}`, advice }
  }
  if (failure !== undefined) return cannotLead(to, failure)
  if (arp?.holds === false)
    return {
      kind: 'part',
      headline: 'Not claimed',
      detail: `${to}, not on the segment: ${arp.why?.detail ?? 'unclaimed'}`,
    }
  const headline = peers.length === 1 ? 'Sent' : `Sent to ${peers.length} routers`
  return { kind: 'good', headline, detail: `${to}${leads(agent)}.` }
}
function missing({ peer, state, unsendable, lastFailure }: JudgedPeer, vips: string, isNone: boolean) {
  const [cause] = Object.values(unsendable)
  const failure = state === 'Established' ? undefined : lastFailure
  const why = cause?.detail ?? failure?.detail ?? `the session is in the state ${state}`
  return {
    detail: `${isNone ? `${vips} has been sent to no router` : `not to ${peer.address}`}: ${why}`,
    advice: cause === undefined ? failure?.hint : undefined,
  }
}
function placeOf(agent: Agent | undefined): string {
  return agent?.address.interface ?? 'the segment'
}
function leads(agent: Agent | undefined): string {
  if (agent?.role === 'leader') return ', this node leads'
  return agent?.holder === undefined ? '' : `, ${agent.holder} leads`
}

function adviceFor(agent: Agent | undefined): string | undefined {
  return agent?.serves.reason && advice[agent.serves.reason]
}
const electionAdvice = 'look at the Lease and the rights on it: softspoken check'
/** As in docs/operations.md, "Why a node does not serve". */
const advice: Readonly<Record<string, string>> = {
  unhealthy: 'look at the service, and at the address that is checked',
  'no-carrier': 'look at cable, switch or bond',
  'address-failed': 'look at the rights of the process (CAP_NET_ADMIN), and whether the interface exists',
  'address-removed': 'find the program that manages this interface',
  'address-missing': 'look at the program that adds the VIP',
  'drain-unknown': 'mend the file system, or the rights on the folder of disabledBy',
  'address-in-use': 'find that host; claimInUse: true takes the VIP from it',
}

/** What this node does in the cluster, in a word or two. */
export function partOf({ mode, role, drained, serves, lastElectionFailure }: AgentStatus): {
  readonly part: string
  readonly why?: string
} {
  if (drained && role === 'leader') return { part: 'leads', why: drained.detail }
  if (drained) return { part: drained.reason === 'cordoned' ? 'cordoned' : 'drained', why: drained.detail }
  if (role === 'leader') return { part: 'leads' }
  const why = serves.detail ?? lastElectionFailure?.detail
  if (mode === 'all-nodes') return why === undefined ? { part: 'serves' } : { part: 'does not serve', why }
  return why === undefined ? { part: 'stands by' } : { part: 'cannot lead', why }
}
