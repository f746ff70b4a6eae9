/**
 * The interop matrix of a suite: the result of each behaviour test with each daemon. results.json has those of both suites,
 * docs/interop.md is rendered from them (page.ts).
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DaemonName, daemons } from '../../lab/daemons.ts'
import { type Suite, suites } from '../../lab/suite.ts'

export interface Matrix {
  readonly suite: Suite
  /** Of the run of all behaviours: YYYY-MM-DD. */
  readonly date: string
  /** How long that run took. */
  readonly minutes: number
  /** One column each, in the order of lab/daemons.ts. */
  readonly daemons: readonly MatrixDaemon[]
  readonly behaviours: readonly MatrixRow[]
  /** Behaviours that ran again after that run. `behaviours` has their later results. */
  readonly reruns: readonly Rerun[]
}

export interface MatrixDaemon {
  readonly daemon: DaemonName
  /** As the daemon reports it. Missing if no test ran with the daemon. */
  readonly version?: string
}

interface MatrixRow {
  /** The title of the test. */
  readonly behaviour: string
  readonly results: { readonly [daemon in DaemonName]?: Result }
}

/** A reason says why the behaviour cannot be observed with this daemon. A missing result means "not run". */
export type Result = 'pass' | 'fail' | { readonly reason: string }

interface Rerun {
  readonly date: string
  readonly behaviour: string
  /** The daemons with which the behaviour had failed before. Null if it was not in the matrix. */
  readonly failedBefore: readonly DaemonName[] | null
}

const file = new URL('results.json', import.meta.url)
const folder = fileURLToPath(new URL('../../behaviours/', import.meta.url))

/** The files of tests that run with each daemon. */
export function behaviourFiles(): string[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.test.ts'))
    .map(name => join(folder, name))
    .filter(path => readFileSync(path, 'utf8').includes('forEachDaemon('))
}

/** One per suite, in the order of lab/suite.ts. */
export function readMatrices(): Matrix[] {
  return JSON.parse(readFileSync(file, 'utf8'))
}

/** Replaces the matrix of its suite. */
export function writeMatrix(matrix: Matrix): void {
  const all = [...readMatrices().filter(({ suite }) => suite !== matrix.suite), matrix]
  const sorted = all.sort((a, b) => suites.indexOf(a.suite) - suites.indexOf(b.suite))
  writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`)
}

/**
 * Replaces the results of the behaviours that ran again, and lists them as reruns.
 * @throws RangeError if a daemon or its version differs
 */
export function mergeRerun(first: Matrix, later: Matrix): Matrix {
  for (const { daemon, version } of later.daemons) {
    const before = first.daemons.find(one => one.daemon === daemon)
    if (before === undefined || (version !== undefined && version !== before.version))
      throw new RangeError(
        `the run has ${columnTitle({ daemon, ...(version && { version }) })}, the matrix has ` +
          `${before ? columnTitle(before) : 'no such daemon'}: run all behaviours`,
      )
  }
  const behaviours = [...first.behaviours]
  const reruns = [...first.reruns]
  for (const { behaviour, results } of later.behaviours) {
    const index = behaviours.findIndex(row => row.behaviour === behaviour)
    const before = behaviours[index]
    behaviours.splice(index < 0 ? behaviours.length : index, 1, {
      behaviour,
      results: { ...before?.results, ...results },
    })
    const failed = first.daemons.map(({ daemon }) => daemon).filter(daemon => before?.results[daemon] === 'fail')
    reruns.push({ date: later.date, behaviour, failedBefore: before ? failed : null })
  }
  return { ...first, behaviours, reruns }
}

/** 'BIRD 3.1.7' */
export function columnTitle({ daemon, version }: MatrixDaemon): string {
  return [daemons[daemon].name.replace(/ \d$/, ''), version].filter(Boolean).join(' ')
}

/** The fields used here of the report that Vitest's JSON reporter writes. */
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

export function fromReport(json: string, suite: Suite): Matrix {
  const { startTime, testResults }: Report = JSON.parse(json)
  const cells = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .flatMap(({ ancestorTitles, status, meta: { interop } }) =>
      interop === undefined ? [] : [{ behaviour: ancestorTitles.join(' '), status, ...interop }],
    )
  const names = (Object.keys(daemons) as DaemonName[]) // the keys of our own table
    .filter(name => cells.some(({ daemon }) => daemon === name))
  const versions = (name: DaemonName) =>
    [...new Set(cells.flatMap(({ daemon, version }) => (daemon === name && version ? [version] : [])))].join(', ')
  const rows = new Map<string, { [daemon in DaemonName]?: Result }>()
  for (const { behaviour, daemon, status, reason } of cells)
    rows.set(behaviour, {
      ...rows.get(behaviour),
      [daemon]: reason !== undefined ? { reason } : status === 'passed' ? 'pass' : 'fail',
    })
  return {
    suite,
    date: new Date(startTime).toISOString().slice(0, 10),
    minutes: Math.round((Math.max(...testResults.map(({ endTime }) => endTime)) - startTime) / 60_000),
    daemons: names.map(daemon => ({ daemon, ...(versions(daemon) && { version: versions(daemon) }) })),
    behaviours: [...rows]
      .map(([behaviour, results]) => ({ behaviour, results }))
      .sort((a, b) => a.behaviour.localeCompare(b.behaviour)),
    reruns: [],
  }
}
