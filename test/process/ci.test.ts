/** `.ci/run` with stand-ins for all programs that it calls: its last line, whatever they do. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ci-'))
  for (const name of [
    'interop/engine.sh',
    '.ci/fresh-clone.mjs',
    'bin/chromium',
    'bin/promtool',
    'bin/prometheus',
    'bin/python3',
  ])
    program(name, '')
  copyFileSync(fileURLToPath(new URL('../../.ci/run', import.meta.url)), join(folder, '.ci/run'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function program(name: string, script: string): void {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/usr/bin/env bash\n${script}\n`)
  chmodSync(path, 0o755)
}

/** `tests` is a script in the place of `pnpm test`; the other scripts of package.json succeed. */
async function run(
  tests: string,
  { kill, patience = '60s' }: { kill?: NodeJS.Signals; patience?: string } = {},
): Promise<{ code: unknown; lines: string[] }> {
  program('bin/npx', `case "$3" in test) ${tests} ;; esac`)
  const PATH = `${join(folder, 'bin')}:${process.env.PATH}`
  const child = spawn(join(folder, '.ci/run'), {
    env: { PATH, HOME: folder, TEST_TIMEOUT: patience, FORCE_COLOR: '1' },
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', chunk => {
    out += chunk
    if (kill && out.includes('Tests') && child.kill(kill)) program('go', '')
  })
  const [code] = await once(child, 'close')
  return { code, lines: out.trimEnd().split('\n') }
}
/** The engine, the fresh clone, and six scripts. */
const CHECKS = 8

describe('the last line of .ci/run', () => {
  it('the last line of .ci/run comes after lint and types, which run first', async () => {
    const { lines } = await run('exit 1')
    expect(lines.filter(line => line.startsWith('==> ')).slice(0, 2)).toEqual(['==> lint', '==> types'])
  })
  it('the last line of .ci/run adds tests and checks', async () => {
    const { code, lines } = await run(`echo '      Tests  31 passed | 2 skipped (33)'`)
    expect([code, lines.at(-1)]).toEqual([0, `${31 + CHECKS} passed, 0 failed`])
  })
  it('the last line of .ci/run counts the tests that failed', async () => {
    const { code, lines } = await run(`echo '      Tests  2 failed | 31 passed (33)'; exit 1`)
    expect([code, lines.at(-1)]).toEqual([1, `${31 + CHECKS} passed, 2 failed`])
  })
  it('.ci/run counts one failure if the tests break down, or none runs', async () => {
    const broken = await run(`echo '      Tests  31 passed (31)'; exit 1`)
    expect([broken.code, broken.lines.at(-1)]).toEqual([1, `${31 + CHECKS} passed, 1 failed`])
    const none = await run('exit 0')
    expect([none.code, none.lines.at(-1)]).toEqual([1, `${CHECKS} passed, 1 failed`])
  })
  it('.ci/run counts one failure if a check fails', async () => {
    program('.ci/fresh-clone.mjs', 'exit 1')
    const { code, lines } = await run(`echo '      Tests  31 passed (31)'`)
    expect([code, lines.at(-1)]).toEqual([1, `${31 + CHECKS - 1} passed, 1 failed`])
  })
  it('.ci/run counts one failure if tests hang, and names the files that ran', async () => {
    const { code, lines } = await run('echo test/endless.test.ts >"$RUNNING_TEST_FILES"; while :; do :; done', {
      patience: '1s',
    })
    expect([code, lines.at(-1)]).toEqual([1, `${CHECKS} passed, 1 failed`])
    const at = lines.indexOf('FAILED: the tests did not end within 1s; these files ran then:')
    expect(lines[at + 1]).toBe('test/endless.test.ts')
  })
  it('.ci/run counts one failure if it is stopped', async () => {
    const { code, lines } = await run(`echo '      Tests  31 passed (31)'; until [ -e go ]; do sleep 0.02; done`, {
      kill: 'SIGTERM',
    })
    expect([code, lines.at(-1)]).toEqual([1, '4 passed, 1 failed'])
  })
})
