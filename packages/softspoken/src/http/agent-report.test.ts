/** What /status, /events and /metrics say of the VIP agent, and that docs/operations.md lists its metrics. */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { Announcer } from '@softspoken/announcer'
import type { AgentEvents, AgentStatus, VipAgent } from '@softspoken/vip-agent'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it } from 'vitest'
import type { Elected } from '../election/elected.ts'
import { LeaseRequests } from '../election/lease-requests.ts'
import { idle } from '../probe/acceptance.ts'
import { registerAgentMetrics } from './agent-metrics.ts'
import { agentReport, type ShownAgent } from './agent-report.ts'
import { siteOf } from './site.ts'

const leading: AgentStatus = {
  ...{ mode: 'standby', role: 'leader', epoch: 7, serves: {}, address: { interface: 'lo', present: true } },
  leases: { election: 8.5, health: 19, kernelDeadline: 8.5 },
}
const waiting: AgentStatus = {
  ...{ mode: 'standby', role: 'waiting', holder: 'node-2', address: { interface: 'lo', present: false }, leases: {} },
  serves: { reason: 'no-session', detail: 'no BGP session is established' },
  lastElectionFailure: { reason: 'timeout', detail: '127.0.0.1:6443 did not answer within 4.5 seconds' },
}

const { lastElectionFailure: _, ...following } = waiting

class FakeAgent extends EventEmitter<AgentEvents> {
  current = leading
  status = () => this.current
}
function shown(given: Partial<ShownAgent> = {}): ShownAgent & { readonly fake: FakeAgent } {
  const fake = new FakeAgent()
  const requests = new LeaseRequests('node-1')
  requests.failures.set('conflict', 2)
  const election: Partial<Elected['election']> = { leaseDuration: 15 }
  const elected = { name: 'kube-system/plndr-cp-lock', requests, election } as Elected // only these parts are read
  const certificateEnd = new Date('2027-11-26T00:00:00Z')
  const apiServer = () => ({ server: 'https://127.0.0.1:6443', certificateEnd })
  const agent = fake as unknown as VipAgent // its status and its events are read, and nothing else
  return { agent, fake, nodeName: 'node-1', elected, apiServer, ...given }
}

describe('agentReport()', () => {
  it('has the status of the agent, the Lease and the API server', () => {
    expect(agentReport(shown())).toEqual({
      ...leading,
      nodeName: 'node-1',
      part: 'leads',
      election: {
        lease: 'kube-system/plndr-cp-lock',
        leaseDuration: 15,
        requestFailures: { conflict: 2 },
      },
      apiServer: { server: 'https://127.0.0.1:6443', certificateEnd: new Date('2027-11-26T00:00:00Z') },
    })
  })
  it('has no election and no API server if there is none', () => {
    const { elected: _, apiServer: __, ...withoutElection } = shown()
    expect(agentReport(withoutElection)).toEqual({ ...leading, nodeName: 'node-1', part: 'leads' })
  })
})

