import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { linuxSupport, systemError } from './libc.ts'

afterEach(() => {
  vi.doUnmock('./libc.ts')
  vi.resetModules()
})
/** As a program that has just started: it has not looked for the function of the C library yet. */
function fresh() {
  vi.resetModules()
  return import('./reap.ts')
}

it.runIf(linuxSupport().supported)('reapGroup() is true while this process has a child in the group', async () => {
  const { reapGroup } = await fresh()
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  const group = child.pid ?? 0
  expect([reapGroup(group), reapGroup(process.pid)]).toEqual([true, false])
  child.kill()
  await once(child, 'exit')
  expect(reapGroup(group)).toBe(false)
})

describe('waitpid(2)', () => {
  /** reapGroup() with these answers of the system, and what it asked for. */
  async function reapWith(...answers: readonly (number | Error)[]) {
    const waitpid = vi.fn((..._: readonly unknown[]) => {
      const answer = answers[waitpid.mock.calls.length - 1] ?? 0
      if (answer instanceof Error) throw answer
      return answer
    })
    vi.doMock('./libc.ts', () => ({ cFunction: () => waitpid }))
    const { reapGroup } = await fresh()
    return { reap: () => reapGroup(7), asked: waitpid.mock.calls }
  }

  it('every child of the group that has ended is reaped, without waiting', async () => {
    const { reap, asked } = await reapWith(8, 9, 0)
    expect(reap()).toBe(true)
    const WNOHANG = 1
    expect(asked).toEqual(Array(3).fill([-7, null, WNOHANG]))
  })
  it('the last child of the group leaves none', async () => {
    const { reap } = await reapWith(8, systemError('waitpid', 10))
    expect(reap()).toBe(false)
  })
  it('another error is thrown', async () => {
    const { reap } = await reapWith(systemError('waitpid', 22))
    expect(reap).toThrow('waitpid EINVAL')
  })
})
