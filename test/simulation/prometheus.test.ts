/** What Prometheus reads of an announcer, in virtual time, and that docs/operations.md says the same. */
import { readFileSync } from 'node:fs'
import { type Announcer, HealthGate } from '@softspoken/announcer'
import { registerMetrics } from '@softspoken/announcer/prometheus'
import { encode } from '@softspoken/wire'
import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { Lab, type Router } from './lab.ts'

const VIP = '198.51.100.10/32'
const peer = '192.0.2.254'

/** Names are an interface: dashboards and alerts are written against them. */
const names = [
  'softspoken_bgp_advertisements_total',
  'softspoken_bgp_dials_total',
  'softspoken_bgp_health_check_duration_seconds',
  'softspoken_bgp_health_checks_total',
  'softspoken_bgp_health_flaps_total',
  'softspoken_bgp_health_up',
  'softspoken_bgp_hold_time_seconds',
  'softspoken_bgp_last_failure_timestamp_seconds',
  'softspoken_bgp_lease_remaining_seconds',
  'softspoken_bgp_malformed_updates_total',
  'softspoken_bgp_messages_received_total',
  'softspoken_bgp_messages_sent_total',
  'softspoken_bgp_notifications_received_total',
  'softspoken_bgp_notifications_sent_total',
  'softspoken_bgp_route_desired',
  'softspoken_bgp_route_sent',
  'softspoken_bgp_session_failures_total',
  'softspoken_bgp_session_state',
  'softspoken_bgp_session_transitions_total',
  'softspoken_bgp_withdrawals_total',
]