describe('the metrics of the agent', () => {
  async function samples(given: ShownAgent, change = () => {}): Promise<Record<string, number>> {
    const registry = new Registry()
    registerAgentMetrics(given, registry)
    change()
    const lines = (await registry.metrics()).split('\n').filter(line => line !== '' && !line.startsWith('#'))
    return Object.fromEntries(lines.map(line => line.split(/ (?=[^ ]+$)/) as [string, string]).map(([k, v]) => [k, +v]))
  }
  it('show a leader', async () => {
    const others = /_duration_seconds|^softspoken_withdrawals_total/
    const found = Object.entries(await samples(shown())).filter(([name]) => !others.test(name))
    expect(Object.fromEntries(found)).toEqual({
      softspoken_is_leader: 1,
      softspoken_leader_transitions_total: 0,
      softspoken_leader_epoch: 7,
      'softspoken_role{mode="standby",role="leader"}': 1,
      'softspoken_lease_remaining_seconds{lease="election"}': 8.5,
      'softspoken_lease_remaining_seconds{lease="health"}': 19,
      'softspoken_lease_request_failures_total{reason="conflict"}': 2,
      softspoken_client_certificate_not_after_timestamp_seconds: Date.parse('2027-11-26') / 1000,
      'softspoken_address_present{interface="lo"}': 1,
      softspoken_kernel_deadline_armed: 1,
    })
  })
  it('leave out what there is not', async () => {
    const one = shown()
    one.fake.current = waiting
    const found = await samples(one)
    expect(found).toMatchObject({ softspoken_is_leader: 0, softspoken_kernel_deadline_armed: 0 })
    expect(Object.keys(found).filter(name => /epoch|remaining|renewal_age/.test(name))).toEqual([])
  })
  it('show since when the node is drained, or that this is not known', async () => {
    const one = shown()
    const drained = { reason: 'drained', detail: 'drained since …', since: new Date('2026-11-26T11:00:00Z') } as const
    one.fake.current = { ...waiting, drained }
    const name = 'softspoken_drained_since_timestamp_seconds'
    expect(await samples(one)).toMatchObject({ [`${name}{reason="drained"}`]: Date.parse('2026-11-26T11:00Z') / 1000 })
    one.fake.current = { ...waiting, drained: { reason: 'drain-unknown', detail: 'EIO' } }
    expect(await samples(one)).toMatchObject({ [`${name}{reason="drain-unknown"}`]: 0 })
  })
  it('show whether the last probe connected, and how long that took', async () => {
    const probe = Object.assign(new EventEmitter(), {}) as unknown as NonNullable<ShownAgent['probe']>
    const evidence = { by: 'node-1', at: new Date(0), holder: 'node-2', failures: 0 }
    const one = { accepted: 'yes', reason: 'connected', detail: '', probe: evidence } as const
    const vips = () => ({
      '198.51.100.10/32': one,
      '198.51.100.11/32': { ...one, accepted: 'unknown', reason: 'refused' } as const,
      '198.51.100.12/32': idle('no-leader'),
    })
    const given = shown({ vips, probe })
    expect(agentReport(given).vips).toEqual(vips())
    const all = await samples(given, () => probe.emit('connected', { vip: '198.51.100.10', seconds: 0.3 }))
    const found = Object.entries(all).filter(([name]) => /^softspoken_vip_(reachable|.*(sum|count))/.test(name))
    expect(Object.fromEntries(found)).toEqual({
      'softspoken_vip_reachable{vip="198.51.100.10/32"}': 1,
      'softspoken_vip_reachable{vip="198.51.100.11/32"}': 0,
      'softspoken_vip_connect_duration_seconds_sum{vip="198.51.100.10/32"}': 0.3,
      'softspoken_vip_connect_duration_seconds_count{vip="198.51.100.10/32"}': 1,
    })
  })
  it('have no leader without an election, but the certificate of a health check', async () => {
    const { elected: _, ...withoutElection } = shown()
    const found = await samples(withoutElection)
    expect(Object.keys(found).filter(name => /is_leader|transitions|failures/.test(name))).toEqual([])
    expect(found).toMatchObject({
      softspoken_client_certificate_not_after_timestamp_seconds: Date.parse('2027-11-26') / 1000,
    })
  })
  it('count each time that this node begins to lead', async () => {
    const one = shown()
    const found = await samples(one, () => {
      one.fake.emit('role', { role: 'leader', epoch: 7 })
      one.fake.emit('role', { role: 'standby' })
      one.fake.emit('role', { role: 'leader', epoch: 9 })
      one.fake.emit('role', { role: 'leader', epoch: 10 }) // it was taken away, and won again, between two looks
    })
    expect(found.softspoken_leader_transitions_total).toBe(3)
  })
  it('show how long each take-over and withdrawal took, from the first one on', async () => {
    const one = shown()
    const name = (kind: string, labels: string) => `softspoken_${kind}_duration_seconds_count{${labels}}`
    const before = await samples(one)
    expect(before).toMatchObject({
      [name('take_over', 'part="address",cause="expired"')]: 0,
      [name('withdrawal', 'part="address",reason="unhealthy"')]: 0,
      'softspoken_withdrawals_total{reason="drained"}': 0,
    })
    expect(Object.keys(before).filter(sample => /part="(segment|route)"/.test(sample))).toEqual([]) // it has neither
    const two = shown()
    const after = await samples(two, () => {
      two.fake.emit('take-over', { part: 'address', cause: 'expired', seconds: 0.003 })
      two.fake.emit('withdrawal', { part: 'address', reason: 'drained', seconds: 3.1 })
    })
    expect(after).toMatchObject({
      'softspoken_take_over_duration_seconds_bucket{le="0.002",part="address",cause="expired"}': 0,
      'softspoken_take_over_duration_seconds_bucket{le="0.005",part="address",cause="expired"}': 1,
      'softspoken_withdrawal_duration_seconds_sum{part="address",reason="drained"}': 3.1,
      'softspoken_withdrawals_total{reason="drained"}': 1, // of the addresses, because this agent has no announcer
    })
  })
  it('show what the node does on the segment', async () => {
    const one = shown()
    const arp = { holds: true, conflicts: 2, framesSent: 7 }
    one.fake.current = { ...leading, arp }
    const name = (rest: string) => `softspoken_arp_${rest}`
    expect(await samples(one)).toMatchObject({
      ...{ [name('holds')]: 1, [name('blocked')]: 0, [name('conflicts_total')]: 2, [name('frames_total')]: 7 },
      'softspoken_take_over_duration_seconds_count{part="segment",cause="released"}': 0,
    })
    one.fake.current = { ...leading, arp: { ...arp, holds: false, blockedBy: '02:00:00:00:00:01' } }
    const blocked = await samples(one)
    expect(blocked).toMatchObject({ [name('holds')]: 0, [name('blocked')]: 1 })
    expect(Object.keys(blocked).filter(sample => /withdrawal_duration.*segment/.test(sample))).toEqual([])
  })
  it('show a VIP that is missing, on an interface without a name as well', async () => {
    const one = shown()
    one.fake.current = { ...leading, address: { present: false } }
    const found = await samples(one)
    expect(found).toMatchObject({ 'softspoken_address_present{interface=""}': 0 })
    expect(Object.keys(found).filter(sample => /duration_seconds_count.*part="address"/.test(sample))).toEqual([])
  })
  it('show how old the last renewal is, and nothing that is not there', async () => {
    const { apiServer: _, ...one } = shown()
    one.fake.current = { ...leading, leases: {} }
    Object.defineProperty(one.elected?.requests, 'secondsSinceRenewal', { value: 1.5 })
    const found = await samples(one)
    expect(found).toMatchObject({ softspoken_lease_renewal_age_seconds: 1.5, softspoken_kernel_deadline_armed: 0 })
    expect(Object.keys(found).filter(sample => /certificate|remaining|arp/.test(sample))).toEqual([])
  })
  it('of an agent with routes count the withdrawals of its routes', async () => {
    const one = shown()
    Object.assign(one.fake, { announcer: {} })
    const found = await samples(one, () => {
      one.fake.emit('withdrawal', { part: 'route', reason: 'drained', seconds: 0.1 })
      one.fake.emit('withdrawal', { part: 'address', reason: 'drained', seconds: 3.1 })
    })
    expect(found).toMatchObject({
      'softspoken_withdrawals_total{reason="drained"}': 1,
      'softspoken_take_over_duration_seconds_count{part="route",cause="released"}': 0,
      'softspoken_withdrawal_duration_seconds_count{part="route",reason="unhealthy"}': 0,
    })
  })
  it('without an election begin at 0 for a node that becomes healthy', async () => {
    const { elected: _, ...one } = shown()
    const found = Object.keys(await samples(one)).filter(sample => /take_over_duration_seconds_count/.test(sample))
    expect(found).toEqual(['softspoken_take_over_duration_seconds_count{part="address",cause="unhealthy"}'])
  })
  it('count no new leader if the node only says again that it leads', async () => {
    const one = shown()
    const found = await samples(one, () => {
      one.fake.emit('role', { role: 'leader', epoch: 7 })
      one.fake.emit('role', { role: 'leader', epoch: 7 })
      one.fake.emit('role', { role: 'waiting' })
    })
    expect(found.softspoken_leader_transitions_total).toBe(1)
  })
  it('are listed in docs/operations.md with type, labels and meaning', async () => {
    const page = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `(softspoken_(?!bgp|log|build)\w+)` \| (\w+) \| (.*?) ?\| (.*?) \|$/gm)].map(
      ([, name, type, labels = '', meaning]) => ({ name, type, labels: labels.match(/\w+/g) ?? [], meaning }),
    )
    const registry = new Registry()
    registerAgentMetrics(shown(), registry)
    const there = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => ({
      name,
      type: String(type),
      labels: (registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames, // not in its types
      meaning: help,
    }))
    const byName = (a: { name?: string | undefined }, b: { name?: string | undefined }) =>
      `${a.name}`.localeCompare(`${b.name}`)
    expect(listed.sort(byName)).toEqual(there.sort(byName))
  })
})

