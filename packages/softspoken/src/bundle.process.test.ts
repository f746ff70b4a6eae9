/** The program as it is shipped: minified, in a folder without packages. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '@softspoken/test-support/free-port'
import { afterAll, beforeAll, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'bundle-'))
const beside = mkdtempSync(join(tmpdir(), 'bundle-koffi-'))
const timeout = 60_000
beforeAll(() => {
  const made = spawnSync(process.execPath, ['bundle.mjs', folder], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  })
  expect(made.status).toBe(0)
}, timeout)
afterAll(() => {
  for (const one of [folder, beside]) rmSync(one, { recursive: true })
})

const needed = [
  ...['--prefix', '198.51.100.10/32', '--local-as', '64515', '--router-id', '10.0.5.11'],
  ...['--peer', '127.0.0.1', '--peer-as', '65000', '--port', '1', '--next-hop', '10.0.5.11'],
]
const flags = [...needed, '--address', 'none', '--require-address', 'false']
function start(before: readonly string[] = [], env: NodeJS.ProcessEnv = {}, given = flags, of = folder) {
  const child = spawn(process.execPath, [...before, join(of, 'softspoken.cjs'), 'announce', ...given], { env })
  const output = { out: '', err: '' }
  child.stdout.on('data', chunk => (output.out += chunk))
  child.stderr.on('data', chunk => (output.err += chunk))
  return { child, output, exit: once(child, 'close') }
}

it('the bundle without koffi refuses a key with one sentence and exit 2', { timeout }, async () => {
  const { output, exit } = start([], { SOFTSPOKEN_TCP_MD5_KEY: 'a key' })
  expect(await exit).toEqual([2, null])
  expect(output.err).toMatch(/^SOFTSPOKEN_TCP_MD5_KEY: needs Linux and the package koffi, [^\n]*npm install koffi\)\n$/)
  expect(output.out).toBe('')
})

it('the bundle without koffi adds no address, and names the option for that', { timeout }, async () => {
  const { output, exit } = start([], {}, needed)
  expect(await exit).toEqual([2, null])
  expect(output.err).toMatch(
    /^198\.51\.100\.10\/32 cannot be added to lo: [^\n]*; without it give address: none \([^\n]*\n$/,
  )
})

it('the bundle without koffi announces without a kernel deadline, and says so', { timeout }, async () => {
  const { child, output, exit } = start()
  await expect.poll(() => output.out, { timeout }).toMatch(/koffi cannot be loaded[^\n]*"kernel deadline off"/)
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
})

it('the bundle has the parts of prom-client that the metrics need', { timeout }, async () => {
  const page = `127.0.0.1:${await freePort()}`
  const { child, exit } = start([], {}, [...flags, '--http', page])
  const scrape = () => fetch(`http://${page}/metrics`).then(response => response.text(), String)
  for (const type of ['counter', 'gauge', 'histogram'])
    await expect.poll(scrape, { timeout }).toMatch(new RegExp(`^# TYPE \\w+ ${type}$`, 'm'))
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
})

it("the bundle is a command, and kube-vip's argument manager means announce", { timeout }, () => {
  const command = join(folder, 'a-link')
  symlinkSync(join(folder, 'softspoken.cjs'), command)
  const { status, stdout, stderr } = spawnSync(command, ['manager', ...flags, '--check'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  expect(stdout).toContain("type: 'open'")
})

it.skipIf(process.platform !== 'linux')(
  'the bundle with koffi beside it has a kernel deadline',
  { timeout },
  async () => {
    const koffi = fileURLToPath(new URL('../node_modules/koffi', import.meta.url))
    mkdirSync(join(beside, 'node_modules'))
    cpSync(folder, beside, { recursive: true })
    symlinkSync(koffi, join(beside, 'node_modules', 'koffi'))
    const { child, output, exit } = start([], {}, flags, beside)
    await expect.poll(() => output.out, { timeout }).toContain('"kernel deadline on"')
    child.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  },
)

it('the bundle withdraws after an uncaught error, prints the stack, and exits 1', {
  timeout,
}, async () => {
  const faulty = join(folder, 'faulty.cjs')
  writeFileSync(faulty, `process.on('SIGWINCH', () => Promise.reject(new Error('a bug')))`)
  const { child, output, exit } = start(['--require', faulty])
  await expect.poll(() => output.out, { timeout }).toContain('"starting"')
  child.kill('SIGWINCH')
  expect(await exit).toEqual([1, null])
  const lines = output.err.trimEnd().split('\n')
  expect(lines[0]).toBe('Error: a bug')
  expect(lines.slice(1).every(line => /^ {4}at /.test(line))).toBe(true)
  expect(output.out).toContain('"reason":"failed","msg":"withdrawing and stopping"')
  expect(output.out.trimEnd()).toMatch(/"msg":"stopped"\}$/)
})

it('the bundle prints the stack of an error at the start, and exits 1', { timeout }, async () => {
  const faulty = join(folder, 'faulty-start.cjs')
  writeFileSync(faulty, `process.env = new Proxy({}, { ownKeys() { throw new Error('a bug') } })`)
  const { output, exit } = start(['--require', faulty])
  expect(await exit).toEqual([1, null])
  expect(output.err).toMatch(/^Error: a bug\n( {4}at [^\n]*\n)+$/)
  expect(output.out).toBe('')
})

it('the bundle exits on a signal during loading, before it dials', { timeout }, async () => {
  const early = join(folder, 'early.cjs')
  writeFileSync(
    early,
    `const { on } = process
    process.on = function (name, listener) {
      if (name === 'uncaughtException') process.kill(process.pid, 'SIGTERM') // the last that is held
      return on.call(this, name, listener)
    }`,
  )
  const { output, exit } = start(['--require', early])
  expect(await exit).toEqual([0, null])
  expect(output).toEqual({ out: '', err: '' })
})

it('the bundle closes a debugger that SIGUSR1 opened while Node started', { timeout }, async () => {
  const debugged = join(folder, 'debugged.cjs')
  writeFileSync(
    debugged,
    `const inspector = require('node:inspector')
    inspector.open(0)
    process.on('SIGWINCH', () => console.error('debugger at', inspector.url()))`,
  )
  const { child, output, exit } = start(['--require', debugged])
  await expect.poll(() => output.out, { timeout }).toContain('"starting"')
  child.kill('SIGWINCH')
  await expect.poll(() => output.err, { timeout }).toContain('debugger at undefined')
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
})
