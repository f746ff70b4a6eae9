/** Renders the matrix as docs/interop.md and as the table of README.md. */
import { columnTitle, type Matrix, type MatrixRow, type Result } from './matrix.ts'

export function renderPage(matrix: Matrix): string {
  const { date, minutes, daemons, behaviours } = matrix
  const reasons = [...new Set(cells(matrix).flatMap(result => (typeof result === 'object' ? [result.reason] : [])))]
  const cell = (result: Result | undefined): string => {
    if (typeof result !== 'object') return result ?? 'not run'
    return `–[^${reasons.indexOf(result.reason) + 1}]`
  }
  const table = [
    ['', ...daemons.map(columnTitle)],
    ['---', ...daemons.map(() => '---')],
    ...sorted(behaviours).map(({ behaviour, results }) => [
      behaviour,
      ...daemons.map(({ daemon }) => cell(results[daemon])),
    ]),
  ]
  return `# Interop

The behaviour of Softspoken with other BGP daemons, as seen in the tables, sessions and logs of those daemons. Each row is
the title of a test in [interop](../interop/README.md). A dash has its reason below the table.

Made by \`npx --yes pnpm@12 test:matrix\` on ${date}, in ${minutes} minutes.
${renderReruns(matrix)}
${table.map(line).join('\n')}

${reasons.map((reason, i) => `[^${i + 1}]: ${reason}.`).join('\n')}
`
}

function renderReruns({ reruns, daemons }: Matrix): string {
  if (reruns.length === 0) return ''
  const before = (failed: (typeof reruns)[number]['failedBefore']): string => {
    if (failed === null) return 'a new test'
    if (failed.length === 0) return 'had not failed'
    return `had failed with ${daemons
      .filter(({ daemon }) => failed.includes(daemon))
      .map(columnTitle)
      .join(', ')}`
  }
  const items = reruns.map(({ date, behaviour, failedBefore }) => `- ${date}: ${behaviour} (${before(failedBefore)})\n`)
  return `\nThese tests ran again later. The table has their later results:\n\n${items.join('')}`
}

/** For README.md: how many behaviours passed with each daemon. */
export function renderSummary({ daemons, behaviours }: Matrix): string {
  return [
    ['', 'passed', 'failed', 'not applicable'],
    ['---', '---', '---', '---'],
    ...daemons.map(one => {
      const results = behaviours.map(row => row.results[one.daemon])
      return [
        columnTitle(one),
        results.filter(result => result === 'pass').length,
        results.filter(result => result === 'fail' || result === undefined).length,
        results.filter(result => typeof result === 'object').length,
      ].map(String)
    }),
  ]
    .map(line)
    .join('\n')
}

/** The part of README.md that the summary replaces. */
const place = /(<!-- interop: written by interop\/measure\/matrix\/run\.ts -->\n).*?(<!-- \/interop -->)/s

export function withSummary(readme: string, matrix: Matrix): string {
  if (!place.test(readme)) throw new RangeError('README.md has no place for the summary of the interop matrix')
  return readme.replace(place, (_, before, after) => `${before}${renderSummary(matrix)}\n${after}`)
}

/** In the order in which the page shows them, so that footnotes are numbered in reading order. */
function cells({ daemons, behaviours }: Matrix): (Result | undefined)[] {
  return sorted(behaviours).flatMap(({ results }) => daemons.map(({ daemon }) => results[daemon]))
}

function sorted(behaviours: readonly MatrixRow[]): MatrixRow[] {
  return behaviours.toSorted((a, b) => a.behaviour.localeCompare(b.behaviour))
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
