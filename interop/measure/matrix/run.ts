/**
 * Runs the interop tests that are rows of the matrix, and writes what they found to docs/interop.md and the README. Ends as
 * they do. Needs a Docker engine.
 *
 *     npx --yes pnpm@12 interop:matrix              all of it
 *     npx --yes pnpm@12 interop:matrix --gobgp4     and a column for the newest GoBGP, which is built: that needs Go
 *     npx --yes pnpm@12 interop:matrix passive      the files with this name again; the page says so
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fromReport, page, read, runAgain, withSummary } from './matrix.ts'

const PAGE = new URL('../../../docs/interop.md', import.meta.url)
const README = new URL('../../../README.md', import.meta.url)

const { values, positionals } = parseArgs({ options: { gobgp4: { type: 'boolean' } }, allowPositionals: true })
if (values.gobgp4) {
  const script = new URL('../../images/gobgp4.sh', import.meta.url).pathname
  const { status, error } = spawnSync(script, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== 0) throw new Error('the newest GoBGP could not be built; see above', { cause: error })
}
const folder = mkdtempSync(join(tmpdir(), 'softspoken-matrix-'))
try {
  const report = join(folder, 'report.json')
  const once = ['--retry', '0'] // a cell is what it was the first time
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(
    'vitest',
    ['run', '--project', 'interop', '--exclude', 'interop/faults/**', ...once, ...reporters, ...positionals],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        CI: 'true', // without an engine it fails, rather than writing an empty page
        ...(values.gobgp4 && { SOFTSPOKEN_GOBGP4: 'true' }),
      },
    },
  )
  const found = fromReport(readFileSync(report, 'utf8'))
  const matrix = positionals.length === 0 ? found : runAgain(read(readFileSync(PAGE, 'utf8')), found)
  writeFileSync(PAGE, page(matrix))
  writeFileSync(README, withSummary(readFileSync(README, 'utf8'), matrix))
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}
