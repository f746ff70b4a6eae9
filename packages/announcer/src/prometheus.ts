/** Registers the metrics of metrics.ts with prom-client. */
import { assertMethods, assertObject } from '@softspoken/session/internal'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Announcer } from './announcer.ts'
import { countedRows, durationRow, readRows, type Source } from './metrics.ts'

/**
 * Registers the metrics of an announcer, and of the health gates that drive its routes: `gates` has them by the value
 * of the label `gate`. Call it once, in the same step that makes the announcer and the gates: their events come later, so all
 * of them are counted.
 *
 * Needs the package `prom-client`, as does the registry.
 * @throws OptionError for another kind of argument; Error if the registry has metrics of these names already: each announcer needs its own registry.
 */
export function registerMetrics(announcer: Announcer, registry: Registry, gates: Source['gates'] = {}): void {
  assertMethods(announcer, ['announce', 'status', 'on'], 'announcer')
  assertMethods(registry, ['registerMetric'], 'registry')
  assertObject(gates, 'gates', 'an object with a HealthGate for each name')
  for (const [name, gate] of Object.entries(gates)) assertMethods(gate, ['status', 'on', 'stop'], `gates.${name}`)
  const source: Source = { announcer, gates }
  const registers = [registry]
  for (const { name, help, labels, type, read } of readRows)
    if (type === 'gauge')
      new Gauge({
        ...{ name, help, labelNames: labels, registers },
        collect() {
          this.reset()
          for (const [of, value] of read(source)) this.set(of, value)
        },
      })
    else
      new Counter({
        ...{ name, help, labelNames: labels, registers },
        collect() {
          this.reset()
          for (const [of, value] of read(source)) this.inc(of, value)
        },
      })
  for (const { name, help, labels, follow } of countedRows) {
    const counter = new Counter({ name, help, labelNames: labels, registers })
    follow(source, (of, value = 1) => counter.inc(of, value))
  }
  const { buckets, labels, ...row } = durationRow
  const durations = new Histogram({ ...row, labelNames: labels, buckets: [...buckets], registers })
  for (const [gate, events] of Object.entries(gates)) {
    durations.zero({ gate })
    events.on('checked', ({ seconds }) => durations.observe({ gate }, seconds))
  }
}
