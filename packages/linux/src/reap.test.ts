import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { linuxSupport } from './libc.ts'
import { reapGroup } from './reap.ts'

it.runIf(linuxSupport().supported)('reapGroup() is true while this process has a child in the group', async () => {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  const group = child.pid ?? 0
  expect([reapGroup(group), reapGroup(process.pid)]).toEqual([true, false])
  child.kill()
  await once(child, 'exit')
  expect(reapGroup(group)).toBe(false)
})
