/**
 * Many sessions in one process: `npx --yes pnpm@12 bench:scale`. 1, 10, 100 and 1000 of them, first against peers in the same
 * process, then each through a socket to a router in another. Takes nine minutes. Writes its part of docs/scale.md.
 */
import { once } from 'node:events'
import { measuredBy } from '@softspoken/test-support/page-markers'
import { median, start, write } from './children.ts'
import type { ScaleReport } from './scale-speaker.ts'

const COUNTS = [1, 10, 100, 1000]
const NOISE = 16 // MiB that the RSS of two processes may differ by for no reason of ours

const rows: string[] = []
for (const through of ['memory', 'loopback'] as const) {
  let one = 0
  for (const count of COUNTS) {
    const report = await measure(through, count)
    if (count === 1) one = report.rss
    rows.push(row(through, count, report, report.rss - one))
  }
}
write(
  'scale',
  `${measuredBy('bench:scale')}

| sessions | peers in | all Established in | CPU s a minute | CPU ms per session and minute | heap per session | RSS | RSS per session |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`,
)

async function measure(through: string, count: number): Promise<ScaleReport> {
  const router = through === 'loopback' ? start('scale-router.ts', String(count)) : undefined
  const port = router ? ((await once(router, 'message')) as [{ port: number }])[0].port : 0
  const speaker = start('scale-speaker.ts', through, String(count), String(port))
  const [report] = (await once(speaker, 'message')) as [ScaleReport]
  await once(speaker, 'exit')
  router?.disconnect()
  if (report.downs > 0) throw new Error(`${report.downs} of ${count} sessions went down in steady state`)
  return report
}

function row(through: string, count: number, { established, cpu, heap, rss }: ScaleReport, more: number): string {
  const seconds = median(cpu) * 6
  const kib = (mib: number): string => `${((mib * 1024) / count).toFixed(0)} KiB`
  const cells = [
    count,
    through === 'memory' ? 'the same process' : 'another, through loopback',
    `${median(established).toFixed(0)} ms`,
    seconds.toFixed(2),
    ((seconds * 1000) / count).toFixed(1),
    count < 100 ? '-' : kib(heap), // of few it is what the code takes
    `${rss.toFixed(0)} MiB`,
    more > NOISE ? kib(more) : '-',
  ]
  return `| ${cells.join(' | ')} |`
}
