/** What the program serves, by path. A client can only read: nothing here changes anything. */
import { readFileSync } from 'node:fs'
import type { Announcer, AnnouncerStatus, HealthGate } from '@softspoken/announcer'
import { registerMetrics } from '@softspoken/announcer/prometheus'
import type { AgentStatus } from '@softspoken/vip-agent'
import { Counter, Gauge, Registry } from 'prom-client'
import { escapeControls } from '../log/escape-controls.ts'
import { version } from '../version.ts'
import { registerAgentMetrics } from './agent-metrics.ts'
import { agentReport, type ShownAgent } from './agent-report.ts'
import { registerProcessMetrics } from './process-metrics.ts'
import { RecentEvents } from './recent-events.ts'
import { SentRoutes } from './sent-routes.ts'
import { verdict } from './verdict.ts'

export interface Answer {
  readonly status?: number
  readonly type: string
  readonly body: Buffer
}
export type Site = ReadonlyMap<string, () => Answer | Promise<Answer>>

const REUSE_MS = 1000 // how long one answer serves all clients

/** Before there is an announcer. */
export function emptySite(): Site {
  const starting = () => text('not ready: the program is starting', 503)
  return new Map([...['/readyz', '/metrics', '/status', '/events'].map(path => [path, starting] as const), ...constant])
}

/** What is shown of an announcer, besides its own status. */
export interface Shown {
  /** By the name that is shown. */
  readonly gates: Readonly<Record<string, HealthGate>>
  /** Options of each route, by its prefix. */
  readonly routes: Readonly<Record<string, object>>
  readonly agent?: ShownAgent | undefined
}

/** `droppedLines` counts the lines of the log that could not be written. */
export function siteOf(announcer: Announcer, { gates, routes, agent }: Shown, droppedLines: () => number): Site {
  const registry = new Registry()
  registerMetrics(announcer, registry, gates)
  if (agent) registerAgentMetrics(agent, registry)
  registerProcessMetrics(registry)
  new Counter({
    name: 'softspoken_log_lines_dropped_total',
    help: 'Lines of the log that could not be written.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(droppedLines())
    },
  })
  new Gauge({
    name: 'softspoken_build_info',
    help: 'Always 1; the labels have the versions.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1)
  const advertised = new SentRoutes(announcer)
  const recent = new RecentEvents(announcer, gates, agent?.agent)
  const health = () => Object.fromEntries(Object.entries(gates).map(([name, gate]) => [name, gate.status()]))
  return new Map<string, () => Answer | Promise<Answer>>([
    ['/metrics', shared(async () => ({ type: registry.contentType, body: Buffer.from(await registry.metrics()) }))],
    ['/readyz', () => readiness(announcer.status(), agent?.agent.status())], // never reused: a withdrawal changes it at once
    [
      '/status',
      shared(() => {
        const judged = { ...announcer.status(), health: health(), ...(agent && { agent: agentReport(agent) }) }
        return json({
          ...{ version, uptime: process.uptime(), verdict: verdict(judged) },
          ...{ ...judged, routes, advertised: advertised.report },
        })
      }),
    ],
    ['/events', shared(() => json(recent.events))],
    ...constant,
  ])
}

/** Reuses an answer while it is being made, and for a second after that began. */
function shared(make: () => Answer | Promise<Answer>): () => Promise<Answer> {
  let last: { readonly answer: Promise<Answer>; readonly until: number } | undefined
  let running = false
  return () => {
    if (last !== undefined && (running || performance.now() < last.until)) return last.answer
    running = true
    const answer = Promise.resolve()
      .then(make)
      .finally(() => {
        running = false
      })
    last = { answer, until: performance.now() + REUSE_MS }
    return answer
  }
}

/** Ready if every desired route has been sent on an established session, or if another node leads and this one can follow. */
function readiness(status: AnnouncerStatus, agent: AgentStatus | undefined): Answer {
  // Otherwise a rolling update would wait for ever for the nodes that do not lead.
  const follows = agent?.mode === 'leader' && agent.role === 'waiting' && agent.serves.reason === undefined
  const failure = follows ? agent.lastElectionFailure?.detail : undefined
  if (follows && agent.holder !== undefined && failure === undefined)
    return text(`ready to lead: ${agent.holder} leads`)
  const detail = failure === undefined ? notReady(status) : `the election fails: ${failure}`
  return detail === undefined ? text('ready') : text(`not ready: ${detail}`, 503)
}
function notReady({ announcements, withheld, peers }: AnnouncerStatus): string | undefined {
  const [first] = Object.entries(withheld)
  if (first) return `${first[0]} is withheld, ${first[1].detail}`
  if (announcements.length === 0) return 'nothing is announced'
  if (peers.length === 0) return undefined // there is no BGP
  if (peers.every(({ state }) => state !== 'Established')) {
    const failed = peers.find(({ lastFailure }) => lastFailure !== undefined)
    return `no session is established${failed ? `; ${failed.peer.address}: ${failed.lastFailure?.detail}` : ''}`
  }
  const unsent = announcements.find(prefix => !peers.some(({ sent }) => sent.includes(prefix)))
  return unsent && `${unsent} has been sent to no peer`
}

/** A file of the page, read at the first request. */
function page(file: string, type: string): () => Answer {
  let answer: Answer | undefined
  return () => {
    answer ??= { type: `${type}; charset=utf-8`, body: readFileSync(new URL(`page/${file}`, import.meta.url)) }
    return answer
  }
}
const constant = [
  ['/', page('index.html', 'text/html')],
  ['/page.css', page('page.css', 'text/css')],
  ['/page.js', page('page.js', 'text/javascript')],
  ['/healthz', () => text('the process runs')],
] as const

export function text(body: string, status = 200): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(escapeControls(`${body}\n`)) }
}
function json(value: unknown): Answer {
  return {
    type: 'application/json',
    body: Buffer.from(escapeControls(`${JSON.stringify(value, readable)}\n`)),
  }
}
/** Octets as hex, and seconds with three decimals. */
function readable(_name: string, value: unknown): unknown {
  if (typeof value === 'number') return Math.round(value * 1000) / 1000
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value
}
