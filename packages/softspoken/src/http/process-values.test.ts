/** The metrics of this process, compared with what Node and Linux say of it. */
import { closeSync, openSync, readdirSync } from 'node:fs'
import { Registry } from 'prom-client'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { registerProcessMetrics, takeLongest } from './process-metrics.ts'

afterEach(() => void vi.restoreAllMocks())

const registry = new Registry()
registerProcessMetrics(registry)
const read = async (name: string) =>
  Number(new RegExp(`^${name} (.*)$`, 'm').exec(await registry.metrics())?.[1] ?? Number.NaN)

describe('the metrics of the process', () => {
  it('have the memory by now', async () => {
    vi.spyOn(process.memoryUsage, 'rss').mockReturnValueOnce(30_000_000).mockReturnValueOnce(40_000_000)
    expect(await read('process_resident_memory_bytes')).toBe(30_000_000)
    expect(await read('process_resident_memory_bytes')).toBe(40_000_000)
  })
  it('have the processor time of user and system in seconds', async () => {
    const usage = vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 1_250_000, system: 250_000 })
    expect(await read('process_cpu_seconds_total')).toBe(1.5)
    usage.mockReturnValue({ user: 2_000_000, system: 1_000_000 })
    expect(await read('process_cpu_seconds_total')).toBe(3)
  })
  it('have when it began, also after the clock was set', async () => {
    const expected = Date.now() / 1000 - process.uptime()
    vi.spyOn(Date, 'now').mockReturnValue(0)
    expect(Math.abs((await read('process_start_time_seconds')) - expected)).toBeLessThan(5)
  })
  it('have the descriptors that are open, and the most that may be', async () => {
    const { length } = readdirSync('/proc/self/fd')
    expect(await read('process_open_fds')).toBe(length - 1) // without that of the listing
    const more = Array.from({ length: 3 }, () => openSync('/dev/null', 'r'))
    expect(await read('process_open_fds')).toBe(length + 2)
    for (const descriptor of more) closeSync(descriptor)
    expect(await read('process_max_fds')).toBeGreaterThan(length)
  })
  it('have the longest delay of the event loop since the last scrape', async () => {
    expect(await read('nodejs_eventloop_lag_max_seconds')).toBeGreaterThanOrEqual(0)
    const times = { max: 1.75e9, reset: () => void (times.max = 0) }
    expect([takeLongest(times), takeLongest(times)]).toEqual([1.5, 0])
  })
})
