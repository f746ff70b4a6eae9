/**
 * Whether the router took the route of a VIP, as far as this node knows: BGP does not say (RFC 4271 has no acknowledgement), so
 * only a connection by way of the router shows it. Pure.
 */
import { omitUndefined } from '@softspoken/session/internal'
import type { ConnectResult } from './connect.ts'
import { hintsFor } from './hints.ts'

/** Why a node does not probe. */
export type IdleReason = 'off' | 'has-vip' | 'no-leader' | 'same-subnet' | 'waiting'

/** Of one VIP. `unknown` unless a probe says otherwise. */
export interface Acceptance {
  readonly accepted: 'yes' | 'no' | 'unknown'
  /** What the last probe found, or why there is none. */
  readonly reason: ConnectResult['reason'] | IdleReason
  readonly detail: string
  /** The evidence: which node probed, when, while which node held the Lease, and how many probes in a row have not connected. */
  readonly probe?: { readonly by: string; readonly at: Date; readonly holder: string; readonly failures: number }
  /** Where to look, once the probes keep failing. */
  readonly hints?: readonly string[]
}

/** What the probes of one VIP found while one node held the Lease. */
export interface Findings {
  readonly last: ConnectResult
  readonly at: Date
  readonly failures: number
  /** When the first of these failures began, in milliseconds of the monotonic clock. */
  readonly failingSince: number | undefined
}

/** So many in a row count. The first ones may meet a router that converges. */
const FAILURES = 3

/** `began`: when this probe began, in milliseconds of the monotonic clock. */
export function found(before: Findings | undefined, last: ConnectResult, began: number, at: Date): Findings {
  if (last.reason === 'connected') return { last, at, failures: 0, failingSince: undefined }
  return { last, at, failures: (before?.failures ?? 0) + 1, failingSince: before?.failingSince ?? began }
}

/** `renewedAt`: when the holder last renewed the Lease. A holder that has died since the first failure proves nothing. */
export function isFailing({ failures, failingSince }: Findings, renewedAt: number): boolean {
  return failures >= FAILURES && failingSince !== undefined && renewedAt > failingSince
}

interface Place {
  readonly vip: string
  readonly port: number
  readonly by: string
  readonly holder: string
  readonly renewedAt: number
}

export function acceptanceOf(findings: Findings, { vip, port, by, holder, renewedAt }: Place): Acceptance {
  const { last, at, failures } = findings
  const isLost = isFailing(findings, renewedAt)
  const accepted = isLost ? acceptedOf[last.reason] : last.reason === 'connected' ? 'yes' : 'unknown'
  const times = failures > 1 ? `, ${failures} times in a row` : ''
  return {
    accepted,
    reason: last.reason,
    detail: `${vip} port ${port}: ${last.detail}${times}, while ${holder} leads`,
    probe: { by, at, holder, failures },
    ...omitUndefined({ hints: isLost ? hintsFor(last.reason, vip, port) : undefined }),
  }
}
/** A firewall may refuse a connection as well as a host without the service, and a host that cannot dial has asked no router. */
const acceptedOf: Readonly<Record<ConnectResult['reason'], Acceptance['accepted']>> = {
  connected: 'yes',
  timeout: 'no',
  unreachable: 'no',
  refused: 'unknown',
  'no-route': 'unknown',
  'not-found': 'unknown',
  failed: 'unknown',
}

/** Without a probe. `holder`: the node that holds the Lease, if there is one. */
export function idle(reason: IdleReason, holder = ''): Acceptance {
  return { accepted: 'unknown', reason, detail: details[reason](holder) }
}
const details: Readonly<Record<IdleReason, (holder: string) => string>> = {
  off: () => 'no probe: probePort is not given',
  'has-vip': () => 'no probe: this node has the VIP itself, and would answer itself; the other nodes probe it',
  'no-leader': () => 'no probe: no other node is known to hold the Lease now',
  'same-subnet': () => 'no probe: the VIP lies in a subnet of this node, so that a probe does not pass the router',
  waiting: holder => `no probe yet since ${holder} leads`,
}
