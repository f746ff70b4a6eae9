/** Why a node does not serve, or does not advertise. One row per code has its log level and makes its sentence. */
import type { Explanation } from '@softspoken/announcer'
import type { Logger } from '@softspoken/session'

/** Why this node does not serve: it does not campaign then. */
export type ServeReason =
  | 'starting'
  | 'unhealthy'
  | 'no-session'
  | 'no-carrier'
  | 'route-unsendable'
  | 'address-failed'
  | 'address-removed'
  | 'address-missing'
  | 'drained'
  | 'cordoned'
  | 'drain-unknown'
  | 'stopping'
/** Why it is out of service: a person wants that, or it cannot be known whether a person does. */
export type DrainReason = Extract<ServeReason, 'drained' | 'cordoned' | 'drain-unknown'>
/** Why this node does not advertise the VIPs. */
export type AgentReason =
  | ServeReason
  | 'not-leader'
  | 'election-lost'
  | 'address-pending'
  | 'address-in-use'
  | 'lease-ended'

const table = {
  starting: {
    level: 'info',
    detail: (what = 'a VIP that an earlier process may have left is not removed yet') => what,
  },
  unhealthy: { level: 'warn', detail: (gate: string) => gate },
  'no-session': {
    level: 'warn',
    detail: (vip?: string) =>
      vip === undefined
        ? 'no BGP session is established'
        : `the BGP session comes from the VIP ${vip} itself: give localAddress, another address of this node`,
  },
  'no-carrier': { level: 'warn', detail: () => 'the interface has no carrier, or cannot have VIPs' },
  'route-unsendable': {
    level: 'error',
    detail: (detail: string) => `no established session can carry the route: ${detail}`,
  },
  'not-leader': { level: 'info', detail: () => 'this node does not lead' },
  'election-lost': { level: 'warn', detail: () => 'this node does not lead any more' },
  'address-pending': { level: 'info', detail: () => 'the VIP is not on the interface yet' },
  'address-in-use': {
    level: 'error',
    detail: (mac: string) => `another node has the VIP, with the MAC address ${mac}`,
  },
  'lease-ended': { level: 'warn', detail: () => 'the lease of the route has ended' },
  'address-failed': { level: 'error', detail: (error: string) => `the VIP cannot be added: ${error}` },
  'address-removed': {
    level: 'error',
    detail: (times: number) => `something else removed the VIP from the interface ${times} times within a minute`,
  },
  'address-missing': { level: 'warn', detail: () => 'the VIP is on no interface of this node' },
  drained: {
    level: 'warn',
    detail: (since: number, text: string) => `drained since ${timeOf(since)}${text === '' ? '' : `: ${text}`}`,
  },
  cordoned: {
    level: 'warn',
    detail: (since: number, hasElection = true) =>
      `the node is cordoned, seen since ${timeOf(since)}${hasElection ? '' : '; without an election it does not know whether another node serves'}`,
  },
  'drain-unknown': { level: 'error', detail: (why: string) => `whether this node is drained is not known: ${why}` },
  stopping: { level: 'info', detail: () => 'the VIP agent stops' },
} as const satisfies Record<AgentReason, { level: keyof Logger; detail: (...mentioned: never[]) => string }>

/** All of them, for the program's metrics. */
export const agentReasons = Object.keys(table) as readonly AgentReason[] // the keys of the table

/** By the wall clock, to the second. The time of a file may be none that a Date has. */
function timeOf(milliseconds: number): string {
  const time = new Date(milliseconds)
  return Number.isNaN(time.getTime()) ? 'a time that is unknown' : time.toISOString().replace(/\.\d+/, '')
}

/** The reason, and the sentence made from what it mentions. */
export function because<reason extends AgentReason>(
  reason: reason,
  ...mentioned: Parameters<(typeof table)[reason]['detail']>
): Explanation<reason> {
  const detail: (...mentioned: never[]) => string = table[reason].detail
  return { reason, detail: detail(...(mentioned as never[])) } // the row's own parameters
}

export function levelOf(reason: AgentReason): keyof Logger {
  return table[reason].level
}
