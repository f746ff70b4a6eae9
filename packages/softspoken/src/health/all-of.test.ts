import { afterEach, describe, expect, it, vi } from 'vitest'
import { allOf, marginOf, type NamedHealth } from './all-of.ts'

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
  it('lets a command show what it printed, which ends by itself a little before', async () => {
    vi.useFakeTimers()
    const command = () => new Promise<void>((_, reject) => setTimeout(reject, 2900, new Error('waits for etcd')))
    const hangs = () => new Promise<void>(() => {})
    const failed = expect(allOf([named('exec:/a', command), named('b', hangs)], 3).check(signal)).rejects.toThrow(
      new Error('exec:/a: waits for etcd; b: no answer within 3 s'),
    )
    await vi.advanceTimersByTimeAsync(2999)
    await failed
  })
  it.each([
    [3, 0.1],
    [1, 0.1],
    [0.5, 0.05],
    [0.1, 0.01],
  ])('with a timeout of %s s, a command ends %s s before', (timeout, margin) => {
    expect(marginOf(timeout)).toBe(margin)
  })
  it('has the API server of the check that asks it', () => {
    const apiServer = () => ({ server: 'https://127.0.0.1:6443' })
    expect(allOf([named('a', passes), { ...named('kubernetes', passes), apiServer }], 3).apiServer).toBe(apiServer)
    expect(allOf([named('a', passes)], 3)).not.toHaveProperty('apiServer')
  })
  it('names a check that fails without an error', async () => {
    await expect(allOf([named('a', () => Promise.reject())], 3).check(signal)).rejects.toThrow(/^a: /)
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
