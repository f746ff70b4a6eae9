/** The tables of docs/nemesis.md. */
import { table } from '@softspoken/test-support/page-markers'
import type { Mode } from '../softspoken.ts'
import type { Caused, Verdict } from './judge.ts'
import { type FaultKind, kinds } from './schedule.ts'

export interface Run {
  readonly mode: Mode
  readonly verdict: Verdict
}
export interface Circumstances {
  /** The whole command. */
  readonly command: string
  /** YYYY-MM-DD. */
  readonly date: string
  /** Processor, cores, and versions. */
  readonly machine: string
}

/** Seconds: each bin of the histograms begins with one of these, and ends before the next one. */
const bins = [0, 0.1, 0.5, 1, 2, 5, 10, 20, 60]
/** What is counted in the histograms. The plot reads these columns. */
const measures = [
  { text: "two leaders' routes", of: ({ overlaps }: Verdict) => overlaps },
  { text: 'no route', of: ({ absences }: Verdict) => absences },
  { text: 'no answer', of: ({ gaps }: Verdict) => gaps },
] as const

export function report(runs: readonly Run[], { command, date, machine }: Circumstances): string {
  return [
    `Measured on ${date} by \`npx --yes pnpm@12 ${command}\`: ${machine}.`,
    table(['', ...runs.map(({ mode }) => mode)], totals(runs)),
    'How many times, by how many seconds it lasted:',
    table(
      ['seconds', ...runs.flatMap(({ mode }) => measures.map(({ text }) => `${mode}: ${text}`))],
      bins.map((from, i) => {
        const to = bins[i + 1] ?? Number.POSITIVE_INFINITY
        const isHere = (span: Caused): boolean => seconds(span) >= from && seconds(span) < to
        return [
          to === Number.POSITIVE_INFINITY ? `${from} and more` : `${from} to ${to}`,
          ...runs.flatMap(({ verdict }) => measures.map(({ of }) => `${of(verdict).filter(isHere).length}`)),
        ]
      }),
    ),
    'By the latest fault that began before it and hit the node that the router used: how many times, with the longest in seconds.',
    table(
      ['fault', ...runs.flatMap(({ mode }) => [`${mode}: faults`, ...measures.map(({ text }) => `${mode}: ${text}`)])],
      [...(Object.keys(kinds) as FaultKind[]), undefined].map(kind => [
        kind ? kinds[kind].text : 'none in the last 10 s',
        ...runs.flatMap(({ verdict }) => [
          kind ? `${verdict.faults.filter(({ fault }) => fault === kind).length}` : '',
          ...measures.map(({ of }) => summary(of(verdict).filter(({ cause }) => cause === kind))),
        ]),
      ]),
    ),
  ].join('\n\n')
}

function totals(runs: readonly Run[]): readonly (readonly string[])[] {
  const row = (text: string, of: (verdict: Verdict) => string) => [text, ...runs.map(({ verdict }) => of(verdict))]
  const part = (spans: readonly Caused[], whole: number) => {
    const all = spans.reduce((sum, span) => sum + seconds(span), 0)
    return `${spans.length}, ${all.toFixed(1)} s (${((100 * all) / whole).toFixed(1)} %), longest ${longest(spans)} s`
  }
  return [
    row('minutes', verdict => (verdict.seconds / 60).toFixed(1)),
    row('faults', ({ faults }) => `${faults.length}`),
    row('leaders', ({ leaders }) => `${leaders}`),
    row('breaks of the promise', ({ breaks }) => `${breaks.length}`),
    ...measures.map(({ text, of }) => row(text, verdict => part(of(verdict), verdict.seconds))),
    row('requests without an answer', ({ requests, unanswered }) => `${unanswered} of ${requests}`),
    row('one node serves again after the end', ({ recovered }) =>
      recovered === undefined ? 'no' : `${recovered.toFixed(1)} s`,
    ),
  ]
}

function summary(spans: readonly Caused[]): string {
  return spans.length === 0 ? '' : `${spans.length} (${longest(spans)})`
}
function longest(spans: readonly Caused[]): string {
  return Math.max(0, ...spans.map(seconds)).toFixed(2)
}
function seconds({ at, until }: Caused): number {
  return (until - at) / 1000
}
