/**
 * The metrics of an announcer, one row each. What status() has is read at each scrape; events are counted when they happen.
 *
 * No label takes its value from a peer or from free text. Peers and gates are those that are configured, prefixes those
 * that were given to announce(); states, types and NOTIFICATION names are those of the RFCs; reasons are codes. Details are in status() only.
 */
import type { MessageCounters, SessionState } from '@softspoken/session'
import type { Announcer } from './announcer.ts'
import type { AnnouncerSession } from './announcer-session.ts'
import type { HealthGate, HealthResult } from './health/gate.ts'
import { withdrawnReasons } from './reasons.ts'
import type { AnnouncerStatus } from './status.ts'

export interface Source {
  readonly announcer: Announcer
  /** By the value of the label `gate`. */
  readonly gates: Readonly<Record<string, HealthGate>>
}

type Sample = readonly [labels: Readonly<Record<string, string | number>>, value: number]
interface Row {
  readonly name: `softspoken_bgp_${string}`
  readonly help: string
  readonly labels: readonly string[]
}
/** Read when Prometheus asks. */
interface ReadRow extends Row {
  readonly type: 'gauge' | 'counter'
  read(source: Source): readonly Sample[]
}
/** Counted when it happens, from registration on. */
interface CountedRow extends Row {
  follow(source: Source, add: (labels: Sample[0], value?: number) => void): void
}

const states: readonly SessionState[] = ['Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']
const outcomes: readonly HealthResult['outcome'][] = ['passed', 'failed', 'misconfigured', 'timeout']

export const readRows: readonly ReadRow[] = [
  {
    name: 'softspoken_bgp_session_state',
    type: 'gauge',
    help: '1 for the state that the session is in (RFC 4271 §8.2.2), 0 for the others.',
    labels: ['peer', 'state'],
    read: eachPeer(({ state }) => states.map(one => [{ state: one }, Number(one === state)])),
  },
  {
    name: 'softspoken_bgp_dials_total',
    type: 'counter',
    help: 'Dials of the peer.',
    labels: ['peer'],
    read: eachPeer(({ counters }) => [[{}, counters.dials]]),
  },
  {
    name: 'softspoken_bgp_messages_received_total',
    type: 'counter',
    help: 'Messages received, by type (RFC 4271 §4.1); malformed ones could not be decoded.',
    labels: ['peer', 'type'],
    read: eachPeer(({ counters }) => Object.entries(counters.inMessages.byType).map(([type, n]) => [{ type }, n])),
  },
  {
    name: 'softspoken_bgp_messages_sent_total',
    type: 'counter',
    help: 'Messages sent, by type.',
    labels: ['peer', 'type'],
    read: eachPeer(({ counters }) => {
      const { malformed: _, ...byType } = counters.outMessages.byType // we send none
      return Object.entries(byType).map(([type, n]) => [{ type }, n])
    }),
  },
  {
    name: 'softspoken_bgp_notifications_received_total',
    type: 'counter',
    help: 'NOTIFICATIONs received, by the names of their code and subcode (RFC 4271 §4.5).',
    labels: ['peer', 'code', 'subcode'],
    read: eachPeer(({ counters }) => notifications(counters.inMessages)),
  },
  {
    name: 'softspoken_bgp_notifications_sent_total',
    type: 'counter',
    help: 'NOTIFICATIONs sent, by the names of their code and subcode.',
    labels: ['peer', 'code', 'subcode'],
    read: eachPeer(({ counters }) => notifications(counters.outMessages)),
  },
  {
    name: 'softspoken_bgp_malformed_updates_total',
    type: 'counter',
    help: 'UPDATEs received with errors that did not end the session, by how they were handled (RFC 7606 §2).',
    labels: ['peer', 'handling'],
    read: eachPeer(({ counters }) =>
      Object.entries(counters.inMalformedUpdates).map(([handling, n]) => [{ handling }, n]),
    ),
  },
  {
    name: 'softspoken_bgp_hold_time_seconds',
    type: 'gauge',
    help: 'The negotiated hold time (RFC 4271 §4.2); absent while none is negotiated.',
    labels: ['peer'],
    read: eachPeer(({ negotiated }) => (negotiated ? [[{}, negotiated.holdTime]] : [])),
  },
  {
    name: 'softspoken_bgp_last_failure_timestamp_seconds',
    type: 'gauge',
    help: 'When the last session or dial failed, in Unix time; absent if none has. status() has the details.',
    labels: ['peer'],
    read: eachPeer(({ lastFailure }) => (lastFailure ? [[{}, lastFailure.at.getTime() / 1000]] : [])),
  },
  {
    name: 'softspoken_bgp_route_desired',
    type: 'gauge',
    help: '1 if the peers should have the route now, 0 while it is withheld; absent once it is withdrawn.',
    labels: ['prefix'],
    read: eachStatus(status => prefixes(status).map(prefix => [{ prefix }, Number(isDesired(status, prefix))])),
  },
  {
    name: 'softspoken_bgp_route_sent',
    type: 'gauge',
    help: '1 if the route has been sent on the present session, 0 if not. BGP does not acknowledge routes.',
    labels: ['peer', 'prefix'],
    read: eachPeer(({ sent }, status) => prefixes(status).map(prefix => [{ prefix }, Number(sent.includes(prefix))])),
  },
  {
    name: 'softspoken_bgp_lease_remaining_seconds',
    type: 'gauge',
    help: 'Seconds until the lease of the route runs out; absent if it has none.',
    labels: ['prefix'],
    read: eachStatus(({ leases }) => Object.entries(leases).map(([prefix, seconds]) => [{ prefix }, seconds])),
  },
  {
    name: 'softspoken_bgp_health_up',
    type: 'gauge',
    help: '1 while the health gate is up, 0 while it is down.',
    labels: ['gate'],
    read: ({ gates }) => Object.entries(gates).map(([gate, { up }]) => [{ gate }, Number(up)]),
  },
]