describe('the pages', () => {
  const announcers: Announcer[] = []
  afterEach(async () => {
    for (const announcer of announcers.splice(0)) await announcer.stop()
  })
  function site() {
    const announcer = new Announcer({
      local: { as: 64515, id: '10.0.5.11' },
      peers: [{ as: 65000, address: '127.0.0.1', port: 1 }],
      firstDialDelay: 60,
    })
    announcers.push(announcer)
    const one = shown()
    const paths = siteOf(announcer, { gates: {}, routes: {}, agent: one }, () => 0)
    const read = async (path: string): Promise<string> => String((await paths.get(path)?.())?.body)
    return { fake: one.fake, read }
  }
  it('/status has the agent', async () => {
    const { agent } = JSON.parse(await site().read('/status'))
    expect(agent).toMatchObject({ nodeName: 'node-1', role: 'leader', epoch: 7, leases: { election: 8.5 } })
    expect(agent.apiServer).toMatchObject({ certificateEnd: '2027-11-26T00:00:00.000Z' })
  })
  it.each<[string, AgentStatus, string]>([
    ['another node leads', { ...following, mode: 'leader', serves: {} }, 'ready to lead: node-2 leads\n'],
    [
      'another node leads, and its election fails',
      { ...waiting, mode: 'leader', serves: {}, lastElectionFailure: { reason: 'timeout', detail: 'no answer' } },
      'not ready: the election fails: no answer\n',
    ],
    [
      'it leads, and a request has failed',
      { ...leading, mode: 'leader', holder: 'node-1', lastElectionFailure: { reason: 'timeout', detail: 'no answer' } },
      'not ready: nothing is announced\n',
    ],
    ['no node leads', { ...leading, mode: 'leader', role: 'waiting' }, 'not ready: nothing is announced\n'],
    ['this node does not serve', { ...waiting, mode: 'leader' }, 'not ready: nothing is announced\n'],
    ['in standby mode it has no route', { ...waiting, serves: {} }, 'not ready: nothing is announced\n'],
  ])('/readyz of a node in leader mode: %s', async (_, status, body) => {
    const { fake, read } = site()
    fake.current = status
    expect(await read('/readyz')).toBe(body)
  })
  it('/metrics has the metrics of announcer and agent', async () => {
    const text = await site().read('/metrics')
    expect(text).toContain('softspoken_bgp_session_state{')
    expect(text).toContain('softspoken_is_leader 1')
  })
  it('/events has what the agent does', async () => {
    const { fake, read } = site()
    fake.emit('role', { role: 'leader', epoch: 7 })
    fake.emit('address', { present: true, interface: 'lo' })
    fake.emit('address', { present: false, interface: 'lo' })
    fake.emit('election-failed', { reason: 'timeout', detail: 'no answer' })
    fake.emit('role', { role: 'waiting' })
    const texts = JSON.parse(await read('/events')).map(({ text }: { text: string }) => text)
    expect(texts).toEqual([
      ...['this node waits', 'election: no answer', 'address is not on lo any more'],
      ...['address added to lo', 'this node leads, epoch 7'],
    ])
  })
})
