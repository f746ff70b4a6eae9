/** The program as a person runs it, against a router made of our own listener on loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Listener, Session, type SessionFailure } from '@softspoken/session'
import { describeNotification, routes } from '@softspoken/wire'
import { afterEach, describe, expect, it } from 'vitest'
import { program } from './cli.ts'
import { Shutdown, signals } from './shutdown.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const needed: Record<string, string> = {
  '--prefix': '198.51.100.10/32',
  '--local-as': '64515',
  '--router-id': '10.0.5.11',
  '--peer': '127.0.0.1',
  '--peer-as': '65000',
}
const words = (options: Record<string, string>) => Object.entries(options).flat()
const timeout = 20_000
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
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...options], {
    env: { PATH: process.env.PATH, ...env },
  })
  running.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', chunk => (output.out += chunk))
  child.stderr.on('data', chunk => (output.err += chunk))
  return { child, output, exit: once(child, 'close') }
}

/** Waits for the program on a loopback port, and remembers what it was told. */
class Router implements AsyncDisposable {
  readonly told: string[] = []
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
      router.told.push(
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

/** The same in this process: it ends before anything is dialled. */
async function call(options: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const output = { out: '', err: '' }
  const code = await program({
    argv: options,
    env,
    shutdown: new Shutdown(0, { on() {}, exit() {}, printError() {} }),
    print: text => void (output.out += text),
    printError: text => void (output.err += `${text}\n`),
  })
  return { code, ...output }
}

describe('wrong input is one sentence on standard error and exit 2', () => {
  it.each([
    ['--prefix', '198.51.100.10/24'],
    ['--prefix', '127.0.0.1/32'],
    ['--local-as', '0'],
    ['--router-id', '0.0.0.0'],
    ['--peer', 'router.example'],
    ['--peer-as', '4294967296'],
    ['--port', '0'],
    ['--local-address', '2001:db8::1'],
    ['--next-hop', '0.0.0.0'],
    ['--med', '4294967296'],
    ['--community', '65536:1'],
    ['--http', 'foo'],
    ['--http', 'localhost:9179'],
  ])('%s %s, with --check and without', async (flag, value) => {
    const { [flag]: _, ...others } = needed
    for (const check of [['--check'], []]) {
      const { code, out, err } = await call([...words({ ...others, [flag]: value }), ...check])
      expect(code).toBe(2)
      expect(err).toMatch(/^[^\n]*not allowed[^\n]*\n$/)
      expect(err).toContain(value)
      expect(err, 'the words of the person').toContain(flag)
      expect(out).toBe('')
    }
  })
  it('comes from the process itself as well', { timeout }, async () => {
    const { output, exit } = run(['--prefix', '198.51.100.10/24'])
    expect(await exit).toEqual([2, null])
    expect(output.err).toMatch(/^--local-as is missing[^\n]*\n$/)
    expect(output.out).toBe('')
  })
  it('for the same --peer twice', async () => {
    const { code, err } = await call([...words(needed), '--check', '--peer', '127.0.0.1'])
    expect(code).toBe(2)
    expect(err).toMatch(/^--peer: '127\.0\.0\.1 port 179' is not allowed, it must be listed once/)
  })
})

describe('control and bidi characters of what is given are escaped', () => {
  it.each([
    [['--med', '\u202e7'], {}, "'\\u202e7'"],
    [['--peer', 'a\u009b31mb'], {}, "'a\\u009b31mb'"],
    [['--config', '/none/\u001b[31m'], {}, '/none/\\u001b[31m'],
    [['--check', '--next-hop', '10.0.5.11'], { 'SOFTSPOKEN_\u001b[31m\u202e': '7' }, 'SOFTSPOKEN_\\u001b[31m\\u202e'],
  ] as const)('of %j %j', async (more, env, shown) => {
    const { out, err } = await call([...words(needed), ...more], env)
    expect(`${out}${err}`).toContain(shown)
    expect(`${out}${err}`).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u)
  })
})

it('--check shows options, their origin and messages, no key, and dials no router', {
  timeout,
}, async () => {
  const router = createServer().listen(0, '127.0.0.1')
  await once(router, 'listening')
  const dialled: unknown[] = []
  router.on('connection', socket => dialled.push(socket))
  const port = String((router.address() as AddressInfo).port) // a TCP server's address has one
  const key = { SOFTSPOKEN_TCP_MD5_KEY: 'not to be seen' }
  const flags = ['--port', port, '--next-hop', '10.0.5.11', '--med', '7', '--check']
  const output = await call([...words(needed), ...flags], key)
  expect(output.code).toBe(0)
  expect(output.out).toMatch(/^med +7 +--med$/m)
  expect(output.out).toMatch(/^tcpMd5Key +\(secret\) +SOFTSPOKEN_TCP_MD5_KEY$/m)
  expect(output.out).toMatch(/^logLevel +info +default$/m)
  expect(output.out).toMatch(/^holdTime +90 +default$/m)
  expect(output.out, 'of no use without health').not.toContain('healthInterval')
  expect(output.out).toContain(`To 127.0.0.1 port ${port}, from 127.0.0.1:`)
  expect(output.out).toContain("type: 'open'")
  expect(output.out).toContain(
    'Dials at most, whatever the router does: 5 in a minute, 12 in ten minutes, 52 in an hour',
  )
  expect(output.out).toMatch(/nextHop: '10.0.5.11',\s+med: 7/)
  expect(output.out).not.toContain('not to be seen')
  expect(output.err).toBe('')
  expect(dialled).toEqual([])
  router.close()
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
it('withdraws when --health fails, and shows it by --http once its port is free', {
  timeout,
}, async () => {
  let well = true
  const service = createHttpServer((_, response) => response.writeHead(well ? 200 : 503).end()).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const health = `http://127.0.0.1:${(service.address() as AddressInfo).port}/livez` // a TCP server's address has one
  await using router = await Router.start()
  const { told, port } = router
  const busy = createServer().listen(0, '127.0.0.1') // what it listens on is to be the page's
  await once(busy, 'listening')
  const page = `127.0.0.1:${(busy.address() as AddressInfo).port}` // a TCP server's address has one
  const flags = ['--next-hop', '10.0.5.11', '--port', port, '--health', health, '--http', page]
  const { child, output, exit } = run([...words(needed), ...flags], { SOFTSPOKEN_HEALTH_INTERVAL: '1' })
  await expect.poll(() => told, { timeout }).toEqual(['+198.51.100.10/32 via 10.0.5.11'])
  expect(output.out, 'a page that cannot listen costs no route').toMatch(
    /"why":"listen EADDRINUSE.*"page cannot listen"/,
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
  await expect.poll(() => told, { timeout }).toEqual(['+198.51.100.10/32 via 10.0.5.11', '-198.51.100.10/32'])
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  const late = run(['status', page])
  expect(await late.exit).toEqual([1, null])
  expect(late.output.err).toMatch(/^no answer from [^\n]*\n$/)
  service.close()
})

it('--help fits a screen of 80 by 24', { timeout }, async () => {
  const { output, exit } = run(['--help'])
  expect(await exit).toEqual([0, null])
  const lines = output.out.trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(24)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
})

// Under a service manager that watches it: its timer must not keep the process.
const watched = { NOTIFY_SOCKET: '/none/notify', WATCHDOG_USEC: '30000000', PATH: '/none' }

describe.each([
  ['SIGTERM', [], { SOFTSPOKEN_HEALTH_RISE: '1' }],
  ['SIGHUP', named('ignore'), watched],
] as const)('%s', (signal, before, env) => {
  it(`after ${before.length} ignored ones withdraws, drains, sends Cease, exits 0 (RFC 9003)`, {
    timeout,
  }, async () => {
    await using router = await Router.start()
    const { told, port } = router
    await using service = await listening(createServer())
    const health = 'SOFTSPOKEN_HEALTH_RISE' in env ? ['--health', `tcp://127.0.0.1:${service.port}`] : []
    const flags = ['--next-hop', '10.0.5.11', '--port', port, ...health]
    const { child, output, exit } = run([...words(needed), ...flags], env)
    await expect.poll(() => told, { timeout }).toEqual(['+198.51.100.10/32 via 10.0.5.11'])
    for (const ignored of before) child.kill(ignored)
    const said = () => output.out.split(/(?<=\n)/).map(line => JSON.parse(line) as { msg: string; signal?: string })
    await expect.poll(() => said().filter(({ msg }) => msg === 'signal ignored').length).toBe(before.length)
    expect([router.session.state, told.length], 'nothing has changed').toEqual(['Established', 1])

    const down = once(router.session, 'down')
    child.kill(signal)
    await expect.poll(() => told[1], { timeout }).toBe('-198.51.100.10/32')
    expect(router.session.state, 'the session stands while the router converges').toBe('Established')
    child.kill(signal)
    const [{ received }] = (await down) as [SessionFailure]
    expect(received && describeNotification(received)).toBe(
      `Cease/Administrative Shutdown (6/2): "single-prefix-announcer got ${signal}"`,
    )
    expect(await exit).toEqual([0, null])
    expect(output.err, 'and no debugger that listens').toBe('')
    const log = said().map(({ msg }) => msg)
    expect(log.filter(line => !/^(signal ignored|systemd|health gate up)/.test(line))).toEqual([
      'announcing',
      'session established',
      'route sent',
      'withdrawal sent', // before anything else, a full pipe of a log included
      'withdrawing and closing',
      'session down',
      ...(health.length > 0 ? ['health gate down'] : []), // not before: closing the gate withdraws as well
      'closed',
    ])
  })
})
