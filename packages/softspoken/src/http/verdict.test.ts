/** The first line of page and `status`, for each thing that can be so. */
import type { AnnouncerStatus } from '@softspoken/announcer'
import { omitUndefined } from '@softspoken/session/internal'
import type { AgentStatus } from '@softspoken/vip-agent'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Judged, partOf, verdict } from './verdict.ts'

const VIP = '198.51.100.10/32'
const refused = { detail: 'connection refused by 10.0.6.1 port 179', hint: 'nothing listens there' }
const up = { peer: { address: '10.0.5.1' }, state: 'Established', sent: [VIP], unsendable: {} } as const
const down = { peer: { address: '10.0.6.1' }, state: 'Idle', sent: [], unsendable: {}, lastFailure: refused } as const
const sent: Judged = { announcements: [VIP], withheld: {}, peers: [up] }

const standby: AgentStatus & { nodeName: string; part: string } = {
  ...{ nodeName: 'node-1', part: '', mode: 'standby', role: 'standby', holder: 'node-2', serves: {}, leases: {} },
  ...{ address: { interface: 'lo', present: true } },
}
const { holder: _, ...alone } = standby
const leader = { ...alone, role: 'leader', epoch: 7 } as const
const silent = { ...alone, mode: 'leader', role: 'waiting' } as const
const failing = { lastElectionFailure: { reason: 'timeout', detail: '127.0.0.1:6443 did not answer' } } as const

/** Not announced, with this reason of the agent. */
function withheld(detail: string, agent: Judged['agent']): Judged {
  const why: AnnouncerStatus['withheld'] = { [VIP]: { reason: 'gate-down', detail } }
  return { announcements: [], withheld: why, peers: [{ ...up, sent: [] }], ...(agent && { agent }) }
}
function notServing(reason: NonNullable<AgentStatus['serves']['reason']>, detail: string): Judged {
  return withheld(detail, { ...silent, serves: { reason, detail } })
}
const since = '2026-11-26T10:00:00Z'
const drained = { reason: 'drained', detail: `drained since ${since}` } as const
const cordoned = { reason: 'cordoned', detail: 'the node is cordoned' } as const
const inUse = { reason: 'identity-in-use', detail: "another process campaigns with the identity 'node-1'" } as const
function cordonedWithheld(more: Partial<AgentStatus>): Judged {
  return withheld('x', { ...silent, drained: cordoned, serves: cordoned, ...more })
}
const arp = { holds: false, conflicts: 0, framesSent: 2 }

