import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { serviceManager } from './systemd.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = (error: unknown) => expect.fail(String(error))
const listened = { NOTIFY_SOCKET: '/run/systemd/notify' }

function listener(): { heard: string[]; send: (assignment: string) => Promise<void> } {
  const heard: string[] = []
  return { heard, send: async assignment => void heard.push(assignment) }
}

it('says that it is ready and that it is stopping', () => {
  const { heard, send } = listener()
  const manager = serviceManager(listened, never, send)
  expect(heard).toEqual([])
  manager.ready()
  manager.stopping()
  expect(heard).toEqual(['READY=1', 'STOPPING=1'])
})

it('says nothing where nobody listens', () => {
  const { heard, send } = listener()
  const manager = serviceManager({ WATCHDOG_USEC: '30000000' }, never, send)
  manager.ready()
  vi.advanceTimersByTime(60_000)
  manager.stopping()
  expect(heard).toEqual([])
})

it('feeds the watchdog twice in the time allowed, once it is ready and while it drains', () => {
  const { heard, send } = listener()
  const manager = serviceManager(
    { ...listened, WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid}` },
    never,
    send,
  )
  vi.advanceTimersByTime(60_000)
  expect(heard).toEqual([])
  manager.ready()
  vi.advanceTimersByTime(30_000)
  expect(heard).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1'])
  manager.stopping()
  vi.advanceTimersByTime(15_000)
  expect(heard.slice(3)).toEqual(['STOPPING=1', 'WATCHDOG=1'])
})

it('feeds no watchdog that watches another process', () => {
  const { heard, send } = listener()
  serviceManager({ ...listened, WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid + 1}` }, never, send).ready()
  vi.advanceTimersByTime(60_000)
  expect(heard).toEqual(['READY=1'])
})

it('tells of the first failure, and goes on', async () => {
  const failures: unknown[] = []
  const told = new Error('spawn systemd-notify ENOENT')
  const manager = serviceManager(
    listened,
    error => failures.push(error),
    () => Promise.reject(told),
  )
  manager.ready()
  manager.stopping()
  await vi.advanceTimersByTimeAsync(0)
  expect(failures).toEqual([told])
})
