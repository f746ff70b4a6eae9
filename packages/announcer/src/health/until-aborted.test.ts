import { getEventListeners } from 'node:events'
import { expect, test, vi } from 'vitest'
import { untilAborted } from './until-aborted.ts'

const tooLong = new Error('the check took too long')

test('untilAborted() ends as the check does, and leaves no listener', async () => {
  const { signal } = new AbortController()
  await untilAborted(signal, async () => {
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  })
  expect(getEventListeners(signal, 'abort')).toEqual([])
  const refused = untilAborted(signal, async () => {
    throw new Error('refused')
  })
  await expect(refused).rejects.toThrow('refused')
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('untilAborted() ends a check that never ends, with the reason of the signal', async () => {
  const controller = new AbortController()
  const over = untilAborted(controller.signal, () => new Promise(() => {}))
  controller.abort(tooLong)
  await expect(over).rejects.toBe(tooLong)
})

test('untilAborted() does not begin a check whose signal is aborted already', async () => {
  const check = vi.fn(async () => {})
  await expect(untilAborted(AbortSignal.abort(tooLong), check)).rejects.toBe(tooLong)
  expect(check).not.toHaveBeenCalled()
})