describe('verdict()', () => {
  it.each<[string, Judged, string]>([
    ['without a route', { ...sent, announcements: [] }, 'note No route: No route is configured now.'],
    ['sent to the only router', sent, `good Sent: ${VIP} to 10.0.5.1.`],
    ['sent by a leader', { ...sent, agent: leader }, `good Sent: ${VIP} to 10.0.5.1, this node leads.`],
    ['sent by a standby', { ...sent, agent: standby }, `good Sent: ${VIP} to 10.0.5.1, node-2 leads.`],
    [
      'probes of another node, which fail',
      withheld('x', {
        ...{
          ...silent,
          holder: 'node-2',
          vips: { [VIP]: { detail: 'no answer', hints: ['on each node', 'on the router: look'] } },
        },
      }),
      'bad VIP does not answer: no answer. (on the router: look)',
    ],
    [
      'probes of another node, which connect',
      withheld('x', { ...silent, holder: 'node-2', vips: { [VIP]: { detail: 'connected' } } }),
      'note Stands by: node-2 leads, this node follows.',
    ],
    [
      'sent to one of two routers',
      { ...sent, peers: [up, down] },
      `part Sent to 1 of 2 routers: not to 10.0.6.1: ${refused.detail} (nothing listens there)`,
    ],
    [
      'sent to no router',
      { ...sent, peers: [down] },
      `bad Not sent: ${VIP} has been sent to no router: ${refused.detail} (nothing listens there)`,
    ],
    [
      'unsendable on an established session',
      {
        ...sent,
        peers: [{ ...down, state: 'Established', unsendable: { [VIP]: { reason: 'send-failed', detail: 'no hop' } } }],
      },
      `bad Not sent: ${VIP} has been sent to no router: no hop`,
    ],
    [
      'sent by a standby without a leader',
      { ...sent, agent: alone },
      `part Sent, no leader: ${VIP} to 10.0.5.1. No node is known to lead; this one campaigns.`,
    ],
    [
      'sent by a standby that cannot lead',
      { ...sent, agent: { ...standby, ...failing } },
      `part Cannot lead: ${VIP} to 10.0.5.1. The election fails: 127.0.0.1:6443 did not answer (look at the Lease`,
    ],
    [
      'sent, and not claimed on the segment',
      { ...sent, agent: { ...leader, arp: { ...arp, why: { reason: 'address-pending', detail: 'not yet' } } } },
      `part Not claimed: ${VIP} to 10.0.5.1, not on the segment: not yet`,
    ],
    [
      'claimed without BGP',
      { ...sent, peers: [], agent: { ...leader, arp: { ...arp, holds: true } } },
      `good Claimed: ${VIP} on lo, this node leads.`,
    ],
    [
      'blocked',
      withheld('x', { ...leader, mode: 'leader', arp: { ...arp, blockedBy: '02:00:5e:00:00:02' } }),
      `bad Blocked: ${VIP} is on another host, with the MAC address 02:00:5e:00:00:02. (find that host; `,
    ],
    [
      'drained',
      withheld('x', { ...silent, drained }),
      `note Drained: ${VIP}, drained since ${since} (softspoken resume puts the node into service)`,
    ],
    [
      'cordoned',
      withheld('x', { ...silent, drained: { ...drained, reason: 'cordoned' } }),
      `note Cordoned: ${VIP}, drained since ${since} (kubectl uncordon node-1 puts the node into service)`,
    ],
    [
      'cordoned, and no node leads',
      cordonedWithheld({}),
      `bad Cordoned, no leader: ${VIP}, the node is cordoned. No node is known to lead; this one campaigns. (kubectl uncordon`,
    ],
    [
      'cordoned, and its election fails',
      cordonedWithheld(failing),
      `bad Cordoned, no leader: ${VIP}, the node is cordoned. The election fails: 127.0.0.1:6443 did not answer (look at`,
    ],
    [
      'cordoned behind another leader',
      cordonedWithheld({ holder: 'node-2' }),
      `note Cordoned: ${VIP}, the node is cordoned (kubectl uncordon`,
    ],
    [
      'the last resort',
      { ...sent, agent: { ...leader, drained: cordoned } },
      `part Last resort: ${VIP} to 10.0.5.1, this node leads. But the node is cordoned (kubectl uncordon node-1 puts`,
    ],
    [
      'the last resort without a session',
      { ...sent, peers: [down], agent: { ...leader, drained: cordoned } },
      `bad Not sent: ${VIP} has been sent to no router: ${refused.detail}`,
    ],
    [
      'the last resort, and blocked',
      withheld('x', { ...leader, mode: 'leader', drained: cordoned, arp: { ...arp, blockedBy: '02:00:5e:00:00:02' } }),
      `bad Blocked: ${VIP} is on another host`,
    ],
    [
      'drained and handing over',
      { ...sent, agent: { ...alone, drained } },
      `note Hands over: ${VIP} is announced until another node leads: drained since ${since}`,
    ],
    [
      'perhaps drained',
      withheld('x', { ...silent, drained: { reason: 'drain-unknown', detail: 'EACCES' } }),
      `bad Out of service: ${VIP}, EACCES (mend the file system`,
    ],
    ['starting', notServing('starting', 'old addresses'), `note Starts: ${VIP} waits: old addresses.`],
    [
      'unhealthy',
      notServing('unhealthy', 'refused'),
      `bad Withheld: ${VIP}, refused (look at the service, and at the address that is checked)`,
    ],
    [
      'without a session',
      { ...notServing('no-session', 'no BGP session is established'), peers: [down] },
      `bad Withheld: ${VIP}, no BGP session is established; 10.0.6.1: ${refused.detail} (nothing listens there)`,
    ],
    [
      'following in leader mode',
      withheld('x', { ...silent, holder: 'node-2' }),
      'note Stands by: node-2 leads, this node follows.',
    ],
    [
      'following without an answer of the election',
      withheld('x', { ...silent, holder: 'node-2', ...failing }),
      'part Cannot lead: node-2 leads. The election fails: 127.0.0.1:6443 did not answer (look at the Lease',
    ],
    [
      'following a leader that does not renew',
      withheld('x', {
        ...silent,
        holder: 'node-2',
        election: { seen: { secondsSinceChange: 301.4, secondsSinceSeen: 1 } },
      }),
      'bad No leader: the Lease names node-2, which has not renewed it for 301 s. (look at that node',
    ],
    [
      'following after the last look was long ago',
      withheld('x', {
        ...silent,
        holder: 'node-2',
        election: { seen: { secondsSinceChange: 400, secondsSinceSeen: 400 } },
      }),
      'note Stands by: node-2 leads, this node follows.',
    ],
    [
      'one of two processes with its name',
      withheld('x', { ...silent, holder: 'node-1', lastElectionFailure: inUse }),
      `part Cannot lead: node-1 leads. The election fails: ${inUse.detail} (look at the Lease`,
    ],
    ['stopping', notServing('stopping', 'the VIP agent stops'), `note Stops: ${VIP}, the VIP agent stops.`],
    [
      'following a leader that is late, and may still renew',
      withheld('x', {
        ...silent,
        holder: 'node-2',
        election: { leaseDuration: 20, seen: { secondsSinceChange: 70, secondsSinceSeen: 20 } },
      }),
      'note Stands by: node-2 leads, this node follows.',
    ],
    [
      'following a leader that is later than that',
      withheld('x', {
        ...silent,
        holder: 'node-2',
        election: { leaseDuration: 20, seen: { secondsSinceChange: 71, secondsSinceSeen: 20 } },
      }),
      'bad No leader: the Lease names node-2, which has not renewed it for 71 s. (look at that node',
    ],
    [
      'partly withheld, with the rest sent',
      { ...sent, withheld: { '198.51.100.11/32': { reason: 'gate-down', detail: 'x' } } },
      'part Partly withheld: 198.51.100.11/32, x',
    ],
    [
      'sent in part to the only router',
      { ...sent, announcements: [VIP, '198.51.100.11/32'] },
      'bad Not sent: 198.51.100.10/32, 198.51.100.11/32 has been sent to no router: the session is in the state Established',
    ],
    [
      'sent to two routers',
      { ...sent, peers: [up, { ...up, peer: { address: '10.0.6.1' } }] },
      `good Sent to 2 routers: ${VIP} to 10.0.5.1, 10.0.6.1.`,
    ],
    [
      'not sent on a session that was lost before and is established again',
      { ...sent, peers: [{ ...down, state: 'Established' }] },
      `bad Not sent: ${VIP} has been sent to no router: the session is in the state Established`,
    ],
    [
      'without a session, whose first router has not failed yet',
      {
        ...notServing('no-session', 'no BGP session is established'),
        peers: [{ ...up, state: 'Connect', sent: [] }, { ...up, lastFailure: { detail: 'old' } }, down],
      },
      `bad Withheld: ${VIP}, no BGP session is established; 10.0.6.1: ${refused.detail} (nothing listens there)`,
    ],
    [
      'without a session, and without a failure',
      { ...notServing('no-session', 'no BGP session is established'), peers: [{ ...up, state: 'Connect', sent: [] }] },
      `bad Withheld: ${VIP}, no BGP session is established`,
    ],
    [
      'withheld in the mode standby, although it serves',
      withheld('the lease of 2 s ran out', standby),
      `bad Withheld: ${VIP}, the lease of 2 s ran out`,
    ],
    [
      'cordoned in the mode standby',
      withheld('x', { ...alone, drained: cordoned, serves: cordoned }),
      `note Cordoned: ${VIP}, the node is cordoned (kubectl uncordon`,
    ],
    [
      'partly withheld, with the rest sent to no router',
      { ...sent, peers: [down], withheld: { '198.51.100.11/32': { reason: 'gate-down', detail: 'x' } } },
      `bad Not sent: ${VIP} has been sent to no router: ${refused.detail}`,
    ],
    [
      'leaderless in leader mode',
      withheld('x', silent),
      'bad No leader: No node is known to lead; this one campaigns.',
    ],
    [
      'leaderless because the election fails',
      withheld('x', { ...silent, ...failing }),
      'bad No leader: The election fails: 127.0.0.1:6443 did not answer (look at the Lease',
    ],
    [
      'claiming',
      withheld('x', { ...leader, mode: 'leader', arp: { ...arp, why: { reason: 'address-pending', detail: 'soon' } } }),
      `note Claims: ${VIP} is claimed now: soon.`,
    ],
    [
      'withheld without an agent',
      withheld('the lease of 2 s ran out', undefined),
      `bad Withheld: ${VIP}, the lease of`,
    ],
  ])('says of a program that is %s what is so and what to do', (_, status, words) => {
    const { kind, headline, detail, advice } = verdict(status)
    expect(`${kind} ${headline}: ${detail}${advice === undefined ? '' : ` (${advice})`}`).toContain(words)
  })
})

