/** The commands are small programs of Node, so that what they print and how they end is real. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { LeaseStoreError } from '../election/lease-store.ts'
import { runExecPlugin } from './exec-plugin.ts'

const apiVersion = 'client.authentication.k8s.io/v1'

/** Runs a program of Node as the command. */
function run(code: string, env: Record<string, string> = {}, timeout?: number) {
  const plugin = { from: 'config: users[0].user.exec', apiVersion, command: process.execPath, args: ['-e', code], env }
  return runExecPlugin({ ...plugin, spec: { interactive: false } }, timeout)
}
/** Prints an ExecCredential with this status. */
function printing(status: object): string {
  return `console.log(${JSON.stringify(JSON.stringify({ apiVersion, kind: 'ExecCredential', status }))})`
}

describe('what the command gives', () => {
  test('the command finds its variables and the request in its environment', async () => {
    const token = "process.env.X + Buffer.from(process.env.KUBERNETES_EXEC_INFO).toString('hex')"
    const code = `const token = ${token}; console.log(JSON.stringify({ apiVersion: '${apiVersion}', kind: 'ExecCredential', status: { token } }))`
    const info = Buffer.from(JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } }))
    expect(await run(code, { X: 'x' })).toEqual({ authorization: `Bearer x${info.toString('hex')}` })
  })

  test('arguments reach the command as they are, without a shell', async () => {
    const args = ['-e', printing({ token: 'tok' }), '--', '$(id)', '; exit 1', '`id`']
    const plugin = { from: '', apiVersion, command: process.execPath, args, env: {}, spec: {} }
    expect(await runExecPlugin(plugin)).toEqual({ authorization: 'Bearer tok' })
  })
})

test('a command that leaves a process behind, which has its output open, has ended', async () => {
  const left = "require('node:child_process').spawn('sleep', ['10'], { stdio: 'inherit', detached: true }).unref()"
  expect(await run(`${left}; ${printing({ token: 'tok' })}`, {}, 30_000)).toEqual({ authorization: 'Bearer tok' })
})

test('a command that hangs does not keep a process alive that ends', async () => {
  const file = fileURLToPath(new URL('exec-plugin.ts', import.meta.url))
  const plugin = { from: '', apiVersion, command: 'sleep', args: ['10'], env: {}, spec: {} }
  const code = `const { runExecPlugin } = await import('${file}'); void runExecPlugin(${JSON.stringify(plugin)})`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code])
  expect(await once(child, 'exit')).toEqual([0, null])
})

describe('mistakes of the command', () => {
  const secret = 'S3CR3T'

  test.each<[string, string]>([
    ['ended with code 3; run it by hand to see why', `console.error('${secret}'); process.exit(3)`],
    ['ended with SIGTERM; run it by hand', `process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)`],
    ['printed more than 1 MiB', `process.stdout.write('${secret}'.repeat(200_000))`],
    [`must print an ExecCredential of ${apiVersion} with a status`, `console.log('${secret}')`],
  ])('%s: %#', async (text, code) => {
    const error = await run(code).catch(error => error)
    expect(error).toBeInstanceOf(LeaseStoreError)
    expect(error.reason).toBe('credentials')
    expect(error.detail).toContain('config: users[0].user.exec: the command')
    expect(error.detail).toContain(text)
    expect(error.detail).not.toContain(secret)
    expect(String(error.cause)).not.toContain(secret)
  })

  test('a command that does not end is killed', async () => {
    await expect(run('setInterval(() => {}, 1000)', {}, 1)).rejects.toMatchObject({
      detail: 'config: users[0].user.exec: the command did not end within 0.001 seconds',
    })
  })

  test.each([
    ['/missing/command', 'cannot be started: ENOENT'],
    ['/', 'cannot be started: EACCES'],
    ['a\0b', 'cannot be started'],
  ])('the command %j: %s', async (command, text) => {
    const plugin = { from: 'x', apiVersion, command, args: [], env: {}, spec: {} }
    await expect(runExecPlugin(plugin)).rejects.toMatchObject({ detail: `x: the command ${text}` })
  })
})