export const countedRows: readonly CountedRow[] = [
  {
    name: 'softspoken_bgp_session_transitions_total',
    help: 'Changes of the state of a session. The label from of a change to Idle shows how far it had come.',
    labels: ['peer', 'from', 'to'],
    follow: ({ announcer }, add) => {
      for (const session of announcer.sessions) {
        const peer = peerOf(session)
        add({ peer, from: 'Established', to: 'Idle' }, 0) // so that increase() sees the first loss as well
        session.on('state', ({ from, to }) => add({ peer, from, to }))
      }
    },
  },
  {
    name: 'softspoken_bgp_session_failures_total',
    help: 'Sessions and dials that ended, by the reason in status(); the reason stopped is no failure.',
    labels: ['peer', 'reason'],
    follow: ({ announcer }, add) => {
      for (const session of announcer.sessions)
        session.on('down', ({ reason }) => add({ peer: peerOf(session), reason }))
    },
  },
  {
    name: 'softspoken_bgp_advertisements_total',
    help: 'Advertisements sent, also of a route that changed, and on a new session. BGP does not acknowledge them.',
    labels: ['peer', 'prefix'],
    follow: ({ announcer }, add) => {
      for (const peer of announcer.sessions.map(peerOf))
        for (const prefix of prefixes(announcer.status())) add({ peer, prefix }, 0) // so that increase() sees the first as well
      announcer.on('sent', ({ peer, prefix }) => add({ peer: peerWith(peer, announcer), prefix }))
    },
  },
  {
    name: 'softspoken_bgp_withdrawals_total',
    help: 'Routes that stopped being announced, by reason.',
    labels: ['reason'],
    follow: ({ announcer }, add) => {
      for (const reason of withdrawnReasons) add({ reason }, 0)
      announcer.on('withdrawn', ({ reason }) => add({ reason }))
    },
  },
  {
    name: 'softspoken_bgp_health_flaps_total',
    help: 'Times that the health gate went down and withdrew its routes.',
    labels: ['gate'],
    follow: eachGate((gate, name, add) => {
      add({ gate: name }, 0)
      gate.on('down', () => add({ gate: name }))
    }),
  },
  {
    name: 'softspoken_bgp_health_checks_total',
    help: 'Health checks that ended, by outcome: passed, failed, misconfigured (401, 403 or 404), or timeout.',
    labels: ['gate', 'outcome'],
    follow: eachGate((gate, name, add) => {
      for (const outcome of outcomes) add({ gate: name, outcome }, 0)
      gate.on('checked', ({ outcome }) => add({ gate: name, outcome }))
    }),
  },
]

export const durationRow = {
  name: 'softspoken_bgp_health_check_duration_seconds',
  help: 'How long health checks took; a check that timed out counts as its timeout.',
  labels: ['gate'],
  buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10],
} as const satisfies Row & { buckets: readonly number[] }

// ---- from a source to samples

type PeerStatus = AnnouncerStatus['peers'][number]

function eachPeer(read: (peer: PeerStatus, status: AnnouncerStatus) => readonly Sample[]): ReadRow['read'] {
  return ({ announcer }) => {
    const status = announcer.status()
    return announcer.sessions.flatMap((session, at) => {
      const peer = peerOf(session)
      return read(status.peers[at]!, status).map(([labels, value]) => [{ peer, ...labels }, value] as const) // one each
    })
  }
}
function eachStatus(read: (status: AnnouncerStatus) => readonly Sample[]): ReadRow['read'] {
  return ({ announcer }) => read(announcer.status())
}
function eachGate(
  follow: (gate: HealthGate, name: string, add: Parameters<CountedRow['follow']>[1]) => void,
): CountedRow['follow'] {
  return ({ gates }, add) => {
    for (const [name, gate] of Object.entries(gates)) follow(gate, name, add)
  }
}

/** The label: the address, and the port if it is not 179. */
function peerOf({ config }: AnnouncerSession): string {
  const { address, port } = config.peer
  if (port === 179) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
/** The label of the peer with this address. Two peers may have one address and different ports: then the address alone. */
function peerWith(address: string, { sessions }: Announcer): string {
  const [label = address, ...others] = sessions.filter(({ config }) => config.peer.address === address).map(peerOf)
  return others.length === 0 ? label : address
}
function prefixes({ announcements, withheld }: AnnouncerStatus): readonly string[] {
  return [...announcements, ...Object.keys(withheld)]
}
function isDesired({ announcements }: AnnouncerStatus, prefix: string): boolean {
  return announcements.includes(prefix)
}
function notifications(counters: MessageCounters): readonly Sample[] {
  return counters.notifications.map(({ code, subcode, count }) => [{ code, subcode }, count])
}