const reasons = [...(['starting', 'unhealthy', 'no-session', 'route-unsendable', 'stopping'] as const), undefined]
const anyAgent = fc
  .record({
    mode: fc.constantFrom('leader', 'standby', 'all-nodes'),
    role: fc.constantFrom('leader', 'standby', 'waiting', 'serving'),
    holder: fc.constantFrom('node-2', undefined),
    serves: fc.constantFrom(...reasons).map(reason => (reason ? { reason, detail: 'why' } : {})),
    drained: fc.constantFrom(drained, cordoned, { reason: 'drain-unknown', detail: 'EACCES' } as const, undefined),
    arp: fc.constantFrom({ ...arp, holds: true }, arp, { ...arp, blockedBy: '02:00:5e:00:00:02' }, undefined),
    ...{ lastElectionFailure: fc.constantFrom(failing.lastElectionFailure, inUse, undefined) },
  })
  .map(({ mode, role, serves, ...maybe }) => ({ ...alone, mode, role, serves, ...omitUndefined(maybe) }))

it('verdict() is calm only if the VIP is sent, or this node should not send it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<readonly string[]>([], [VIP]),
      fc.subarray([up, { ...up, sent: [] }, down]),
      fc.option(anyAgent, { nil: undefined }),
      (announcements, peers, agent) => {
        const held: AnnouncerStatus['withheld'] = { [VIP]: { reason: 'gate-down', detail: 'x' } }
        const judged: Judged = {
          announcements,
          withheld: announcements.length === 0 ? held : {},
          peers,
          ...(agent && { agent }),
        }
        const { kind, headline, detail, advice } = verdict(judged)
        expect(`${headline} ${detail} ${advice === undefined ? '' : advice}`).not.toMatch(/undefined|\[object|\.\./)
        const isSent = announcements.length > 0 && (peers.length === 0 || peers.some(({ sent }) => sent.length > 0))
        if (kind === 'good' || kind === 'part') expect(isSent || headline === 'Cannot lead', headline).toBe(true)
        if (kind === 'note')
          expect(['Hands over', 'Drained', 'Cordoned', 'Starts', 'Stops', 'Stands by', 'Claims']).toContain(headline)
        if (isSent) expect(['good', 'part', 'note'], headline).toContain(kind)
      },
    ),
    { numRuns: 2000 },
  )
})

describe('partOf()', () => {
  it.each<[string, AgentStatus]>([
    ['leads', leader],
    ['stands by', standby],
    ['leads: the node is cordoned', { ...leader, drained: cordoned }],
    ['serves', { ...alone, mode: 'all-nodes', role: 'serving' }],
    ['cordoned: the node is cordoned', { ...silent, drained: cordoned }],
    ['drained: drained since 2026-11-26T10:00:00Z', { ...silent, drained }],
    ['cannot lead: 127.0.0.1:6443 did not answer', { ...standby, ...failing }],
    ['cannot lead: no session', { ...silent, serves: { reason: 'no-session', detail: 'no session' } }],
    ['does not serve: down', { ...silent, mode: 'all-nodes', serves: { reason: 'unhealthy', detail: 'down' } }],
  ])('is %s', (words, status) => {
    const { part, why } = partOf(status)
    expect(why === undefined ? part : `${part}: ${why}`).toBe(words)
  })
})
