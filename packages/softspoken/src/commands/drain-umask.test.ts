import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { call } from '../../tools/call.ts'

it('softspoken drain makes a file that the agent can read, whatever the umask', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-drain-umask-'))
  const file = join(folder, 'drained')
  const umask = process.umask(0o077)
  await call(['drain', '--disabled-by', file])
  process.umask(umask)
  expect(statSync(file).mode & 0o777).toBe(0o644)
  rmSync(folder, { recursive: true })
})
