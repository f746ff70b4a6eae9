/** What `softspoken status` prints for people: the verdict, then the node, then tables of routes, sessions and health. */
import type { AnnouncerStatus, HealthStatus } from '@softspoken/announcer'
import type { Attributes } from '@softspoken/wire'
import { withoutControls } from '@softspoken/wire/internal'
import type { AgentReport } from '../http/agent-report.ts'
import type { Verdict } from '../http/verdict.ts'
import type { Acceptance } from '../probe/acceptance.ts'

/** The answer of /status, after JSON, in which dates are text. */
export interface StatusReport extends Omit<AnnouncerStatus, 'peers'> {
  readonly version: string
  /** In seconds. */
  readonly uptime: number
  readonly verdict: Verdict
  readonly peers: readonly (Omit<Peer, 'lastFailure'> & {
    readonly lastFailure?: { readonly detail: string; readonly at: string; readonly hint?: string }
  })[]
  readonly health: Readonly<Record<string, HealthStatus>>
  /** By peer, and by prefix. */
  readonly advertised: Readonly<
    Record<string, Readonly<Record<string, { readonly since: string; readonly attributes: Attributes }>>>
  >
  readonly agent?: Agent
}

type Agent = Omit<AgentReport, 'drained' | 'election' | 'apiServer' | 'vips'> & {
  readonly vips?: Readonly<Record<string, Omit<Acceptance, 'probe'> & { readonly probe?: { readonly at: string } }>>
  readonly election?: Omit<Election, 'seen'> & {
    readonly seen?: Omit<NonNullable<Election['seen']>, 'acquiredAt'> & { readonly acquiredAt: string }
  }
}
type Accepted = NonNullable<Agent['vips']>[string]
type Election = NonNullable<AgentReport['election']>
type Peer = AnnouncerStatus['peers'][number]
type QueuedChange = Peer['queued'][string]

/** `now` in milliseconds since 1970. */
export function statusText(report: StatusReport, now = Date.now()): string {
  const { verdict, agent, version, uptime } = report
  const { headline, detail, advice } = verdict
  return [
    lines([`${headline}: ${detail}`, advice && `  do: ${advice}`]),
    agent === undefined ? '' : lines(nodeLines(agent, now)),
    routeTable(report, now),
    sessionTable(report, now),
    healthTable(report),
    lines([`softspoken ${version}, up for ${span(uptime)}`]),
  ]
    .filter(text => text !== '')
    .join('\n')
}

