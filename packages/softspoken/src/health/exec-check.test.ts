/** Commands as health checks: how each ends, what it gets, and what is left of it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { execCheck, startError } from './exec-check.ts'

const folder = mkdtempSync(join(tmpdir(), 'softspoken-exec-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => void vi.unstubAllEnvs())
const { signal } = new AbortController()
const script = (text: string, timeout = 10) => execCheck('/bin/sh', ['-c', text], timeout)(signal)

describe('execCheck()', () => {
  it('passes with exit code 0', async () => {
    await script('exit 0')
  })
  it.each([
    ['exit 3', 'exit code 3, without output'],
    ['echo one; echo two >&2; printf "\\n\\n"; exit 1', 'exit code 1: two'],
    ['printf "10%%\\r20%%"; exit 1', 'exit code 1: 20%'],
    ["printf 'a\\033[31mb\\0c'; exit 1", 'exit code 1: a\ufffd[31mb\ufffdc'],
    ['kill -SEGV $$', 'ended by SIGSEGV, without output'],
    ['head -c 3000000 /dev/zero | tr "\\0" a; exit 1', `exit code 1: ${'a'.repeat(200)} …`],
  ])('fails after %j with the last line of its output', async (text, message) => {
    await expect(script(text)).rejects.toThrow(new Error(message))
  })
  it.each([
    [join(folder, 'none'), 'ENOENT'],
    [folder, 'EACCES'],
    ['/proc/version/check', 'ENOTDIR'],
  ])('%s is misconfigured', async (command, code) => {
    const error = await execCheck(command, [], 1)(signal).catch(thrown => thrown)
    expect(error).toMatchObject({ message: `cannot be started: ${code}`, reason: 'misconfigured' })
  })
  it('an argument list that is too long for the system is misconfigured', async () => {
    await expect(execCheck('/bin/true', ['a'.repeat(1 << 22)], 1)(signal)).rejects.toMatchObject({
      ...{ message: 'cannot be started: E2BIG', reason: 'misconfigured' },
    })
  })

  it.each([
    ['EAGAIN', undefined],
    ['ENOMEM', undefined],
    ['EMFILE', undefined],
    ['ENFILE', undefined],
    ['ENOENT', 'misconfigured'],
  ])('that cannot start because of %s has the reason %s: a full host is no mistake', (code, reason) => {
    const error = startError(Object.assign(new Error(), { code }))
    expect({ ...error, message: error.message }).toEqual({
      message: `cannot be started: ${code}`,
      ...(reason && { reason }),
    })
  })
  it('there is no shell: an argument is what it is', async () => {
    await expect(execCheck('/usr/bin/printf', ['%s|', '$HOME', '*', 'a b'], 1)(signal)).resolves.toBeUndefined()
    await expect(execCheck('/bin/sh', ['-c', 'echo "$0 $1"; exit 1', '$HOME', 'a b'], 1)(signal)).rejects.toThrow(
      'exit code 1: $HOME a b',
    )
  })
  it('a command has PATH and few other variables, and no key of ours', async () => {
    vi.stubEnv('SOFTSPOKEN_TCP_MD5_KEY', 'secret')
    vi.stubEnv('NOTIFY_SOCKET', '/run/notify')
    vi.stubEnv('PATH', '')
    const file = join(folder, 'environment')
    await script(`/usr/bin/env > ${file}`)
    const names = readFileSync(file, 'utf8').matchAll(/^(\w+)=/gm)
    const allowed = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'PWD', 'SHLVL', '_'] // a shell adds the last three
    expect([...names].map(([, name = '']) => name).filter(name => !allowed.includes(name))).toEqual([])
    expect(readFileSync(file, 'utf8')).toContain('PATH=/usr/local/sbin:/usr/local/bin:')
  })
  it('a command has an empty standard input, a directory that is there, and no socket', async () => {
    await expect(script('cat; pwd; exit 1')).rejects.toThrow('exit code 1: /')
    const server = createServer().listen(0, '127.0.0.1')
    const sockets = readdirSync('/proc/self/fd').flatMap(fd => linkOf(`/proc/self/fd/${fd}`))
    const file = join(folder, 'descriptors')
    await script(`readlink /proc/$$/fd/* > ${file}; exit 0`)
    server.close()
    const inherited = read(file).split('\n')
    expect(inherited.length).toBeGreaterThan(2)
    expect(sockets.length).toBeGreaterThan(0)
    expect(inherited.filter(link => sockets.includes(link))).toEqual([])
  })
})

describe('a command that does not end', () => {
  it('is killed with its children at the timeout, and its last line is shown', async () => {
    const pids = join(folder, 'pids')
    const text = `sleep 1000 & echo $! > ${pids}; (sleep 1000) & echo $! >> ${pids}; echo waits for etcd; wait`
    await expect(script(text, 0.5)).rejects.toThrow(new Error('did not end within 0.5 s: waits for etcd'))
    await vi.waitFor(() => expect(readFileSync(pids, 'utf8').trim().split('\n').filter(isAlive)).toEqual([]))
  })
  it('that ignores SIGTERM is killed, too', async () => {
    await expect(script("trap '' TERM HUP INT; while :; do sleep 0.05; done", 0.3)).rejects.toThrow(
      'did not end within',
    )
  })
  it('is killed when its signal is aborted', async () => {
    const ending = new AbortController()
    const pid = join(folder, 'pid')
    const ended = execCheck('/bin/sh', ['-c', `echo $$ > ${pid}; sleep 1000`], 60)(ending.signal)
    const expected = expect(ended).rejects.toThrow('ended by SIGKILL')
    await vi.waitFor(() => expect(read(pid)).not.toBe(''))
    ending.abort()
    await expected
    expect(isAlive(read(pid).trim())).toBe(false)
    await expect(execCheck('/bin/true', [], 1)(ending.signal)).rejects.toThrow('aborted')
  })
  it('that leaves a child with its output behind has ended; the child is killed', async () => {
    const pid = join(folder, 'left')
    await script(`sleep 1000 & echo $! > ${pid}`)
    await vi.waitFor(() => expect(isAlive(read(pid).trim())).toBe(false))
  })
  it('and that ends while the loop is busy has passed', async () => {
    const passed = script('exit 0', 0.3)
    await new Promise(setImmediate)
    execFileSync('/bin/sleep', ['0.6']) // the loop does not run meanwhile
    await passed
  })
})

/** Only of a socket. */
function linkOf(path: string): string[] {
  try {
    return [readlinkSync(path)].filter(link => link.startsWith('socket:'))
  } catch {
    return [] // the descriptor of the directory itself
  }
}
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
/** A zombie has ended. */
function isAlive(pid: string): boolean {
  return /^State:\s+[^Z]/m.test(read(`/proc/${pid}/status`))
}
