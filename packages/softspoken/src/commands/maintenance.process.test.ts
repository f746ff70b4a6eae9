/** The commands of docs/recipes/maintenance.md, in their order, on a program that announces to a router on loopback; a full disk. */
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Listener, Session } from '@softspoken/session'
import { freePort } from '@softspoken/test-support/free-port'
import { routes } from '@softspoken/wire'
import { afterAll, afterEach, expect, it } from 'vitest'

const page = readFileSync(new URL('../../../../docs/recipes/maintenance.md', import.meta.url), 'utf8')
const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const timeout = 120_000

const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(([, code = '']) => code)

const folder = mkdtempSync(join(tmpdir(), 'softspoken-maintenance-'))
const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('the recipe takes a node out of service, and puts it back, on one session', { timeout }, async () => {
  const log: string[] = []
  const session = new Session({
    ...{ local: { as: 65000, id: '10.0.5.1' }, peer: { as: 64515, address: '127.0.0.1' }, passive: true },
  })
  session.start().on('update', ({ update }) => {
    const { announced, withdrawn } = routes(update)
    log.push(...announced.map(() => 'announced'), ...withdrawn.map(() => 'withdrawn'))
  })
  session.on('down', ({ detail }) => log.push(detail))
  await using listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(session)
  const port = await listener.listen()

  const http = `127.0.0.1:${await freePort()}`
  const config = join(folder, 'config.yaml')
  const [option = ''] = blocks('yaml')
  const own = [
    ...['prefix: 198.51.100.10/32', 'localAs: 64515', 'routerId: 10.0.5.11', 'nextHop: 10.0.5.11'],
    ...['peer: 127.0.0.1', 'peerAs: 65000', `port: ${port}`, 'address: none', 'requireAddress: false'],
    ...['nodeName: node-1', `leaseDirectory: ${join(folder, 'election')}`], // 5 s between two advertisements, and not 30
    ...[`http: ${http}`, option.replace('/var/lib/softspoken', folder)],
  ]
  writeFileSync(config, own.join('\n'))
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'announce', '--config', config])
  running.push(child)
  let lines = ''
  child.stdout.on('data', chunk => (lines += chunk))
  await expect.poll(() => log, { timeout: 60_000 }).toContain('announced')

  const shell = async (commands: string): Promise<string> => {
    const command = `'${process.execPath}' --import tsx '${main}'`
    const softspoken = `softspoken() { if [ "$1" = status ]; then set -- status ${http}; fi; ${command} "$@"; }`
    const script = `set -eu\n${softspoken}\n${commands.replaceAll('/etc/softspoken/config.yaml', config)}`
    return (await promisify(execFile)('bash', ['-c', script])).stdout
  }
  const [before = '', drain = '', wait = '', resume = '', ...others] = blocks('sh')
  expect(others).toEqual([])
  await expect.poll(() => shell(before), { timeout: 20_000, interval: 500 }).toMatch(/198\.51\.100\.10\/32 +sent /)
  expect(await shell(drain)).toMatch(/^drained since 20[\d-]+T[\d:]+Z: kernel upgrade\. /)
  expect(await shell(wait)).toMatch(/drained since 20[\d-]+T[\d:]+Z: kernel upgrade\n/)
  expect(log.at(-1)).toBe('withdrawn')
  expect(await shell(drain)).toMatch(/^already drained since /)
  expect(await (await fetch(`http://${http}/metrics`)).text()).toMatch(
    /^softspoken_drained_since_timestamp_seconds{reason="drained"} \d{10}/m,
  )
  expect((await fetch(`http://${http}/readyz`)).status).toBe(503)
  expect(lines).toMatch(/"reason":"drained","detail":"drained since [^"]*: kernel upgrade","msg":"not serving"/)
  expect(await shell(resume)).toMatch(/^in service: .*\n198\.51\.100\.10\/32 +sent /)
  expect(log.at(-1)).toBe('announced')
  expect(
    log.filter(event => event !== 'announced'),
    'no other withdrawal, and no other session',
  ).toEqual(['withdrawn'])
  expect(session.state).toBe('Established')
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  await session.stop()
})

/** A tmpfs of one page, in a mount namespace of its own. */
const onFullDisk = `mount -t tmpfs -o size=4k none ${folder} && head -c 4096 /dev/zero > ${folder}/fill`
const mayMount = spawnSync('unshare', ['--mount', 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0

it.runIf(mayMount)('a full disk does not keep a node from being drained (needs root)', { timeout }, () => {
  const drain = `'${process.execPath}' --import tsx '${main}' drain kernel update --disabled-by ${folder}/drained`
  const script = `${onFullDisk} && ${drain} && stat --format %s ${folder}/drained`
  const out = execFileSync('unshare', ['--mount', 'sh', '-c', script], { encoding: 'utf8' })
  expect(out).toMatch(/^drained since \S+; its reason cannot be written, ENOSPC\. An agent .*\n0\n$/)
})
