/** docs/mutation.md: a row for each file that was run, their sums by package, and the survivors that no test can notice. */
import { crucial, type Explained, explanations } from './explanations.ts'

/** What is used of a report: https://github.com/stryker-mutator/mutation-testing-elements, packages/report-schema. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>
}
interface Mutant {
  readonly status: string
  readonly mutatorName: string
  readonly replacement?: string
  readonly location: { readonly start: Place; readonly end: Place }
}
/** Both count from 1. */
interface Place {
  readonly line: number
  readonly column: number
}
interface Row {
  /** `session/src/fsm.ts` */
  readonly file: string
  readonly date: string
  readonly detected: number
  readonly survived: number
  readonly explained: number
}

const detectedStatus = ['Killed', 'Timeout']
const survivedStatus = ['Survived', 'NoCoverage']

/** The page after this report: its rows replace those of the same files. `sources` are all files, by package. */
export function mutationPage(
  page: string,
  report: Report,
  { date, versions, sources }: { date: string; versions: string; sources: Readonly<Record<string, readonly string[]>> },
): string {
  const all = Object.values(sources).flat()
  const rows = new Map([...rowsIn(page), ...rowsOf(report, date)].map(row => [row.file, row]))
  const known = [...rows.values()].filter(({ file }) => all.includes(file)).sort((a, b) => (a.file < b.file ? -1 : 1))
  const packages = Object.entries(sources).map(([name, files]) => {
    const run = known.filter(({ file }) => files.includes(file))
    const counts = run.length === 0 ? ['not run', '', '', '', ''] : cells(run)
    return [name, `${run.length} of ${files.length}`, ...counts]
  })
  return `# Mutation score

Would the unit tests notice a mistake in the code?

\`npx --yes pnpm@12 test:mutation session\` changes the package \`session\` in one place at a time: \`<\` becomes \`<=\`, a condition
becomes \`true\`, the body of a function becomes empty. Then it runs the unit tests of that package. If a test fails or does not end, the
change (a *mutant*) is detected. If all pass, it survives. With names of files after the package, only those files are changed.
The command writes this page. Run with ${versions}.

The aim is 90 % for each package.

${table(['package', 'files run', ...columns], packages)}
- **detected**: a test failed, or an endless loop was ended.
- **survived**: no test failed. Some of these are *explained*: the table at the end says why no test can notice them.
- **score**: detected, of all mutants.

${crucialSentence(known)}

Not counted are:

- sentences, which are strings with a space: a test would only repeat them;
- what runs only while a module is loaded, as most tables: for each such mutant all modules would have to be loaded again.

Of the unit tests of a package, those are not run that search or simulate for seconds, ask the host, open sockets or start programs
([load-tests.ts](../test/mutation/load-tests.ts), which also names the folders of \`test/\` that are run). Other tests may
notice a survivor. \`test:fuzz\` is something else: it changes messages, not code.

## Files

${table(
  ['file', 'run on', ...columns],
  known.map(row => [`\`${row.file}\``, row.date, ...cells([row])]),
)}
${withoutRow(all.filter(file => !known.some(row => row.file === file)))}
## Survivors that are explained

${table(
  ['file', 'code', 'becomes', 'why no test can notice it'],
  explanations.map(({ file, code, line = code, becomes, why }) => [
    `\`${file}\``,
    inCode(line === code ? code : `${code} in ${line}`),
    inCode(becomes),
    why,
  ]),
)}`
}

function crucialSentence(rows: readonly Row[]): string {
  const left = rows
    .filter(({ file, survived, explained }) => crucial.includes(file) && survived > explained)
    .map(({ file, survived, explained }) => `${survived - explained} in \`${file}\``)
  const names = crucial.map(file => `\`${file}\``).join(', ')
  const except = left.length === 0 ? '' : `, but not ${left.join(', ')}`
  return `In the files that decide what is sent, and when, each survivor is explained${except}: ${names}.`
}
function withoutRow(files: readonly string[]): string {
  if (files.length === 0) return ''
  const names = files.map(file => `\`${file}\``).join(', ')
  return `These have nothing to change, or were not run: ${names}.\n`
}

const columns = ['mutants', 'detected', 'survived', 'explained', 'score']
function cells(rows: readonly Row[]): string[] {
  const sum = (count: (row: Row) => number) => rows.reduce((total, row) => total + count(row), 0)
  const detected = sum(row => row.detected)
  const survived = sum(row => row.survived)
  const score = `${((100 * detected) / (detected + survived || 1)).toFixed(1)} %`
  return [...[detected + survived, detected, survived, sum(row => row.explained)].map(String), score]
}

function rowsOf({ files }: Report, date: string): Row[] {
  return Object.entries(files).flatMap(([path, { source, mutants }]) => {
    const file = path.replace(/^packages\//, '')
    const survivors = mutants.filter(({ status }) => survivedStatus.includes(status))
    const detected = mutants.filter(({ status }) => detectedStatus.includes(status)).length
    const explained = survivors.filter(mutant => explanationOf(file, source, mutant) !== undefined).length
    return detected + survivors.length === 0 ? [] : [{ file, date, detected, survived: survivors.length, explained }]
  })
}
function rowsIn(page: string): Row[] {
  const row = /^\| `(\S+?)` \| ([\d-]+) \| \d+ \| (\d+) \| (\d+) \| (\d+) \|/gm
  return [...page.matchAll(row)].map(([, file = '', date = '', detected, survived, explained]) => ({
    file,
    date,
    detected: Number(detected),
    survived: Number(survived),
    explained: Number(explained),
  }))
}

/** A line for each survivor without an explanation. */
export function unexplained({ files }: Report): string[] {
  return Object.entries(files).flatMap(([path, { source, mutants }]) =>
    mutants
      .filter(mutant => survivedStatus.includes(mutant.status))
      .filter(mutant => explanationOf(path.replace(/^packages\//, ''), source, mutant) === undefined)
      .map(mutant => {
        const { line, column } = mutant.location.start
        const { code, becomes } = changeOf(source, mutant)
        return `${path}:${line}:${column} ${mutant.status} ${mutant.mutatorName}: ${code} -> ${becomes}`
      }),
  )
}

function explanationOf(file: string, source: string, mutant: Mutant): Explained | undefined {
  const { code, becomes } = changeOf(source, mutant)
  const line = source.split('\n')[mutant.location.start.line - 1]!.trim()
  return explanations.find(
    one => one.file === file && one.code === code && one.becomes === becomes && (one.line ?? line) === line,
  )
}
function changeOf(source: string, { location: { start, end }, replacement = '' }: Mutant) {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  lines[last] = lines[last]!.slice(0, end.column - 1)
  lines[0] = lines[0]!.slice(start.column - 1)
  return { code: onOneLine(lines.join('\n')), becomes: onOneLine(replacement) }
}
/** Without line breaks, and at most 100 characters long. */
function onOneLine(code: string): string {
  return code.replace(/\s+/g, ' ').slice(0, 100)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map(row => `| ${row.join(' | ')} |\n`).join('')
}
function inCode(code: string): string {
  return `\`${code.replaceAll('|', '\\|')}\``
}
