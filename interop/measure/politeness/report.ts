/** The measurement in words and tables. */
import { intoMarkers, table } from '../page/markers.ts'
import type { Row, Steady } from './capture.ts'
import { kinds, rejecting } from './kinds.ts'

export interface Report {
  /** YYYY-MM-DD. */
  date: string
  /** Processor and cores. */
  machine: string
  minutes: number
  /** By speaker, in the table's order. */
  versions: Readonly<Record<string, string>>
  rows: readonly Row[]
  steady: readonly Steady[]
}

/** Puts the tables into a page, between its markers; all else was written by hand and stays. */
export function intoPage(page: string, report: Report): string {
  return intoMarkers(page, tables(report))
}

function tables({ date, machine, minutes, versions, rows, steady }: Report): string {
  const cell = (speaker: string, write: (row: Row) => string) =>
    rejecting.map(kind => write(rows.find(row => row.speaker === speaker && row.kind === kind)!)) // every pair has a row
  const speakers = Object.entries(versions)
  const texts = rejecting.map(kind => kinds[kind].text)
  return [
    `Measured on ${date} by \`npx --yes pnpm@12 politeness --minutes ${minutes}\`: ${machine}.`,
    `Dials / SYNs / OPENs in the ${minutes} minutes from the first dial, while the router …`,
    table(
      ['', ...texts],
      speakers.map(([name, version]) => [
        `${name} ${version}`,
        ...cell(name, ({ dials, syns, opens }) => `${dials.length} / ${syns} / ${opens}`),
      ]),
    ),
    `The longest wait in seconds, from one dial to the next or to the end of the ${minutes} minutes: so long may a router that has recovered wait for this speaker.`,
    table(
      ['', ...texts],
      speakers.map(([name]) => [name, ...cell(name, ({ dials }) => longestWait(dials, minutes * 60).toFixed(0))]),
    ),
    'What one session in peace costs the router, a minute. Suggested: a KEEPALIVE for every third of the hold time, the rarest that RFC 4271 §4.4 calls reasonable, and an acknowledgment for each of the router’s. Octets are those of Ethernet frames.',
    table(
      ['', 'hold time', 'KEEPALIVEs', 'suggested', 'packets', 'suggested', 'octets', 'suggested'],
      steady.map(({ speaker, holdTime, keepalives, packets, octets, heard }) => {
        const suggested = 180 / holdTime
        return [
          speaker,
          `${holdTime} s`,
          ...[keepalives, suggested, packets, suggested + heard].map(value => value.toFixed(1)),
          ...[octets, suggested * KEEPALIVE + heard * ACKNOWLEDGMENT].map(value => value.toFixed(0)),
        ]
      }),
    ),
  ].join('\n\n')
}

/** Octets of an Ethernet frame over IPv4, with TCP's timestamps as Linux sends them. */
const ACKNOWLEDGMENT = 14 + 20 + 32
const KEEPALIVE = ACKNOWLEDGMENT + 19

function longestWait(dials: readonly number[], end: number): number {
  return Math.max(...dials.map((time, i) => (dials[i + 1] ?? end) - time))
}
