/** Writes the comparison as tables. */

import { intoMarkers, table } from '@softspoken/test-support/page-markers'
import type { Steady } from '../capture.ts'
import { type Process, total } from './processes.ts'
import type { Signal } from './testbed.ts'

/** The measured times of one announcer, in milliseconds. */
export interface Measured {
  name: string
  version: string
  /** The method to announce a route while it runs. */
  method: string
  /** From the start of its process. */
  established: readonly number[]
  routed: readonly number[]
  /** From the signal until the route is gone. Undefined if it took longer than the timeout. */
  departures: Record<Signal, (number | undefined)[]>
  /** From the call. */
  announced: readonly number[]
  withdrawn: readonly number[]
  /** The client alone, with a query that changes nothing. */
  clientOnly: readonly number[]
  /** Its runtime alone, from start to end. */
  runtime?: { name: string; started: readonly number[] }
  /** MiB. */
  installed: number
}

/** The cost of an idle session. */
export interface Idle {
  /** Seconds of CPU time. */
  cpu: number
  processes: readonly Process[]
  cost: Omit<Steady, 'speaker'>
  /** Its runtime alone, idle. */
  bare?: Pick<Process, 'rss' | 'pss'>
}

export interface Report {
  /** YYYY-MM-DD. */
  date: string
  /** Processor and cores. */
  machine: string
  idleMinutes: number
  /** Seconds. */
  timeout: number
  announcers: readonly (Measured & Idle)[]
  /** One longer measurement if the timeout was too short. `seconds` is undefined if the route was still there. */
  waited: readonly { name: string; signal: Signal; seconds: number | undefined }[]
}

type Column = readonly [head: string, cell: (one: Report['announcers'][number]) => string]

/** Writes the tables between the markers of a page. The first announcer is ours. */
export function intoPage(page: string, report: Report): string {
  return intoMarkers(page, tables(report))
}

function tables(report: Report): string {
  const { date, machine, idleMinutes, announcers, waited, timeout } = report
  const [ours] = announcers
  if (ours === undefined) throw new Error('There are no announcers')
  const rows = (...columns: Column[]) =>
    table(
      ['', ...columns.map(([head]) => head)],
      announcers.map(one => [`${one.name}`, ...columns.map(([, cell]) => cell(one))]),
    )
  const times = (what: string, of: (one: Measured) => readonly number[]): Column[] => [
    [`${what}, median`, one => number(median(of(one)))],
    ['p95', one => number(p95(of(one)))],
    ['÷ ours', one => ratio(median(of(one)), median(of(ours)))],
  ]
  const departed = (what: string, signal: Signal) =>
    times(what, ({ name }) => departures(report, name, signal)).map(([head, cell]): Column => [head, cell])
  const percent = ({ cpu }: Idle) => (cpu / (idleMinutes * 60)) * 100
  const mib = (kib: number) => (kib / 1024).toFixed(1)
  const runtimes = announcers.flatMap(({ runtime, bare }) =>
    runtime && bare
      ? `${runtime.name} alone takes ${number(median(runtime.started))} ms (p95 ${number(p95(runtime.started))}) from start to end, and has ${mib(bare.rss)} MiB resident when idle.`
      : [],
  )
  const worst = waited.map(
    ({ name, signal, seconds }) =>
      `${name}’s route stays for more than ${timeout} s after SIG${signal}, so that time was measured only once: ${seconds === undefined ? 'it did not end' : `${seconds.toFixed(1)} s`}.`,
  )
  return [
    `Measured on ${date} by \`npx --yes pnpm@12 bench:peers\`: ${machine}. ${announcers.map(({ name, version }) => `${name} ${version}`).join(', ')}.`,
    '## From start to route',
    `Milliseconds from the start of the process. ${runtimes.join(' ')}`,
    rows(
      ...times('Established', ({ established }) => established),
      ...times('route in the kernel', ({ routed }) => routed),
      ['starts', ({ routed }) => String(routed.length)],
    ),
    '## From the call to the route',
    'Milliseconds from the call to the router’s kernel, 30 times each. “Client alone” is the same client with a query that changes nothing; “part of it” is its part of the median time to announce.',
    rows(
      ['method', ({ method }) => method],
      ...times('announced', ({ announced }) => announced),
      ...times('withdrawn', ({ withdrawn }) => withdrawn),
      ['client alone', ({ clientOnly }) => (clientOnly.length === 0 ? '-' : number(median(clientOnly)))],
      [
        'part of it',
        ({ clientOnly, announced }) =>
          clientOnly.length === 0 ? '-' : `${Math.round((median(clientOnly) / median(announced)) * 100)} %`,
      ],
    ),
    '## From the end to no route',
    ['Milliseconds from the signal until the route is gone from the router’s kernel.', ...worst].join(' '),
    rows(...departed('SIGTERM', 'TERM'), ...departed('SIGKILL', 'KILL')),
    '## The cost of an idle session',
    `${idleMinutes} minutes of an established session with one route. Packets and octets are those that the router receives, with Ethernet headers. Memory is the sum over all processes.`,
    rows(
      ['hold time', ({ cost }) => `${cost.holdTime} s`],
      ['packets a minute', ({ cost }) => cost.packets.toFixed(1)],
      ['octets a minute', ({ cost }) => cost.octets.toFixed(0)],
      ['CPU s', ({ cpu }) => cpu.toFixed(3)],
      ['CPU', one => `${percent(one).toFixed(4)} %`],
      ['RSS MiB', ({ processes }) => mib(total(processes).rss)],
      ['PSS MiB', ({ processes }) => mib(total(processes).pss)],
      ['processes', ({ processes }) => String(processes.length)],
      ['installed MiB', ({ installed }) => installed.toFixed(0)],
    ),
    '## Our own goals',
    table(
      ['', 'goal (maximum)', 'measured', ''],
      [
        goal('start to Established, median', 80, median(ours.established), 'ms'),
        goal('SIGTERM to no route, median', 2, median(departures(report, ours.name, 'TERM')), 'ms'),
        goal('RSS, idle', 50, total(ours.processes).rss / 1024, 'MiB'),
        goal('CPU, idle', 0.05, percent(ours), '%'),
      ],
    ),
  ].join('\n\n')
}

/** Milliseconds. The one longer measurement replaces each time that was longer than the timeout. */
export function departures({ announcers, waited }: Report, name: string, signal: Signal): readonly number[] {
  const all = announcers.find(one => one.name === name)?.departures[signal] ?? []
  const once = waited.find(one => one.name === name && one.signal === signal)
  return all.map(one => one ?? (once?.seconds ?? Number.POSITIVE_INFINITY) * 1000)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2 // there is at least one
}

/** The smallest value that is not exceeded by 95 % of the values. */
export function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(0.95 * sorted.length) - 1]! // there is at least one
}

function goal(what: string, limit: number, value: number, unit: string): string[] {
  return [what, `${limit} ${unit}`, `${number(value)} ${unit}`, value <= limit ? 'held' : 'missed']
}

function ratio(value: number, ours: number): string {
  return value === ours ? '1' : number(value / ours)
}

/** At most three significant digits. */
function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)))
}
