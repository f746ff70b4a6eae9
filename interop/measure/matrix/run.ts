/**
 * Runs the behaviour tests with the daemons of both suites, stores their results in results.json, and renders docs/interop.md.
 * The exit code is 1 if a test fails. Needs a Docker engine.
 *
 *     npx --yes pnpm@12 test:matrix                  runs all behaviours
 *     npx --yes pnpm@12 test:matrix --suite forky    runs them with the daemons of that suite only
 *     npx --yes pnpm@12 test:matrix passive          runs only the files of that name, and replaces their results
 *     npx --yes pnpm@12 test:matrix --render         runs nothing, and renders the stored results
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Suite, suites } from '../../lab/suite.ts'
import { behaviourFiles, fromReport, mergeRerun, readMatrices, writeMatrix } from './matrix.ts'
import { renderPage } from './page.ts'

const PAGE = new URL('../../../docs/interop.md', import.meta.url)

const { values, positionals } = parseArgs({
  options: { suite: { type: 'string' }, render: { type: 'boolean' } },
  allowPositionals: true,
})
const chosen = suites.filter(suite => values.suite === undefined || suite === values.suite)
if (chosen.length === 0)
  throw new RangeError(`--suite: ${values.suite} is not allowed, it must be one of ${suites.join(', ')}`)
if (!values.render) for (const suite of chosen) runBehaviours(suite, positionals)
writeFileSync(PAGE, renderPage(readMatrices()))

/** `names`: parts of the names of test files. Default: all files. */
function runBehaviours(suite: Suite, names: readonly string[]): void {
  const files = behaviourFiles().filter(file => names.length === 0 || names.some(name => file.includes(name)))
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-matrix-'))
  try {
    const report = join(folder, 'report.json')
    const once = ['--retry', '0'] // the matrix has the first result
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const { status } = spawnSync('vitest', ['run', '--project', 'interop', ...once, ...reporters, ...files], {
      stdio: 'inherit',
      env: {
        ...process.env,
        SOFTSPOKEN_SUITE: suite,
        CI: 'true', // without an engine the run fails, so that no empty matrix is stored
      },
    })
    if (status !== 0) process.exitCode = 1
    const found = fromReport(readFileSync(report, 'utf8'), suite)
    const before = names.length > 0 && readMatrices().find(matrix => matrix.suite === suite)
    writeMatrix(before ? mergeRerun(before, found) : found)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
