/** What docs/errors.md says about the VIP agent, its election and its store, made from their tables of reasons. */
import type { Explanation } from '@softspoken/announcer'
import { type AgentReason, because, levelOf, type ServeReason } from '../src/agent/reasons.ts'
import { electionReasons, leaseStoreReasons } from '../src/election/reasons.ts'

/** A section of the page, with a table. */
export interface Section {
  readonly title: string
  readonly text: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const notServing: Record<ServeReason, Explanation<AgentReason>> = {
  starting: because('starting'),
  drained: because('drained', Date.UTC(2026, 0, 31, 12), 'new memory'),
  cordoned: because('cordoned', Date.UTC(2026, 0, 31, 12)),
  'drain-unknown': because('drain-unknown', 'permission denied'),
  unhealthy: because('unhealthy', 'https://127.0.0.1:6443/readyz answered 500 (3 checks in a row)'),
  'no-session': because('no-session'),
  'no-carrier': because('no-carrier'),
  'route-unsendable': because('route-unsendable', 'the peer 203.0.113.1 has not negotiated IPv6'),
  'address-failed': because('address-failed', 'operation not permitted (EPERM)'),
  'address-removed': because('address-removed', 4),
  'address-missing': because('address-missing'),
  stopping: because('stopping'),
}
const notAdvertising: Record<Exclude<AgentReason, ServeReason>, Explanation<AgentReason>> = {
  'not-leader': because('not-leader'),
  'election-lost': because('election-lost'),
  'address-pending': because('address-pending'),
  'address-in-use': because('address-in-use', '02:00:5e:00:00:02'),
  'lease-ended': because('lease-ended'),
}

export const sections: readonly Section[] = [
  {
    title: 'Why a node does not serve',
    text: `A VIP agent has these values in \`serves\` of its status, and emits them with the event \`serving\`. The last column is the level
of the log line \`not serving\`.`,
    ...details(notServing),
  },
  {
    title: 'Why a node that serves does not advertise',
    text: 'The announcer withholds the route with the reason `gate-down` and this detail.',
    head: ['reason', 'detail, for example'],
    rows: details(notAdvertising).rows.map(cells => cells.slice(0, 2)),
  },
  {
    title: 'Why a request to a store of Leases failed',
    text: 'A `LeaseStoreError` has this `reason`. The metric `softspoken_lease_request_failures_total` has it as its label.',
    ...meanings(leaseStoreReasons),
  },
  {
    title: 'Why a node cannot lead',
    text: `A VIP agent has this \`reason\` in \`lastElectionFailure\` of its status, and emits it with the event \`election-failed\`. It is one of
the reasons of the table above, or one of these:`,
    ...meanings(Object.fromEntries(Object.entries(electionReasons).filter(([name]) => !(name in leaseStoreReasons)))),
  },
]

function details(examples: Readonly<Record<string, Explanation<AgentReason>>>): Pick<Section, 'head' | 'rows'> {
  return {
    head: ['reason', 'detail, for example', 'level'],
    rows: Object.values(examples).map(({ reason, detail }) => [`\`${reason}\``, detail, levelOf(reason)]),
  }
}
function meanings(reasons: Readonly<Record<string, string>>): Pick<Section, 'head' | 'rows'> {
  return { head: ['reason', 'meaning'], rows: Object.entries(reasons).map(([name, text]) => [`\`${name}\``, text]) }
}
