/** A scrape of the program that runs: its metrics are those of docs/operations.md, and Prometheus answers the queries of deploy/. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Listener, Session } from '@softspoken/session'
import { freePort } from '@softspoken/test-support/free-port'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'

const root = new URL('../../../../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')
const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const timeout = 60_000

/** Labels by metric, as docs/operations.md has them. */
const listed = new Map(
  [...read('docs/operations.md').matchAll(/^\| `((?:softspoken|process|nodejs)_\w+)` +\| \w+ +\| ([^|]*)\|/gm)].map(
    ([, name = '', labels = '']) => [name, [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label)],
  ),
)
/** What the program of this test has no value of. Other tests of this folder have them. */
const withoutValue = [
  ...[
    'softspoken_arp_holds',
    'softspoken_arp_blocked',
    'softspoken_arp_conflicts_total',
    'softspoken_arp_frames_total',
  ],
  ...['softspoken_bgp_notifications_received_total', 'softspoken_bgp_notifications_sent_total'],
  ...['softspoken_bgp_session_failures_total', 'softspoken_bgp_last_failure_timestamp_seconds'],
  'softspoken_drained_since_timestamp_seconds',
  ...['softspoken_vip_reachable', 'softspoken_vip_connect_duration_seconds'],
  ...['softspoken_lease_request_failures_total', 'softspoken_client_certificate_not_after_timestamp_seconds'],
]

const folder = mkdtempSync(join(tmpdir(), 'softspoken-metrics-'))
const router = new Session({
  ...{ local: { as: 65000, id: '10.0.5.1' }, peer: { as: 64515, address: '127.0.0.1' }, passive: true },
})
const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router)
const service = createServer(socket => socket.end())
let child: ChildProcess | undefined
let scrape = ''
let http = ''

