/** Writes the seconds until a recovered router has the route again as tables. */
import { table } from '@softspoken/test-support/page-markers'
import type { Row } from './dials.ts'
import { everyOutage, type Length, lengths, type OutageName, outageKinds, STABLE } from './outages.ts'
import type { Recovery } from './recoveries.ts'
import { responses } from './responses.ts'

interface Measured {
  /** The names of the speakers, in the order of the table. */
  speakers: readonly string[]
  recoveries: readonly Recovery[]
  rows: readonly Row[]
}

export function recoveryTables({ speakers, recoveries, rows }: Measured): string[] {
  const part = (kinds: readonly OutageName[], among: (recovery: Recovery) => boolean) =>
    table(
      ['', ...kinds.map(kind => outageKinds[kind].text)],
      speakers.map(speaker => [
        speaker,
        ...kinds.map(kind => {
          const seconds = recoveries.filter(one => one.speaker === speaker && one.kind === kind && among(one))
          const text = summary(seconds.map(({ after }) => after))
          return isWithinBudget(rows, speaker, kind) ? `**${text}**` : text
        }),
      ]),
    )
  const withOutage = everyOutage.filter(kind => !('atOnce' in outageKinds[kind]))
  const count = (dials: boolean) =>
    recoveries.filter(one => one.speaker === speakers[0] && one.dials === dials && one.kind === everyOutage[0]).length
  const after = (length: Length) =>
    `After ${count(false) / 2} outages of ${lengths[length].text}, spread evenly; the router does not dial:`
  const waits =
    (length: Length) =>
    ({ dials, ...one }: Recovery) =>
      !dials && one.length === length
  return [
    `Seconds from the router's recovery to the UPDATE with the route, median / longest. Before its outage each session was Established for ${STABLE} s. In bold: in ten minutes of the router's answer above, this speaker dials no more than Softspoken's budget allows.`,
    after('short'),
    part(everyOutage, waits('short')),
    after('long'),
    part(withOutage, waits('long')),
    `The router dials, too, from 5 s after its recovery; ${count(true)} outages, half of them short:`,
    part(everyOutage, ({ dials }) => dials),
  ]
}

/** Whether the speaker dials such a router no more often in ten minutes than Softspoken may. */
function isWithinBudget(rows: readonly Row[], speaker: string, kind: OutageName): boolean {
  const { response } = outageKinds[kind]
  const row = rows.find(row => row.speaker === speaker && row.response === response)
  return row !== undefined && row.dials.filter(time => time < 600).length <= responses[response].budget
}

/** Without a route until the end is longer than any number. */
function summary(seconds: readonly (number | undefined)[]): string {
  const sorted = seconds.map((one = Number.POSITIVE_INFINITY) => one).toSorted((a, b) => a - b)
  const at = (index: number) => sorted[Math.floor(index)] ?? Number.NaN
  const median = (at((sorted.length - 1) / 2) + at(sorted.length / 2)) / 2
  return [median, at(sorted.length - 1)]
    .map(value => (Number.isFinite(value) ? value.toFixed(value < 9.95 ? 1 : 0) : 'none'))
    .join(' / ')
}
