/** The program as a process, with a router made of our own Listener on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Listener, Session, type SessionFailure } from '@softspoken/session'
import { describeNotification, routes } from '@softspoken/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { needed, words } from '../tools/needed.ts'
import { signals } from './shutdown.ts'

const entry = fileURLToPath(new URL('main.ts', import.meta.url))
const timeout = 60_000
const named = (action: string) =>
  Object.entries(signals).flatMap(([name, does]) => (does === action ? [name as NodeJS.Signals] : []))

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

interface Run {
  child: ChildProcess
  output: { out: string; err: string }
  exit: Promise<unknown[]>
}
function run(options: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', entry, ...options], {
    env: { PATH: process.env.PATH, ...env },
  })
  running.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', chunk => (output.out += chunk))
  child.stderr.on('data', chunk => (output.err += chunk))
  return { child, output, exit: once(child, 'close') }
}

/** Waits for the program on a loopback port, and records what it receives. */
class Router implements AsyncDisposable {
  readonly routeLog: string[] = []
  readonly session = new Session({
    local: { as: 65000, id: '10.0.5.1' },
    peer: { as: 64515, address: '127.0.0.1' },
    passive: true,
  })
  readonly #listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(this.session)
  port = ''

  static async start(): Promise<Router> {
    const router = new Router()
    router.session.start().on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      router.routeLog.push(
        ...announced.map(({ prefix, nextHop }) => `+${prefix} via ${nextHop}`),
        ...withdrawn.map(prefix => `-${prefix}`),
      )
    })
    router.port = `${await router.#listener.listen()}`
    return router
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.stop()
    await this.#listener[Symbol.asyncDispose]()
  }
}

describe('a wrong option is one sentence on standard error and exit 2', () => {
  it('of the process itself: the program exits 2', { timeout }, async () => {
    const { output, exit } = run(['announce', '--prefix', '198.51.100.10/24'])
    expect(await exit).toEqual([2, null])
    expect(output.err).toMatch(/^--local-as is missing[^\n]*\n$/)
    expect(output.out).toBe('')
  })
})

async function listening(server: Server): Promise<AsyncDisposable & { port: number }> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a TCP server's address has one
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
it('announce withdraws when --health fails, and serves --http once its port is free', {
  timeout,
}, async () => {
  let well = true
  const service = createHttpServer((_, response) => response.writeHead(well ? 200 : 503).end()).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const health = `http://127.0.0.1:${(service.address() as AddressInfo).port}/livez` // a TCP server's address has one
  await using router = await Router.start()
  const { routeLog, port } = router
  const busy = createServer().listen(0, '127.0.0.1') // the page gets its port later
  await once(busy, 'listening')
  const page = `127.0.0.1:${(busy.address() as AddressInfo).port}` // a TCP server's address has one
  const flags = ['--next-hop', '10.0.5.11', '--port', port, '--health', health, '--http', page]
  const { child, output, exit } = run(['announce', ...words(needed), ...flags], { SOFTSPOKEN_HEALTH_INTERVAL: '1' })
  await expect.poll(() => routeLog, { timeout }).toEqual(['+198.51.100.10/32 via 10.0.5.11'])
  expect(output.out, 'the route is announced although the page cannot listen').toMatch(
    /"detail":"listen EADDRINUSE.*"page cannot listen"/,
  )
  busy.close()
  await expect.poll(() => output.out, { timeout }).toContain('"page listens"')
  const status = run(['status', page])
  expect(await status.exit).toEqual([0, null])
  expect(status.output.out).toMatch(/198\.51\.100\.10\/32.*127\.0\.0\.1/)
  expect(status.output.out).toContain('Established')
  expect((await fetch(`http://${page}/readyz`)).status).toBe(200)
  expect(await (await fetch(`http://${page}/metrics`)).text()).toContain('softspoken_bgp_')
  well = false
  await expect.poll(() => routeLog, { timeout }).toEqual(['+198.51.100.10/32 via 10.0.5.11', '-198.51.100.10/32'])
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  const late = run(['status', page])
  expect(await late.exit).toEqual([1, null])
  expect(late.output.err).toMatch(/^status: no answer from [^\n]*\n$/)
  service.close()
})

// Under a service manager that watches it: its timer must not keep the process.
const watched = { NOTIFY_SOCKET: '/none/notify', WATCHDOG_USEC: '30000000', PATH: '/none' }

describe.each([
  ['SIGTERM', [], { SOFTSPOKEN_HEALTH_RISE: '1' }],
  ['SIGHUP', named('ignore'), watched],
] as const)('%s', (signal, before, env) => {
  it(`after ${before.length} ignored signals withdraws, drains and exits 0 (RFC 9003)`, {
    timeout,
  }, async () => {
    await using router = await Router.start()
    const { routeLog, port } = router
    await using service = await listening(createServer())
    const health = 'SOFTSPOKEN_HEALTH_RISE' in env ? ['--health', `tcp://127.0.0.1:${service.port}`] : []
    const flags = ['--next-hop', '10.0.5.11', '--port', port, ...health]
    const { child, output, exit } = run(['announce', ...words(needed), ...flags], env)
    await expect.poll(() => routeLog, { timeout }).toEqual(['+198.51.100.10/32 via 10.0.5.11'])
    for (const ignored of before) child.kill(ignored)
    const logLines = () => output.out.split(/(?<=\n)/).map(line => JSON.parse(line) as { msg: string; signal?: string })
    await expect.poll(() => logLines().filter(({ msg }) => msg === 'signal ignored').length).toBe(before.length)
    expect([router.session.state, routeLog.length], 'nothing has changed').toEqual(['Established', 1])

    const down = once(router.session, 'down')
    child.kill(signal)
    await expect.poll(() => routeLog[1], { timeout }).toBe('-198.51.100.10/32')
    expect(router.session.state, 'the session is established while the router converges').toBe('Established')
    child.kill(signal)
    const [{ received }] = (await down) as [SessionFailure]
    expect(received && describeNotification(received)).toBe(
      `Cease/Administrative Shutdown (6/2): "softspoken got ${signal}"`,
    )
    expect(await exit).toEqual([0, null])
    expect(output.err, 'and no debugger that listens').toBe('')
    const log = logLines().map(({ msg }) => msg)
    expect(
      log.filter(line => !/^(signal ignored|systemd|health gate|serving|not serving|kernel deadline)/.test(line)),
    ).toEqual([
      'starting',
      'mode',
      'no address is added',
      'session established',
      'route sent',
      'withdrawal sent', // first, even if the log is a full pipe
      'withdrawing and stopping',
      'session down',
      'stopped',
    ])
  })
})
