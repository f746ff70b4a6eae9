/**
 * Many routers and virtual IPs in one process: `npx --yes pnpm@12 bench:routes`. The routers are sessions of another process. Takes six
 * minutes. Writes its part of docs/scale.md.
 */
import { once } from 'node:events'
import { measuredBy } from '@softspoken/test-support/page-markers'
import type { AnnouncerReport } from './announcer-scale-speaker.ts'
import { median, start, write } from './children.ts'

const SIZES = [
  [1, 1],
  [10, 10],
  [100, 100],
  [1000, 100],
] as const

const rows: string[] = []
for (const [routers, vips] of SIZES) {
  const report = await measure(routers, vips)
  const cells = [
    ...[routers, vips],
    ...[report.started, report.one, report.withdrawn].map(ms => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`),
    `${report.startCpu.toFixed(2)} s`,
    `${(median(report.cpu) * 6).toFixed(2)} s`,
    `${report.rss.toFixed(0)} MiB`,
  ]
  rows.push(`| ${cells.join(' | ')} |`)
}
write(
  'routes',
  `${measuredBy('bench:routes')}

| routers | VIPs | all routes at all routers | one more route at all | all withdrawn | CPU until then | CPU a minute, idle | RSS |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}`,
)

async function measure(routers: number, vips: number): Promise<AnnouncerReport> {
  const router = start('announcer-scale-router.ts', String(routers))
  const [{ port }] = (await once(router, 'message')) as [{ port: number }]
  const speaker = start('announcer-scale-speaker.ts', String(routers), String(vips), String(port))
  router.on('message', message => speaker.send(message as object)) // how many routes the routers have
  const [report] = (await once(speaker, 'message')) as [AnnouncerReport]
  await once(speaker, 'exit')
  router.disconnect()
  if (report.downs > 0) throw new Error(`${report.downs} of ${routers} sessions went down`)
  return report
}