beforeAll(async () => {
  router.start()
  await new Promise<void>(done => service.listen(0, '127.0.0.1', done))
  const { port } = service.address() as AddressInfo // a TCP server's address has one
  http = `127.0.0.1:${await freePort()}`
  const options = [
    ...['--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11', '--next-hop', '10.0.5.11'],
    ...['--peer', '127.0.0.1', '--peer-as', '65000', '--port', `${await listener.listen()}`, '--http', http],
    ...['--address', 'none', '--require-address', 'false', '--node-name', 'node-1', '--lease-directory', folder],
    ...['--health', `tcp://127.0.0.1:${port}`, '--health-interval', '1', '--health-rise', '1'],
  ]
  child = spawn(process.execPath, ['--import', 'tsx', main, 'announce', ...options], { stdio: 'ignore' })
  const ready = ['softspoken_is_leader 1\n', 'softspoken_bgp_advertisements_total{']
  await vi.waitFor(
    async () => {
      scrape = await (await fetch(`http://${http}/metrics`)).text()
      for (const text of ready) expect(scrape).toContain(text)
    },
    { timeout: 20_000, interval: 500 },
  )
}, timeout)
afterAll(async () => {
  child?.kill('SIGKILL')
  service.close()
  await router.stop()
  await listener[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

it('a scrape has the metrics that docs/operations.md lists, and no other', () => {
  const there = [...scrape.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)
  expect(there.sort()).toEqual([...listed.keys()].sort())
})
it('a scrape has a sample of each metric, with the labels that the page lists', () => {
  const seen = new Map<string, readonly string[]>()
  for (const [, sample = '', labels = ''] of scrape.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const name = listed.has(sample) ? sample : sample.replace(/_(bucket|sum|count)$/, '')
    const own = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label).filter(label => label !== 'le')
    seen.set(name, own.sort())
  }
  const expected = [...listed].filter(([name]) => !withoutValue.includes(name))
  expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(expected.map(([name, labels]) => [name, labels.sort()])))
})
it('the alerts and the dashboard name metrics that a scrape has', () => {
  const text = ['prometheus-alerts.yaml', 'prometheus-alerts.test.yaml', 'grafana-dashboard.json']
    .map(file => read(`deploy/${file}`))
    .join('\n')
  const named = [...text.matchAll(/\b((?:softspoken|process|nodejs)_[a-z_]+)(?=[{[)\s"\\])/g)].map(
    ([, name = '']) => name,
  )
  const there = new Set([...scrape.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter(name => !there.has(name.replace(/_(bucket|sum|count)$/, '')))).toEqual([])
})
const missing = spawnSync('promtool', ['--version']).error !== undefined
it.skipIf(missing)('the names and the text of a scrape pass promtool check metrics', () => {
  const check = (input: string) =>
    execFileSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8', stdio: 'pipe' })
  expect(check(scrape)).toBe('')
  expect(() => check('# HELP x_counter A.\n# TYPE x_counter counter\nx_counter 1\n')).toThrow()
})

const noServer = spawnSync('prometheus', ['--version']).error !== undefined
describe.skipIf(noServer)('Prometheus that scrapes the program', () => {
  const data = mkdtempSync(join(tmpdir(), 'softspoken-prometheus-'))
  let server: ChildProcess | undefined
  let url = ''
  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${url}/api/v1/${path}`)).json()) as { data: T; error?: string }
    expect(answer.error).toBeUndefined()
    return answer.data
  }
  const query = async (expr: string) =>
    (await ask<{ result: readonly object[] }>(`query?query=${encodeURIComponent(expr)}`)).result

  beforeAll(async () => {
    const [, example = ''] = /```yaml\n(# prometheus\.yml.*?)```/s.exec(read('docs/operations.md')) ?? []
    const config = example
      .replace(/\[".*"\]/, `["${http}"]`)
      .replace('15s', '500ms')
      .replace('prometheus-alerts.yaml', fileURLToPath(new URL('deploy/prometheus-alerts.yaml', root)))
    writeFileSync(join(data, 'prometheus.yml'), `global: { evaluation_interval: 500ms }\n${config}`)
    const listens = `127.0.0.1:${await freePort()}`
    url = `http://${listens}`
    const options = [`--config.file=${data}/prometheus.yml`, `--storage.tsdb.path=${data}/tsdb`]
    server = spawn('prometheus', [...options, `--web.listen-address=${listens}`], { stdio: 'ignore' })
    await vi.waitFor(async () => expect(await query('rate(process_cpu_seconds_total[1m])')).not.toEqual([]), {
      ...{ timeout: 30_000, interval: 500 },
    })
  }, timeout)
  afterAll(() => {
    server?.kill('SIGKILL')
    rmSync(data, { recursive: true, force: true })
  })

  it('answers each query of the dashboard', async () => {
    const { panels } = JSON.parse(read('deploy/grafana-dashboard.json')) as Dashboard
    const empty: string[] = []
    for (const { title, targets } of panels)
      for (const { refId, expr } of targets) {
        const sent = expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h').replaceAll('$job', '.*')
        if ((await query(sent)).length === 0) empty.push(`${title}, ${refId}`)
      }
    expect(empty.sort()).toEqual([
      ...['A', 'B', 'C', 'D'].map(one => `ARP and NDP, ${one}`),
      'Advertisements, withdrawals within an hour, B',
      'Leader and VIP, C', // it is not drained
      'Leader and VIP, D', // it has the VIP itself
      ...['A', 'B', 'C'].map(one => `NOTIFICATIONs, malformed UPDATEs, ${one}`),
      ...['A', 'B'].map(one => `The VIP from outside, ${one}`), // from the blackbox exporter, and from other nodes
      'Withdrawal times, 95 %, A',
    ])
  })
  it('evaluates each alert, and none fires', async () => {
    const rules = async () =>
      (await ask<{ groups: readonly { rules: readonly Rule[] }[] }>('rules')).groups.flatMap(group => group.rules)
    await vi.waitFor(async () => expect((await rules()).every(({ health }) => health !== 'unknown')).toBe(true), 10_000)
    const seen = await rules()
    expect(seen.length).toBeGreaterThan(10)
    expect(seen.filter(({ health, state }) => health !== 'ok' || state === 'firing')).toEqual([])
  })
})
interface Dashboard {
  readonly panels: readonly {
    readonly title: string
    readonly targets: readonly { readonly refId: string; readonly expr: string }[]
  }[]
}
interface Rule {
  readonly name: string
  readonly health: string
  readonly state: string
}
