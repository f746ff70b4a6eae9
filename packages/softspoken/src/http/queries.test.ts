/** The queries of deploy/ are valid PromQL and use metrics and labels that exist. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const root = new URL('../../../../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')

interface Dashboard {
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] }
  readonly panels: readonly Panel[]
}
interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string; readonly refId: string }[]
}
interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[]
}
const dashboard: Dashboard = JSON.parse(read('deploy/grafana-dashboard.json'))
const rules = (parse(read('deploy/prometheus-alerts.yaml')) as Rules).groups.flatMap(({ rules }) => rules)
const targets = dashboard.panels.flatMap(({ title, targets }) => targets.map(target => ({ title, ...target })))

/** Labels by metric, from docs/operations.md. Another test compares that page with the code. */
const listed = new Map(
  [
    ...read('docs/operations.md').matchAll(/^\| `((?:softspoken|process|nodejs)_\w+)` +\| (\w+) +\| ([^|]*)\|/gm),
  ].flatMap(([, name = '', type, labels = '']) => {
    const own = [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label)
    return type === 'histogram'
      ? [
          [`${name}_bucket`, [...own, 'le']],
          [`${name}_sum`, own],
          [`${name}_count`, own],
        ]
      : [[name, own]]
  }) as [string, string[]][],
)
/** Of the blackbox exporter, which asks the VIP from outside. */
for (const name of ['probe_success', 'probe_duration_seconds']) listed.set(name, [])
/** Prometheus adds these to every target. */
const givenToAll = ['job', 'instance']

describe('the Grafana dashboard', () => {
  it.each(targets.map(({ title, refId, expr }) => [title, refId, expr]))(
    '%s, %s, uses metrics and labels that exist',
    (_title, _refId, expr) => {
      expect(faults(asGrafanaSends(expr))).toEqual([])
    },
  )
  it('uses only labels that the metrics have', () => {
    for (const { title, expr, legendFormat } of targets) {
      const { labels } = seen(asGrafanaSends(expr))
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(labels, title).toContain(label)
    }
  })
  it('has every variable that it uses', () => {
    const names = dashboard.templating.list.map(({ name }) => name)
    const used = [...JSON.stringify(dashboard).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
    expect(used.length).toBeGreaterThan(0)
    expect(used.filter(name => !name.startsWith('__') && !names.includes(name))).toEqual([])
    const [, metric = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(
      dashboard.templating.list.find(({ name }) => name === 'job')?.query ?? '',
    ) as string[]
    expect([...(listed.get(metric) ?? []), ...givenToAll]).toContain(label)
  })
  it('has a place of its own for each panel', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24) // Grafana's grid
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length)
  })
  it('shows every metric that no other metric replaces', () => {
    const shown = new Set(targets.flatMap(({ expr }) => seen(asGrafanaSends(expr)).metrics))
    const replaced = [
      'softspoken_bgp_messages_received_total',
      'softspoken_bgp_messages_sent_total',
      'softspoken_bgp_hold_time_seconds',
      'softspoken_bgp_last_failure_timestamp_seconds',
      'softspoken_bgp_withdrawals_total', // the withdrawals with the agent's reasons
      'softspoken_bgp_session_failures_total', // the sessions, and the log
      'softspoken_bgp_route_desired', // the routes that are sent, and the health
      'softspoken_bgp_health_flaps_total', // the health
      ...['leader_transitions_total', 'leader_epoch', 'role'].map(name => `softspoken_${name}`), // the leader
      'softspoken_lease_request_failures_total', // the log
      'softspoken_client_certificate_not_after_timestamp_seconds', // an alert
      'softspoken_kernel_deadline_armed', // the leases of the nodes
      ...['softspoken_log_lines_dropped_total', 'softspoken_build_info'],
    ]
    const missing = [...listed.keys()].filter(
      name => name.startsWith('softspoken_') && !shown.has(name) && !/_(sum|count)$/.test(name),
    )
    expect(missing.sort()).toEqual(replaced.sort())
  })
})

describe('the alert rules', () => {
  it.each(rules.map(({ alert, expr }) => [alert, expr]))('%s uses metrics and labels that exist', (_alert, expr) => {
    expect(faults(expr)).toEqual([])
  })
  const missing = spawnSync('promtool', ['--version']).error !== undefined
  it.skipIf(missing)('pass their own tests (promtool)', { timeout: 60_000 }, () => {
    const folder = fileURLToPath(new URL('deploy', root))
    for (const [what, file] of [
      ['check', 'prometheus-alerts.yaml'],
      ['test', 'prometheus-alerts.test.yaml'],
    ] as const)
      expect(execFileSync('promtool', [what, 'rules', file], { cwd: folder, encoding: 'utf8' })).toContain('SUCCESS')
  })
})

describe('the test of the queries finds', () => {
  it.each([
    ['sum(', 'it is no PromQL at 4'],
    ['softspoken_bgp_health', 'there is no softspoken_bgp_health'],
    ['softspoken_bgp_health_up{peer="x"}', 'peer is no label of softspoken_bgp_health_up'],
    ['sum by (prefix) (softspoken_bgp_health_up)', 'prefix is no label of softspoken_bgp_health_up'],
  ])('%s: %s', (query, fault) => {
    expect(faults(query)).toContain(fault)
  })
})

/** What Grafana puts in the place of its variables. */
function asGrafanaSends(expr: string): string {
  return expr.replaceAll('$__rate_interval', '2m').replaceAll('$__range', '6h').replaceAll('$job', '.*')
}

function faults(query: string): string[] {
  const { metrics, named, labels, errors } = seen(query)
  return [
    ...errors.map(at => `it is no PromQL at ${at}`),
    ...metrics.filter(name => !listed.has(name)).map(name => `there is no ${name}`),
    ...named.filter(label => !labels.includes(label)).map(label => `${label} is no label of ${metrics.join(', ')}`),
  ]
}

/** `named` are the labels of a query, `labels` those that it may have. */
function seen(query: string) {
  const metrics: string[] = []
  const named: string[] = []
  const errors: number[] = []
  parser.parse(query).iterate({
    enter({ name, from, to, node, type }) {
      if (type.isError) errors.push(from)
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(query.slice(from, to))
      if (name === 'LabelName') named.push(query.slice(from, to))
    },
  })
  const labels = [...metrics.flatMap(metric => listed.get(metric) ?? []), ...givenToAll]
  return { metrics, named, labels, errors }
}
