/**
 * The metrics of the process, under the names that Prometheus' client libraries share. The collectors of prom-client can only
 * be had all together, with one that wakes 100 times a second and one that observes each garbage collection.
 */
import { readdirSync } from 'node:fs'
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks'
import { Counter, Gauge, type Registry } from 'prom-client'
import { descriptorLimit } from './descriptor-limit.ts'

interface Row {
  readonly name: string
  readonly help: string
  /** Undefined: it cannot be read here. */
  read(): number | undefined
}

/** Milliseconds between two looks at the event loop. */
const INTERVAL = 250

const gauges: readonly Row[] = [
  {
    name: 'process_resident_memory_bytes',
    help: 'Resident memory (RSS) of the process.',
    read: () => process.memoryUsage.rss(),
  },
  {
    name: 'process_start_time_seconds',
    help: 'When the process began, in Unix time.',
    read: () => startTime,
  },
  {
    name: 'process_open_fds',
    help: 'Open file descriptors; absent on a system without /proc.',
    read: openDescriptors,
  },
  {
    name: 'process_max_fds',
    help: 'The most file descriptors that the process may open; absent on a system without /proc.',
    read: descriptorLimit,
  },
  {
    name: 'nodejs_eventloop_lag_max_seconds',
    help: 'The longest delay of the event loop since the last scrape. One below 0.25 s may be missed.',
    read: () => takeLongest(eventLoop()),
  },
]
/** Once, because the wall clock may be set later. */
const startTime = Math.round(Date.now() / 1000 - process.uptime())

export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry]
  new Counter({
    ...{ name: 'process_cpu_seconds_total', help: 'CPU time of the process, user and system.', registers },
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  eventLoop()
  for (const { name, help, read } of gauges)
    new Gauge({
      ...{ name, help, registers },
      collect() {
        const value = read()
        if (value === undefined) this.remove()
        else this.set(value)
      },
    })
}

let times: IntervalHistogram | undefined
/**
 * The times between two looks are longer if the event loop was late. Node takes them without JavaScript: a timer in
 * JavaScript would need more than a third of the CPU time of an idle program. It does not keep the process.
 */
function eventLoop(): IntervalHistogram {
  if (times === undefined) {
    times = monitorEventLoopDelay({ resolution: INTERVAL })
    times.enable()
  }
  return times
}
/** In seconds, since this was last called. */
export function takeLongest(times: Pick<IntervalHistogram, 'max' | 'reset'>): number {
  const longest = times.max / 1e9 - INTERVAL / 1000
  times.reset()
  return Math.max(0, longest)
}

function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1 // one of them was of this look
  } catch {
    return undefined
  }
}
