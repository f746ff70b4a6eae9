/**
 * Runs the behaviour tests, stores their results in results.json, and renders docs/interop.md and the table of README.md.
 * The exit code is that of the tests. Needs a Docker engine.
 *
 *     npx --yes pnpm@12 test:matrix              runs all behaviours
 *     npx --yes pnpm@12 test:matrix --gobgp4     adds the newest GoBGP, built from source: needs Go
 *     npx --yes pnpm@12 test:matrix passive      runs only the files of that name, and replaces their results
 *     npx --yes pnpm@12 test:matrix --render     runs nothing, and renders the stored results
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fromReport, mergeRerun, readMatrix, writeMatrix } from './matrix.ts'
import { renderPage, withSummary } from './page.ts'

const PAGE = new URL('../../../docs/interop.md', import.meta.url)
const README = new URL('../../../README.md', import.meta.url)

const { values, positionals } = parseArgs({
  options: { gobgp4: { type: 'boolean' }, render: { type: 'boolean' } },
  allowPositionals: true,
})
if (values.gobgp4) buildGobgp4()
if (!values.render) runBehaviours(positionals)
render()

function buildGobgp4(): void {
  const script = new URL('../../images/gobgp4.sh', import.meta.url).pathname
  const { status, error } = spawnSync(script, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error('the newest GoBGP could not be built; see above', { cause: error })
}

/** `names`: parts of the names of test files. Default: all files. */
function runBehaviours(names: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-matrix-'))
  try {
    const report = join(folder, 'report.json')
    const once = ['--retry', '0'] // the matrix has the first result
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const { status } = spawnSync(
      'vitest',
      ['run', '--project', 'interop', '--exclude', 'interop/faults/**', ...once, ...reporters, ...names],
      {
        stdio: 'inherit',
        env: {
          ...process.env,
          CI: 'true', // without an engine the run fails, so that no empty matrix is stored
          ...(values.gobgp4 && { SOFTSPOKEN_GOBGP4: 'true' }),
        },
      },
    )
    const found = fromReport(readFileSync(report, 'utf8'))
    writeMatrix(names.length === 0 ? found : mergeRerun(readMatrix(), found))
    process.exitCode = status ?? 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function render(): void {
  const matrix = readMatrix()
  writeFileSync(PAGE, renderPage(matrix))
  writeFileSync(README, withSummary(readFileSync(README, 'utf8'), matrix))
}
