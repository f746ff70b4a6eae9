/** Renders the matrices of both suites as one table, docs/interop.md. */
import type { DaemonName } from '../../lab/daemons.ts'
import { columnTitle, type Matrix, type Result } from './matrix.ts'

export function renderPage(matrices: readonly Matrix[]): string {
  const names = distinct(matrices.flatMap(({ daemons }) => daemons.map(({ daemon }) => daemon)))
  const rows = distinct(matrices.flatMap(({ behaviours }) => behaviours.map(({ behaviour }) => behaviour)))
    .sort((a, b) => a.localeCompare(b))
    .map(behaviour => ({ behaviour, cells: names.map(daemon => resultsOf(matrices, behaviour, daemon)) }))
  // In the order in which the page shows them, so that footnotes are numbered in reading order.
  const reasons = distinct(
    rows.flatMap(({ cells }) => cells.flat()).flatMap(result => (typeof result === 'object' ? [result.reason] : [])),
  )
  const result = (result: Result | undefined): string => {
    if (typeof result !== 'object') return result ?? 'not run'
    return `–[^${reasons.indexOf(result.reason) + 1}]`
  }
  const table = [
    ['', ...names.map(daemon => title(matrices, daemon))],
    ['---', ...names.map(() => '---')],
    ...rows.map(({ behaviour, cells }) => [behaviour, ...cells.map(cell => distinct(cell.map(result)).join(', '))]),
  ]
  return `# Interop

This table shows the behaviour of Softspoken with other BGP daemons. The tests read the tables, sessions and logs of those daemons.
Each row is the title of a test in [interop](../interop/README.md). A column has two versions of a daemon: the one of Debian stable,
and the newest one. A cell has one result for both, or two results in the order of the versions. A dash means that the test does not
apply to the daemon; the reason is below the table.

Made by \`npx --yes pnpm@12 test:matrix\`:

${matrices.map(({ suite, date, minutes }) => `- Debian ${suite}: on ${date}, in ${minutes} minutes`).join('\n')}
${matrices.map(renderReruns).join('')}
${table.map(line).join('\n')}

${reasons.map((reason, i) => `[^${i + 1}]: The daemon ${reason}.`).join('\n')}
`
}

/** 'BIRD 2.17.6, 2.20.0' */
function title(matrices: readonly Matrix[], daemon: DaemonName): string {
  const [first, ...others] = matrices.flatMap(({ daemons }) => daemons.filter(one => one.daemon === daemon))
  return [...(first ? [columnTitle(first)] : []), ...others.map(({ version }) => version)].join(', ')
}

function resultsOf(matrices: readonly Matrix[], behaviour: string, daemon: DaemonName): (Result | undefined)[] {
  return matrices.map(({ behaviours }) => behaviours.find(row => row.behaviour === behaviour)?.results[daemon])
}

function renderReruns({ suite, reruns, daemons }: Matrix): string {
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
  return `\nThese tests ran again later with Debian ${suite}. The table has the later results:\n\n${items.join('')}`
}

function distinct<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