describe('the metrics of an announcer', () => {
  test('the metrics have these names', async () => {
    const { registry } = scene()
    expect((await registry.getMetricsAsJSON()).map(({ name }) => name).sort()).toEqual(names)
  })

  test('the metrics show an established session and a sent route', async () => {
    const { lab, announcer, samples } = scene()
    announcer.announce(VIP, { ttl: 60 })
    await lab.pass(100 / 3)
    expect(await samples()).toMatchObject({
      [`session_state{peer="${peer}",state="Established"}`]: 1,
      [`session_state{peer="${peer}",state="Idle"}`]: 0,
      [`session_transitions_total{peer="${peer}",from="OpenConfirm",to="Established"}`]: 1,
      [`dials_total{peer="${peer}"}`]: 1,
      [`messages_received_total{peer="${peer}",type="open"}`]: 1,
      [`messages_received_total{peer="${peer}",type="malformed"}`]: 0,
      [`malformed_updates_total{peer="${peer}",handling="treat-as-withdraw"}`]: 0,
      [`malformed_updates_total{peer="${peer}",handling="attribute-discard"}`]: 0,
      [`messages_sent_total{peer="${peer}",type="update"}`]: 1,
      [`messages_sent_total{peer="${peer}",type="keepalive"}`]: 2,
      [`hold_time_seconds{peer="${peer}"}`]: 90,
      [`route_desired{prefix="${VIP}"}`]: 1,
      [`route_sent{peer="${peer}",prefix="${VIP}"}`]: 1,
      [`lease_remaining_seconds{prefix="${VIP}"}`]: expect.closeTo(80 / 3, 3),
      [`advertisements_total{peer="${peer}",prefix="${VIP}"}`]: 1,
      'withdrawals_total{reason="lease-expired"}': 0,
    })
  })

  test('a metric without a value is absent', async () => {
    const { samples } = scene()
    const absent = ['hold_time_seconds', 'last_failure_timestamp_seconds', 'lease_remaining_seconds', 'route_sent']
    const seen = Object.keys(await samples())
    expect(seen.filter(name => absent.some(one => name.startsWith(one)))).toEqual([])
  })

  test('route_sent is 0 without a session, and 1 while a change waits', async () => {
    const lab = new Lab()
    const away = lab.router({ answers: false })
    const there = lab.router({ address: '192.0.2.253' })
    const { announcer, samples } = scene({ lab, peers: [away.peer, there.peer] })
    const announcement = announcer.announce(VIP)
    await lab.pass(1)
    const sent = (address: string) => `route_sent{peer="${address}",prefix="${VIP}"}`
    const wanted = { [`route_desired{prefix="${VIP}"}`]: 1 }
    expect(await samples()).toMatchObject({ ...wanted, [sent(peer)]: 0, [sent('192.0.2.253')]: 1 })
    announcement.update({ med: 7 })
    await lab.pass(1)
    expect(await samples(), 'the former route stands').toMatchObject({ ...wanted, [sent('192.0.2.253')]: 1 })
    await lab.pass(30)
    expect(await samples()).toMatchObject({ ...wanted, [sent('192.0.2.253')]: 1 })
  })

  test('route_desired is 0 while withheld, and absent once withdrawn', async () => {
    const { lab, announcer, samples } = scene()
    const announcement = announcer.announce(VIP, { ttl: 10 })
    await lab.pass(11)
    expect(await samples()).toMatchObject({
      [`route_desired{prefix="${VIP}"}`]: 0,
      [`route_sent{peer="${peer}",prefix="${VIP}"}`]: 0,
      [`lease_remaining_seconds{prefix="${VIP}"}`]: 0,
      'withdrawals_total{reason="lease-expired"}': 1,
      'withdrawals_total{reason="withdraw-called"}': 0,
    })
    announcement.withdraw()
    const left = Object.keys(await samples()).filter(name => name.includes(VIP))
    expect(left, 'a counter stays').toEqual([`advertisements_total{peer="${peer}",prefix="${VIP}"}`])
  })

  test('the metrics show how a session ended, with registered names (RFC 4271 §4.5)', async () => {
    const { lab, router, samples, text } = scene()
    await lab.pass(1)
    await router().session.stop('a zebra in the rack')
    await lab.pass(1)
    const seen = await samples()
    expect(seen).toMatchObject({
      [`session_state{peer="${peer}",state="Idle"}`]: 1,
      [`session_transitions_total{peer="${peer}",from="Established",to="Idle"}`]: 1,
      [`notifications_received_total{peer="${peer}",code="Cease",subcode="Administrative Shutdown"}`]: 1,
    })
    expect(seen[`session_failures_total{peer="${peer}",reason="notification-received"}`]).toBe(1)
    expect(seen[`last_failure_timestamp_seconds{peer="${peer}"}`]).toBeGreaterThan(1e9)
    expect(seen[`last_failure_timestamp_seconds{peer="${peer}"}`], 'seconds').toBeLessThan(1e11)
    expect(await text()).not.toContain('zebra')
  })

  test('malformed UPDATEs are counted by their handling (RFC 7606 §2)', async () => {
    const { lab, router, samples } = scene()
    await lab.pass(1)
    const asPath = [{ type: 'sequence', as: [65000] }] as const
    const attributes = { origin: 'igp', asPath, nextHop: '192.0.2.254', localPref: 7 } as const
    const update = encode({ type: 'update', withdrawn: [], attributes, announced: ['203.0.113.7/32'] })
    router().write(update) // LOCAL_PREF from an external peer
    router().write(update.with(26, 9)) // an undefined ORIGIN
    await lab.pass(1)
    expect(await samples()).toMatchObject({
      [`malformed_updates_total{peer="${peer}",handling="attribute-discard"}`]: 1,
      [`malformed_updates_total{peer="${peer}",handling="treat-as-withdraw"}`]: 1,
      [`session_state{peer="${peer}",state="Established"}`]: 1,
    })
  })

  test('the metrics show a gate, its checks, their duration, and its flaps', async () => {
    const lab = new Lab()
    let isHealthy = true
    const check = async () => {
      if (!isHealthy) throw new Error('refused')
    }
    const gate = new HealthGate({ check, clock: lab.clock })
    const { announcer, samples } = scene({ lab, gates: { apiserver: gate } })
    const buckets = ['0.001', '0.005', '0.01', '0.05', '0.1', '0.25', '0.5', '1', '2', '3', '5', '10', '+Inf']
    expect(await samples()).toMatchObject({
      'health_flaps_total{gate="apiserver"}': 0,
      'health_check_duration_seconds_count{gate="apiserver"}': 0,
      ...Object.fromEntries(
        buckets.map(le => [`health_check_duration_seconds_bucket{le="${le}",gate="apiserver"}`, 0]),
      ),
    })
    announcer.announce(VIP, { gate })
    await lab.pass(11)
    expect(await samples()).toMatchObject({
      'health_up{gate="apiserver"}': 1,
      'health_checks_total{gate="apiserver",outcome="passed"}': 3,
      'health_checks_total{gate="apiserver",outcome="failed"}': 0,
      'health_check_duration_seconds_count{gate="apiserver"}': 3,
      'health_flaps_total{gate="apiserver"}': 0,
    })
    isHealthy = false
    await lab.pass(15)
    expect(await samples()).toMatchObject({
      'health_up{gate="apiserver"}': 0,
      'health_checks_total{gate="apiserver",outcome="failed"}': 3,
      'health_flaps_total{gate="apiserver"}': 1,
      [`route_desired{prefix="${VIP}"}`]: 0,
    })
    gate.stop()
  })

  test.each([
    [{ address: peer, port: 1179 }, `${peer}:1179`],
    [{ address: '2001:db8::1' }, '2001:db8::1'],
    [{ address: '2001:db8::1', port: 1179 }, '[2001:db8::1]:1179'],
  ])('the label peer is the configured address: %j', async (configured, label) => {
    const lab = new Lab()
    const router = lab.router()
    const dial = () => router.answer(65001)
    const { samples } = scene({ lab, peers: [{ as: 65000, ...configured }], dial })
    expect(await samples()).toHaveProperty([`dials_total{peer="${label}"}`], 1)
  })

  test('advertisements are counted by the label of the peer', async () => {
    const lab = new Lab()
    const at = '192.0.2.253'
    const routers = [peer, at].map(address => lab.router({ address }).peer)
    const { announcer, samples } = scene({ lab, peers: [{ ...routers[0], port: 1179 }, routers[1]] })
    const announcement = announcer.announce(VIP)
    await lab.pass(1)
    announcement.update({ med: 7 })
    await lab.pass(31)
    const sent = (label: string) => `advertisements_total{peer="${label}",prefix="${VIP}"}`
    expect(await samples()).toMatchObject({ [sent(`${peer}:1179`)]: 2, [sent(at)]: 2 })
  })

  test('the advertisements of routes that were announced before begin at 0', async () => {
    const { announcer } = scene()
    announcer.announce(VIP)
    const registry = new Registry()
    registerMetrics(announcer, registry)
    expect(await registry.metrics()).toContain(`advertisements_total{peer="${peer}",prefix="${VIP}"} 0\n`)
  })

  test.each<[string, (scene: Scene) => unknown[], string]>([
    ['no announcer', ({ registry }) => [{}, registry], 'announcer.announce: '],
    ['no registry', ({ announcer }) => [announcer, {}], 'registry.registerMetric: '],
    ['gates that are a list', ({ announcer, registry }) => [announcer, registry, []], 'gates: '],
    ['a gate that is none', ({ announcer }) => [announcer, new Registry(), { one: {} }], 'gates.one.status: '],
  ])('registerMetrics() rejects %s', (_, given, message) => {
    const [announcer, registry, gates] = given(scene()) as Parameters<typeof registerMetrics> // wrong ones
    expect(() => registerMetrics(announcer, registry, gates)).toThrow(message)
  })

  test('two announcers need two registries', () => {
    const { announcer, registry } = scene()
    expect(() => registerMetrics(announcer, registry)).toThrow('softspoken_bgp_session_state')
  })
})

