/** The comparison in words and tables. */
import { intoMarkers, table } from '../page/markers.ts'
import type { Steady } from '../politeness/capture.ts'
import type { Signal } from './place.ts'
import { type Process, total } from './processes.ts'

/** What was timed of one announcer; milliseconds all. */
export interface Measured {
  name: string
  version: string
  /** How it was told of routes while it ran. */
  by: string
  /** From the start of its process. */
  established: readonly number[]
  routed: readonly number[]
  /** From the signal to the route being gone; undefined where it stood for longer than the patience. */
  departures: Record<Signal, (number | undefined)[]>
  /** From the call. */
  announced: readonly number[]
  withdrawn: readonly number[]
  /** The client alone, asked for what changes nothing. */
  asked: readonly number[]
  /** What it needs to run, from its start to its end. */
  runtime?: { name: string; started: readonly number[] }
  /** MiB. */
  installed: number
}

/** What one cost that had nothing to do. */
export interface Idle {
  /** Seconds of processor. */
  cpu: number
  processes: readonly Process[]
  cost: Omit<Steady, 'speaker'>
  /** Its runtime, doing nothing. */
  bare?: Pick<Process, 'rss' | 'pss'>
}

export interface Report {
  /** YYYY-MM-DD. */
  date: string
  /** Processor and cores. */
  machine: string
  idleMinutes: number
  /** Seconds. */
  patience: number
  announcers: readonly (Measured & Idle)[]
  /** Where the patience had not been enough, once; undefined where the route stood even then. */
  waited: readonly { name: string; signal: Signal; seconds: number | undefined }[]
}

/** The first is ours. */
type Column = readonly [head: string, cell: (one: Report['announcers'][number]) => string]

/** Puts the tables into a page, between its markers; all else was written by hand and stays. */
export function intoPage(page: string, report: Report): string {
  return intoMarkers(page, tables(report))
}

function tables(report: Report): string {
  const { date, machine, idleMinutes, announcers, waited, patience } = report
  const [ours] = announcers
  if (ours === undefined) throw new Error('There is nobody to compare')
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
      ? `${runtime.name} alone takes ${number(median(runtime.started))} ms (p95 ${number(p95(runtime.started))}) from its start to its end, and standing idle has ${mib(bare.rss)} MiB resident.`
      : [],
  )
  const worst = waited.map(
    ({ name, signal, seconds }) =>
      `${name}’s route stood for longer than ${patience} s after each SIG${signal}, so it was waited for once: ${seconds === undefined ? 'in vain' : `${seconds.toFixed(1)} s`}.`,
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
    'Milliseconds from the call to the router’s kernel, 30 times each. The client alone: the same client asked for what changes nothing, from its start to its end; and what part of the median for announcing that is.',
    rows(
      ['told by', ({ by }) => by],
      ...times('announced', ({ announced }) => announced),
      ...times('withdrawn', ({ withdrawn }) => withdrawn),
      ['client alone', ({ asked }) => (asked.length === 0 ? '-' : number(median(asked)))],
      [
        'part of it',
        ({ asked, announced }) =>
          asked.length === 0 ? '-' : `${Math.round((median(asked) / median(announced)) * 100)} %`,
      ],
    ),
    '## From the end to no route',
    ['Milliseconds from the signal to the route being gone from the router’s kernel.', ...worst].join(' '),
    rows(...departed('SIGTERM', 'TERM'), ...departed('SIGKILL', 'KILL')),
    '## What it costs to do nothing',
    `${idleMinutes} minutes of an established session with one route. Packets and octets are those that the router gets, Ethernet’s headers included. Memory is summed over all processes.`,
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
      ['', 'goal, at most', 'measured', ''],
      [
        goal('start to the route, median', 200, median(ours.routed), 'ms'),
        goal('SIGTERM to its absence, median', 5, median(departures(report, ours.name, 'TERM')), 'ms'),
        goal('RSS, idle', 60, total(ours.processes).rss / 1024, 'MiB'),
        goal('CPU, idle', 0.05, percent(ours), '%'),
      ],
    ),
  ].join('\n\n')
}

/** Milliseconds; where the patience had not been enough, the one time that was waited for stands for all. */
export function departures({ announcers, waited }: Report, name: string, signal: Signal): readonly number[] {
  const all = announcers.find(one => one.name === name)?.departures[signal] ?? []
  const once = waited.find(one => one.name === name && one.signal === signal)
  return all.map(one => one ?? (once?.seconds ?? Number.POSITIVE_INFINITY) * 1000)
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2 // of at least one
}

/** The least value that 95 of a hundred are not above. */
export function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(0.95 * sorted.length) - 1]! // of at least one
}

function goal(what: string, limit: number, value: number, unit: string): string[] {
  return [what, `${limit} ${unit}`, `${number(value)} ${unit}`, value <= limit ? 'held' : 'missed']
}

function ratio(value: number, ours: number): string {
  return value === ours ? '1' : number(value / ours)
}

/** Three digits that count, at most: the machine gives no more. */
function number(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(value >= 10 ? 3 : 2)))
}
