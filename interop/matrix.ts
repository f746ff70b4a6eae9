/** Runs the interop tests that are rows of the matrix, and writes what they found to docs/interop.md. Ends as they do. Needs a Docker engine. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fromReport, page } from './lab/matrix.ts'

const folder = mkdtempSync(join(tmpdir(), 'softspoken-matrix-'))
try {
  const report = join(folder, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = spawnSync(
    'vitest',
    ['run', '--project', 'interop', '--exclude', 'interop/faults/**', ...reporters],
    {
      stdio: 'inherit',
      env: { ...process.env, CI: 'true' }, // without an engine it fails, rather than writing an empty page
    },
  )
  writeFileSync(
    fileURLToPath(new URL('../docs/interop.md', import.meta.url)),
    page(fromReport(readFileSync(report, 'utf8'))),
  )
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}
