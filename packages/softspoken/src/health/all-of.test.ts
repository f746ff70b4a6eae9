import { afterEach, describe, expect, it, vi } from 'vitest'
import { allOf, type NamedHealth } from './all-of.ts'

const { signal } = new AbortController()
function named(name: string, check: NamedHealth['check']): NamedHealth {
  return { name, check, load: async () => name }
}
const passes = async () => {}
const fails =
  (message: string, more: object = {}) =>
  async () => {
    throw Object.assign(new Error(message), more)
  }

describe('allOf()', () => {
  afterEach(() => void vi.useRealTimers())
  it('passes if every check passes', async () => {
    await allOf([named('a', passes), named('b', passes)], 3).check(signal)
  })
  it('names each check that fails', async () => {
    const all = [named('a', fails('HTTP 500')), named('b', passes), named('exec:/c', fails('exit code 1: full'))]
    await expect(allOf(all, 3).check(signal)).rejects.toThrow(new Error('a: HTTP 500; exec:/c: exit code 1: full'))
  })
  it('is misconfigured if one of them is', async () => {
    const all = [named('a', fails('HTTP 500')), named('b', fails('ENOENT', { reason: 'misconfigured' }))]
    await expect(allOf(all, 3).check(signal)).rejects.toMatchObject({ reason: 'misconfigured' })
    await expect(allOf(all.slice(0, 1), 3).check(signal)).rejects.not.toHaveProperty('reason')
  })
  it('names a check that hangs, and aborts it, before the timeout of the gate', async () => {
    vi.useFakeTimers()
    let aborted = false
    const hangs = (inner: AbortSignal) =>
      new Promise<void>(() => inner.addEventListener('abort', () => (aborted = true), { once: true }))
    const failed = expect(allOf([named('a', passes), named('b', hangs)], 3).check(signal)).rejects.toThrow(
      new Error('b: no answer within 3 s'),
    )
    await vi.advanceTimersByTimeAsync(2999)
    await failed
    expect(aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
  it('aborts its checks with its own signal', async () => {
    const ending = new AbortController()
    const hangs = (inner: AbortSignal) =>
      new Promise<void>((_, reject) => inner.addEventListener('abort', () => reject(new Error('aborted'))))
    const failed = expect(allOf([named('a', hangs)], 3).check(ending.signal)).rejects.toThrow('a: aborted')
    ending.abort()
    await failed
  })
  it('load() loads each of them', async () => {
    expect(await allOf([named('a', passes), named('b', passes)], 3).load()).toEqual(['a', 'b'])
  })
})
