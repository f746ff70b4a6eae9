import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Registry } from 'prom-client'
import { expect, it, vi } from 'vitest'
import { registerProcessMetrics } from './process-metrics.ts'

vi.mock('node:perf_hooks', () => {
  const times = { max: 0, enable: vi.fn(), reset: () => void (times.max = 0) }
  return { monitorEventLoopDelay: vi.fn(() => times) }
})

it('the delay of the event loop is the longest since the last scrape', async () => {
  const registry = new Registry()
  registerProcessMetrics(registry)
  registerProcessMetrics(new Registry())
  expect(monitorEventLoopDelay).toHaveBeenCalledTimes(1)
  expect(monitorEventLoopDelay).toHaveBeenCalledWith({ resolution: 250 })
  const times = vi.mocked(monitorEventLoopDelay).mock.results[0]?.value
  expect(times.enable).toHaveBeenCalledTimes(1)
  const lag = async () =>
    Number(/^nodejs_eventloop_lag_max_seconds (.*)$/m.exec(await registry.metrics())?.[1] ?? Number.NaN)
  expect(await lag()).toBe(0)
  times.max = 1.75e9
  expect(await lag()).toBe(1.5)
  expect(await lag()).toBe(0)
})
