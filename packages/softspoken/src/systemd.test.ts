import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { serviceManager } from './systemd.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const never = (error: unknown) => expect.fail(String(error))
const underSystemd = { NOTIFY_SOCKET: '/run/systemd/notify' }

function recorder(): { sent: string[]; send: (assignment: string) => Promise<void> } {
  const sent: string[] = []
  return { sent, send: async assignment => void sent.push(assignment) }
}

it('serviceManager() notifies systemd of READY and STOPPING', () => {
  const { sent, send } = recorder()
  const manager = serviceManager(underSystemd, never, send)
  expect(sent).toEqual([])
  manager.ready()
  manager.stopping()
  expect(sent).toEqual(['READY=1', 'STOPPING=1'])
})

it('serviceManager() does nothing outside of systemd', () => {
  const { sent, send } = recorder()
  const manager = serviceManager({ WATCHDOG_USEC: '30000000' }, never, send)
  manager.ready()
  vi.advanceTimersByTime(60_000)
  manager.stopping()
  expect(sent).toEqual([])
})

it('serviceManager() notifies the watchdog twice per WatchdogSec until the end', () => {
  const { sent, send } = recorder()
  const manager = serviceManager(
    { ...underSystemd, WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid}` },
    never,
    send,
  )
  vi.advanceTimersByTime(60_000)
  expect(sent).toEqual([])
  manager.ready()
  vi.advanceTimersByTime(30_000)
  expect(sent).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1'])
  manager.stopping()
  vi.advanceTimersByTime(15_000)
  expect(sent.slice(3)).toEqual(['STOPPING=1', 'WATCHDOG=1'])
})

it('serviceManager() ignores a watchdog for another process', () => {
  const { sent, send } = recorder()
  serviceManager(
    { ...underSystemd, WATCHDOG_USEC: '30000000', WATCHDOG_PID: `${process.pid + 1}` },
    never,
    send,
  ).ready()
  vi.advanceTimersByTime(60_000)
  expect(sent).toEqual(['READY=1'])
})

it('serviceManager() reports its first failure only', async () => {
  const failures: unknown[] = []
  const first = new Error('spawn systemd-notify ENOENT')
  const manager = serviceManager(
    underSystemd,
    error => failures.push(error),
    assignment => Promise.reject(assignment === 'READY=1' ? first : new Error('spawn systemd-notify EAGAIN')),
  )
  manager.ready()
  manager.stopping()
  await vi.advanceTimersByTimeAsync(0)
  expect(failures).toEqual([first])
})
