/**
 * What floods of its page cost the program: `npx --yes pnpm@12 bench:http`. The bundle announces a route to a router of ours and checks the
 * health of a service; clients flood its page for ten seconds, from the address that the supervisor asks from as well. Writes
 * its part of docs/scale.md; exits with 1 if a goal is missed.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer as createService } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Listener, Session } from '@softspoken/session'
import { freePort } from '@softspoken/test-support/free-port'
import { measuredBy } from '@softspoken/test-support/page-markers'
import { write } from './children.ts'

const GOALS = { rss: 128, withdrawal: 1000 } // MiB, the limit of deploy/kubernetes; milliseconds
const SECONDS = 10
const bundle = fileURLToPath(new URL('../../packages/softspoken/dist/softspoken.cjs', import.meta.url))
const get = 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

/** What a client sends as soon as it is connected, how many clients there are at a time, and whether they read. */
interface Flood {
  readonly text: string
  readonly clients: number
  readonly reads?: true
  /** `ulimit -n` of the program. */
  readonly descriptors?: number
}
const floods: Readonly<Record<string, Flood>> = {
  'no flood': { text: '', clients: 0 },
  '4000 half-sent requests': { text: get.slice(0, 30), clients: 4000 },
  '20 clients that pipeline and read nothing': { text: get.repeat(5000), clients: 20 },
  '20 clients that pipeline and read': { text: get.repeat(5000), clients: 20, reads: true },
  '20 bodies without end': {
    text: `${get.trimEnd()}\r\nTransfer-Encoding: chunked\r\n\r\n${'4\r\nabcd\r\n'.repeat(20_000)}`,
    clients: 20,
    reads: true,
  },
  '80 idle connections, 64 descriptors': { text: '', clients: 80, descriptors: 64 },
}

if (process.send) {
  const [port, name = ''] = process.argv.slice(2)
  flooding(Number(port), floods[name]!) // the parent has named one of them
} else await report()

async function report(): Promise<void> {
  const service = createService((_, response) => response.end()).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const rows: string[][] = []
  for (const [name, flood] of Object.entries(floods))
    rows.push([name, ...(await measure(name, flood, (service.address() as AddressInfo).port))]) // a TCP server's address has one
  service.close()
  write(
    'http',
    `${measuredBy('bench:http')}

| flood | connections made | RSS at most | \`/healthz\` answered, slowest | session | health gate | SIGTERM until the router has the withdrawal |
|---|---|---|---|---|---|---|
${rows.map(row => `| ${row.join(' | ')} |`).join('\n')}`,
  )
}

/** Runs until it is killed. */
function flooding(port: number, { text, clients, reads }: Flood): void {
  let made = 0
  const client = (): void => {
    made++
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.on('error', () => {}) // it is closed by the program
    socket.on('close', () => setImmediate(client))
    if (reads) socket.resume()
  }
  for (let at = 0; at < clients; at++) client()
  setInterval(() => process.send?.(made), 100)
}

async function measure(name: string, { descriptors = 1024 }: Flood, servicePort: number): Promise<string[]> {
  await using router = new Session({
    local: { as: 65000, id: '10.0.5.1' },
    peer: { as: 64515, address: '127.0.0.1' },
    passive: true,
  })
  await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(router)
  let downs = 0
  let withdrawn = 0
  let onAnnounced = (): void => {}
  const announced = new Promise<void>(done => (onAnnounced = done))
  router.start().on('update', ({ update }) => {
    if (update.announced.length > 0) onAnnounced()
    if (update.withdrawn.length > 0) withdrawn ||= performance.now()
  })
  router.on('down', () => downs++)
  const port = await freePort()
  const program = spawn(
    'sh',
    [
      ...['-c', `ulimit -n ${descriptors}; exec "$@"`, 'sh', process.execPath, bundle, 'announce'],
      ...['--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11', '--peer', '127.0.0.1'],
      ...['--peer-as', '65000', '--port', String(await listener.listen()), '--next-hop', '10.0.5.11'],
      ...['--http', `127.0.0.1:${port}`, '--health', `http://127.0.0.1:${servicePort}/`],
      ...['--address', 'none', '--require-address', 'false'],
    ],
    { env: { PATH: process.env.PATH, SOFTSPOKEN_HEALTH_INTERVAL: '1' }, stdio: 'ignore' },
  )
  const exit = once(program, 'exit')
  await Promise.race([announced, exit])
  const downsBefore = downs

  const until = performance.now() + SECONDS * 1000
  let made = 0
  const clients = fork(fileURLToPath(import.meta.url), [String(port), name], { execArgv: ['--import', 'tsx'] })
  clients.on('message', count => (made = Number(count)))
  let asked = 0
  let answered = 0
  let slowest = 0
  let rss = 0
  while (performance.now() < until) {
    const begin = performance.now()
    asked++
    try {
      const { ok } = await fetch(`http://127.0.0.1:${port}/healthz`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(1000),
      })
      answered += Number(ok)
    } catch {} // not answered
    slowest = Math.max(slowest, performance.now() - begin)
    rss = Math.max(rss, residentMiB(program.pid))
    await sleep(200)
  }
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text().catch(() => '')
  const withdrawals = [...metrics.matchAll(/^softspoken_bgp_withdrawals_total\{.*\} (\d+)$/gm)].map(([, n]) =>
    Number(n),
  )
  const healthy = withdrawals.length > 0 && withdrawals.every(n => n === 0)
  const held = downs === downsBefore && program.exitCode === null && router.state === 'Established'
  const begin = performance.now()
  program.kill('SIGTERM')
  await exit
  clients.kill()
  if (!held || !healthy || rss > GOALS.rss || withdrawn - begin > GOALS.withdrawal) process.exitCode = 1
  return [
    String(made),
    `${rss.toFixed(0)} MiB`,
    `${answered} of ${asked}, ${slowest.toFixed(0)} ms`,
    held ? 'Established' : 'lost',
    healthy ? 'up' : 'withdrawn',
    withdrawn === 0 ? 'never' : `${(withdrawn - begin).toFixed(1)} ms`,
  ]
}

function residentMiB(pid: number | undefined): number {
  try {
    const [, kilobytes = '0'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Number(kilobytes) / 1024
  } catch {
    return Number.POSITIVE_INFINITY // it is gone
  }
}