function nodeLines({ nodeName, mode, part, why, ...agent }: Agent, now: number): readonly string[] {
  const { epoch, leases, address, arp, election, lastElectionFailure } = agent
  const { seen } = election ?? {}
  const renewed = election?.secondsSinceRenewal
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['node', nodeName],
    ['part', epoch === undefined ? part : `${part}, epoch ${epoch}`],
    ['why', why],
    ['mode', mode],
    ['leader', seen && leaderOf(seen, now)],
    ['lease', election && `${election.lease}${seen ? ages(seen) : ''}`],
    ['leads', leases.election === undefined ? undefined : `for ${span(leases.election)}, unless the Lease is renewed`],
    ['renewed', renewed === undefined ? undefined : `${span(renewed)} ago`],
    ['election', lastElectionFailure?.detail === why ? undefined : lastElectionFailure?.detail],
    ['address', whereIs(address)],
    ['segment', arp && segment(arp)],
    ...Object.values(agent.vips ?? {}).flatMap(one => acceptance(one, now)),
    [
      'kernel',
      leases.kernelDeadline === undefined ? undefined : `ends a hanging process in ${span(leases.kernelDeadline)}`,
    ],
  ]
  return rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(8)} ${value}`]))
}
/** Whether the router took the route, if a probe can tell. */
function acceptance({ accepted, reason, detail, probe, hints = [] }: Accepted, now: number) {
  if (reason === 'off') return []
  const ago = probe === undefined ? '' : `, ${age(probe.at, now)} ago`
  return [['accepted', `${accepted}: ${detail}${ago}`] as const, ...hints.map(hint => ['', `look ${hint}`] as const)]
}
/** Undefined if another program adds the VIP, and it is not there. */
function whereIs({ present, interface: place }: Agent['address']): string | undefined {
  if (present) return `on ${place ?? 'this node'}`
  return place && `not on ${place}`
}
/** A node that does not campaign does not look. */
function ages({ secondsSinceChange, secondsSinceSeen }: { secondsSinceChange: number; secondsSinceSeen: number }) {
  const isStale = secondsSinceSeen > 5
  return `, written ${span(secondsSinceChange)} ago${isStale ? `; last look ${span(secondsSinceSeen)} ago` : ''}`
}
function leaderOf({ holder, epoch, acquiredAt }: { holder: string; epoch: number; acquiredAt: string }, now: number) {
  if (holder === '') return `none, the Lease is released; epoch ${epoch}`
  return `${holder}, epoch ${epoch}, for ${age(acquiredAt, now)}`
}
function segment({ holds, why, blockedBy, conflicts }: NonNullable<Agent['arp']>): string {
  const state = holds ? 'claimed' : blockedBy === undefined ? `not claimed: ${why?.detail}` : `blocked by ${blockedBy}`
  return conflicts === 0 ? state : `${state}; conflicts: ${conflicts}`
}

function routeTable({ announcements, withheld, leases, peers, advertised }: StatusReport, now: number): string {
  const isSegment = peers.length === 0 // ARP without BGP
  const rows = [...announcements, ...Object.keys(withheld)].map(prefix => {
    const receivers = peers.filter(({ sent }) => sent.includes(prefix)).map(({ peer }) => peer.address)
    const sent = receivers.flatMap(peer => advertised[peer]?.[prefix] ?? [])
    const state = receivers.length > 0 ? 'sent' : isSegment ? 'claimed' : 'not sent'
    const [oldest] = sent.map(({ since }) => since).sort()
    const of = (value: (attributes: Attributes) => unknown) => [
      ...new Set(sent.flatMap(({ attributes }) => value(attributes) ?? [])),
    ]
    const communities = of(({ communities, largeCommunities }) => [...(communities ?? []), ...(largeCommunities ?? [])])
    return {
      cells: [
        prefix,
        prefix in withheld ? 'withheld' : state,
        isSegment ? '' : receivers.join(', ') || 'no router',
        of(({ nextHop, mpReach }) => nextHop ?? mpReach?.nextHop).join(', '),
        of(({ med }) => med).join(', '),
        oldest === undefined ? '' : age(oldest, now),
        prefix in withheld ? '' : span(leases[prefix]),
      ],
      notes: [
        withheld[prefix]?.detail,
        communities.length > 0 && `communities ${communities.join(', ')}`,
        ...peers.flatMap(({ peer, unsendable }) =>
          unsendable[prefix] === undefined ? [] : [`cannot be sent to ${peer.address}: ${unsendable[prefix].detail}`],
        ),
        ...peers.flatMap(({ peer, queued }) =>
          queued[prefix] === undefined ? [] : [`queued for ${peer.address}: ${change(queued[prefix])}`],
        ),
      ],
    }
  })
  return table(['route', 'state', 'to', 'next hop', 'MED', 'for', 'valid for'], rows)
}

/** What changes when the advertisement interval allows it: `med 3 instead of 4, in 2 s`. */
function change({ sent, next, secondsLeft }: QueuedChange): string {
  const value = (attributes: object, name: string) =>
    name in attributes ? JSON.stringify(attributes[name as never]) : 'none'
  const names = Object.keys({ ...sent, ...next }).filter(name => value(sent, name) !== value(next, name))
  return `${names.map(name => `${name} ${value(next, name)} instead of ${value(sent, name)}`).join(', ')}, in ${span(secondsLeft)}`
}

/** A failure that is over is not shown. */
function sessionTable({ peers }: StatusReport, now: number): string {
  const rows = peers.map(({ peer, state, secondsInState, negotiated, nextDialIn, counters, lastFailure }) => ({
    cells: [
      ...[peer.address, String(peer.as), state, span(secondsInState), span(negotiated?.holdTime), span(nextDialIn)],
      ...[String(counters.inTotalMessages), String(counters.outTotalMessages)],
    ],
    notes:
      state === 'Established' || lastFailure === undefined
        ? []
        : [`${age(lastFailure.at, now)} ago: ${lastFailure.detail}`, lastFailure.hint && `hint: ${lastFailure.hint}`],
  }))
  return table(['session with', 'AS', 'state', 'for', 'hold time', 'next dial in', 'received', 'sent'], rows)
}

function healthTable({ health }: StatusReport): string {
  const rows = Object.entries(health).map(([name, { up, streak, secondsLeft, heldFor, detail }]) => ({
    cells: [name, up ? 'up' : 'down', span(secondsLeft), span(heldFor)],
    notes: [detail, streak > 0 && `${streak} ${up ? 'failed' : 'passed'} in a row`],
  }))
  return table(['health', 'state', 'valid for', 'held down for'], rows)
}

interface Row {
  readonly cells: readonly string[]
  /** Below the row; those without text are left out. */
  readonly notes: readonly (string | false | undefined)[]
}

/** Empty if there are no rows. A column is left out if it is empty in every row. */
function table(head: readonly string[], rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const columns = head.flatMap((_, at) => (rows.some(({ cells }) => cells[at] !== '') ? [at] : []))
  const widths = columns.map(at => Math.max(...[head, ...rows.map(({ cells }) => cells)].map(line => line[at]!.length))) // as many as the head
  const line = (cells: readonly string[]) =>
    columns
      .map((at, nth) => cells[at]!.padEnd(widths[nth]!))
      .join('  ')
      .trimEnd()
  return lines([
    line(head.map(word => word.toUpperCase())),
    ...rows.flatMap(({ cells, notes }) => [line(cells), ...notes.map(note => note && `  ${note}`)]),
  ])
}
/** Some text comes from outside, and may have characters that control a terminal or reverse text. */
function lines(texts: readonly (string | false | undefined)[]): string {
  return texts.flatMap(text => (text ? [`${withoutControls(text)}\n`] : [])).join('')
}

function age(at: string, now: number): string {
  return span(Math.max(0, now - Date.parse(at)) / 1000)
}
function span(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 7200) return `${Math.floor(whole / 60)} min`
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h`
  return `${Math.floor(whole / 86_400)} d`
}
