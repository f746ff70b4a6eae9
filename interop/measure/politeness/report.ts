/** Writes the measurement as tables. */

import { intoMarkers, table } from '@softspoken/test-support/page-markers'
import type { Steady } from '../capture.ts'
import type { Row } from './dials.ts'
import type { Recovery } from './recoveries.ts'
import { recoveryTables } from './recovery-tables.ts'
import { rejections, responses } from './responses.ts'

export interface Report {
  /** YYYY-MM-DD. */
  date: string
  /** Processor and cores. */
  machine: string
  minutes: number
  /** Per speaker, in the order of the table. */
  versions: Readonly<Record<string, string>>
  rows: readonly Row[]
  steady: readonly Steady[]
  recoveries: readonly Recovery[]
}

/** Writes the tables between the markers of a page. */
export function intoPage(page: string, report: Report): string {
  return intoMarkers(page, tables(report))
}

function tables({ date, machine, minutes, versions, rows, steady, recoveries }: Report): string {
  const cell = (speaker: string, write: (row: Row) => string) =>
    rejections.map(response => write(rows.find(row => row.speaker === speaker && row.response === response)!)) // every speaker has a row per response
  const speakers = Object.entries(versions)
  const texts = rejections.map(response => responses[response].text)
  return [
    `Measured on ${date} by \`npx --yes pnpm@12 bench:politeness --minutes ${minutes}\`: ${machine}.`,
    `Dials / SYNs / OPENs in the ${minutes} minutes from the first dial, while the router …`,
    table(
      ['', ...texts],
      speakers.map(([name, version]) => [
        `${name} ${version}`,
        ...cell(name, ({ dials, syns, opens }) => `${dials.length} / ${syns} / ${opens}`),
      ]),
    ),
    `The longest wait in seconds, from one dial to the next or to the end of the ${minutes} minutes: a router that has recovered may have to wait for this speaker that long.`,
    table(
      ['', ...texts],
      speakers.map(([name]) => [name, ...cell(name, ({ dials }) => longestWait(dials, minutes * 60).toFixed(0))]),
    ),
    ...recoveryTables({ speakers: Object.keys(versions), recoveries, rows }),
    'The traffic of one idle session per minute. Suggested: a KEEPALIVE per third of the hold time, the longest interval that RFC 4271 §4.4 calls reasonable, and an acknowledgment for each KEEPALIVE of the router. Octets are those of Ethernet frames.',
    table(
      ['', 'hold time', 'KEEPALIVEs', 'suggested', 'packets', 'suggested', 'octets', 'suggested'],
      steady.map(({ speaker, holdTime, keepalives, packets, octets, received }) => {
        const suggested = 180 / holdTime
        return [
          speaker,
          `${holdTime} s`,
          ...[keepalives, suggested, packets, suggested + received].map(value => value.toFixed(1)),
          ...[octets, suggested * KEEPALIVE + received * ACKNOWLEDGMENT].map(value => value.toFixed(0)),
        ]
      }),
    ),
  ].join('\n\n')
}

/** The octets of an Ethernet frame with IPv4 and TCP timestamps. */
const ACKNOWLEDGMENT = 14 + 20 + 32
const KEEPALIVE = ACKNOWLEDGMENT + 19

function longestWait(dials: readonly number[], end: number): number {
  return Math.max(...dials.map((time, i) => (dials[i + 1] ?? end) - time))
}
