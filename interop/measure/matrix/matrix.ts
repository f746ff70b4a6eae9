/** The interop matrix: what the tests that go through `against` found, daemons across and behaviours down, as a page. */
import { type DaemonName, daemons } from '../../lab/daemons.ts'

export interface Matrix {
  /** YYYY-MM-DD. */
  readonly date: string
  readonly minutes: number
  /** With the versions that they said, in the order of `daemons`. */
  readonly columns: readonly string[]
  /** By behaviour. */
  readonly rows: ReadonlyMap<string, readonly Cell[]>
  /** What was run again on its own since, a sentence each. */
  readonly again: readonly string[]
}

/** Or the reason why there is nothing to see. */
export type Cell = 'pass' | 'fail' | 'not run' | { readonly reason: string }

export function page({ date, minutes, columns, rows, again }: Matrix): string {
  const reasons: string[] = []
  const word = (cell: Cell): string => {
    if (typeof cell === 'string') return cell
    if (!reasons.includes(cell.reason)) reasons.push(cell.reason)
    return `–[^${reasons.indexOf(cell.reason) + 1}]`
  }
  const sorted = [...rows].sort(([a], [b]) => a.localeCompare(b))
  const table = [
    ['', ...columns],
    ['---', ...columns.map(() => '---')],
    ...sorted.map(([b, cells]) => [b, ...cells.map(word)]),
  ]
  const since =
    again.length === 0
      ? ''
      : `\nRun again on their own since, and the table has the later result:\n\n${again.map(one => `- ${one}\n`).join('')}`
  return `# Interop

What Softspoken was seen to do with other daemons, as their own tables and logs have it. Made by \`npx --yes pnpm@12 interop:matrix\` on
${date}, in ${minutes} minutes; a row is a test of that name in [interop](../interop/README.md), and a dash has its reason below.
${since}
${table.map(line).join('\n')}

${reasons.map((reason, i) => `[^${i + 1}]: ${reason}.`).join('\n')}
`
}

/** Reads what page() wrote. */
export function read(text: string): Matrix {
  const [, date = '', minutes = ''] = /^(\d{4}-\d\d-\d\d), in (\d+) minutes;/m.exec(text) ?? []
  const reasons = new Map([...text.matchAll(/^\[\^(\d+)\]: (.*)\.$/gm)].map(([, mark, reason]) => [mark, reason]))
  const cell = (word: string): Cell => {
    const mark = /^–\[\^(\d+)\]$/.exec(word)?.[1]
    if (mark !== undefined) return { reason: reasons.get(mark) ?? '' }
    if (word === 'pass' || word === 'fail' || word === 'not run') return word
    throw new RangeError(
      `docs/interop.md: a cell is '${word}', it must be pass, fail, not run, or a dash with a footnote`,
    )
  }
  const [[, ...columns] = [], , ...lines] = [...text.matchAll(/^\| (.*) \|$/gm)].map(([, cells = '']) =>
    cells.split('|').map(word => word.trim()),
  )
  return {
    date,
    minutes: Number(minutes),
    columns,
    rows: new Map(lines.map(([behaviour = '', ...words]) => [behaviour, words.map(cell)])),
    again: [...text.matchAll(/^- (.*)$/gm)].map(([, sentence = '']) => sentence),
  }
}

/**
 * What a later run of some behaviours found takes the place of what there was, and is said to.
 * @throws RangeError where it ran with other daemons
 */
export function runAgain(first: Matrix, later: Matrix): Matrix {
  // One of which these behaviours see nothing has not said its version.
  for (const [i, column] of later.columns.entries())
    if (!first.columns[i]?.startsWith(column))
      throw new RangeError(`the run has ${column}, where docs/interop.md has ${first.columns[i]}: run all of it`)
  const rows = new Map(first.rows)
  const again = [...first.again]
  for (const [behaviour, cells] of later.rows) {
    const before = rows.get(behaviour)
    rows.set(
      behaviour,
      first.columns.map((_, i) => cells[i] ?? before?.[i] ?? 'not run'),
    )
    const failed = first.columns.filter((_, i) => before?.[i] === 'fail')
    const was =
      before === undefined
        ? 'was not there'
        : failed.length > 0
          ? `had failed with ${failed.join(', ')}`
          : 'had not failed'
    again.push(`${later.date}: ${behaviour} (${was})`)
  }
  return { ...first, rows, again }
}

/** For the README: how many behaviours passed with each daemon. */
export function summary({ columns, rows }: Matrix): string {
  const count = (i: number, wanted: (cell: Cell | undefined) => boolean) =>
    `${[...rows.values()].filter(cells => wanted(cells[i])).length}`
  return [
    ['', 'passed', 'failed', 'not applicable'],
    ['---', '---', '---', '---'],
    ...columns.map((column, i) => [
      column,
      count(i, cell => cell === 'pass'),
      count(i, cell => cell === 'fail' || cell === 'not run'),
      count(i, cell => typeof cell === 'object'),
    ]),
  ]
    .map(line)
    .join('\n')
}

/** Where a README has its summary. */
const place = /(<!-- interop: written by interop\/measure\/matrix\/run\.ts -->\n).*?(<!-- \/interop -->)/s

export function withSummary(readme: string, matrix: Matrix): string {
  if (!place.test(readme)) throw new RangeError('README.md has no place for the summary of the interop matrix')
  return readme.replace(place, (_, before, after) => `${before}${summary(matrix)}\n${after}`)
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** The parts we read of what vitest's JSON reporter writes. */
interface Report {
  startTime: number
  testResults: {
    endTime: number
    assertionResults: {
      ancestorTitles: string[]
      status: string
      meta: { interop?: { daemon: DaemonName; version?: string; reason?: string } }
    }[]
  }[]
}

export function fromReport(json: string): Matrix {
  const { startTime, testResults }: Report = JSON.parse(json)
  const found = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ ancestorTitles, status, meta: { interop } }) =>
      interop === undefined ? [] : [{ behaviour: ancestorTitles.join(' '), status, ...interop }],
    )
  const names = (Object.keys(daemons) as DaemonName[]) // of an object of ours
    .filter(name => found.some(({ daemon }) => daemon === name))
  const cell = (behaviour: string, name: DaemonName): Cell => {
    const one = found.find(cell => cell.behaviour === behaviour && cell.daemon === name)
    if (one === undefined) return 'not run'
    return one.reason !== undefined ? { reason: one.reason } : one.status === 'passed' ? 'pass' : 'fail'
  }
  return {
    date: new Date(startTime).toISOString().slice(0, 10),
    minutes: Math.round((Math.max(...testResults.map(({ endTime }) => endTime)) - startTime) / 60_000),
    columns: names.map(name => {
      const versions = new Set(found.flatMap(({ daemon, version }) => (daemon === name && version ? [version] : [])))
      return [daemons[name].name.replace(/ \d$/, ''), ...versions].join(' ')
    }),
    rows: new Map(found.map(({ behaviour }) => [behaviour, names.map(name => cell(behaviour, name))])),
    again: [],
  }
}