describe('docs/operations.md', () => {
  test('docs/operations.md lists each metric with type, labels and meaning, and no other', async () => {
    const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8')
    const listed = [...page.matchAll(/^\| `(softspoken_bgp_\w+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm)].map(
      ([, name, type, labels = '', meaning]) => ({ name, type, labels: labels.match(/\w+/g) ?? [], meaning }),
    )
    const { registry } = scene()
    const there = (await registry.getMetricsAsJSON()).map(({ name, type, help }) => ({
      name,
      type: String(type),
      labels: (registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames, // not in its types
      meaning: help,
    }))
    expect(listed).toEqual(there)
  })
})

interface Scene {
  readonly lab: Lab
  readonly announcer: Announcer
  readonly registry: Registry
  router(): Router
  text(): Promise<string>
  /** What a scrape finds, by name without the prefix that all have. */
  samples(): Promise<Record<string, number>>
}
/** An announcer, by default with one router, and its metrics. */
function scene(given: { lab?: Lab; gates?: Record<string, HealthGate>; [option: string]: unknown } = {}): Scene {
  const { lab = new Lab(), gates, ...options } = given
  const router = lab.router()
  const announcer = lab.announcer(options)
  const registry = new Registry()
  registerMetrics(announcer, registry, gates)
  const text = () => registry.metrics()
  return {
    ...{ lab, announcer, registry, text },
    router: () => router,
    async samples() {
      const lines = [...(await text()).matchAll(/^softspoken_bgp_(.*) (\S+)$/gm)]
      return Object.fromEntries(lines.map(([, name = '', value]) => [name, Number(value)]))
    },
  }
}
