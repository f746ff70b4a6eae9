/**
 * Runs a command as a health check: it passes with exit code 0. The command has a process group of its own, which is killed at
 * the timeout: so its children end with it, unless they leave the group.
 */
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Check } from '@softspoken/announcer'
import { shownText } from '@softspoken/vip-agent/internal'
import { marginOf } from './all-of.ts'
import { reapGroups } from './reap.ts'

/** Octets of its output that are kept: the last ones. */
const KEPT = 4096
/** Milliseconds from its end until a child that it left behind, and that has its output, is killed. */
const LEFT_BEHIND = 100
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
/** Variables that a command gets, if they are set. No other: ours may hold a key. */
const handedDown = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'] as const

/** `timeout` in seconds; it has failed a little sooner, so that its error can show what it printed. */
export function execCheck(command: string, args: readonly string[], timeout: number): Check {
  return signal => run(command, args, timeout, signal)
}

async function run(command: string, args: readonly string[], timeout: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  reapGroups()
  const child = start(command, args)
  let output = Buffer.alloc(0)
  const keep = (octets: Buffer): void => {
    output = Buffer.concat([output, octets]).subarray(-KEPT)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let isLate = false
  const kill = (): void => killGroup(child.pid)
  const end = (): void => {
    isLate = child.exitCode === null && child.signalCode === null
    if (isLate) kill()
  }
  // After a time in which the loop was busy, its end may only wait to be read.
  const timer = setTimeout(() => setImmediate(end), (timeout - marginOf(timeout)) * 1000)
  signal.addEventListener('abort', kill, { once: true })
  try {
    const [code, by] = await endOf(child)
    if (code === 0) return // in time, or a little later
    const what = isLate ? `did not end within ${timeout} s` : by === null ? `exit code ${code}` : `ended by ${by}`
    throw new Error(`${what}${lastLineOf(output)}`)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    reapGroups(child.pid)
  }
}

function start(command: string, args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  // Loaded here, because loading takes Node some time, and most configurations have no command.
  const { spawn } = process.getBuiltinModule('node:child_process')
  const variables = handedDown.flatMap(name => (process.env[name] ? [[name, process.env[name]] as const] : []))
  try {
    return spawn(command, args, {
      ...{ cwd: '/', env: { PATH, ...Object.fromEntries(variables) }, detached: true },
      stdio: ['ignore', 'pipe', 'pipe'], // standard input is /dev/null
    })
  } catch (error) {
    throw startError(error)
  }
}

/** Its exit code, or the signal that ended it. */
async function endOf(child: ChildProcessByStdio<null, Readable, Readable>): Promise<[number | null, string | null]> {
  const closed = new Promise<void>(done => child.once('close', () => done()))
  const [code, by] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', error => reject(startError(error)))
    child.once('exit', (...end) => resolve(end))
  })
  let timer: NodeJS.Timeout | undefined
  const left = new Promise<void>(done => {
    timer = setTimeout(() => {
      killGroup(child.pid) // it left a child behind, which has its output
      child.stdout.destroy()
      child.stderr.destroy()
      done()
    }, LEFT_BEHIND)
  })
  await Promise.race([closed, left])
  clearTimeout(timer)
  return [code, by]
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {} // all of them have ended
}

/** Only a person can help, unless this host has no room for a process now. */
export function startError(error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException // child_process throws no other
  const isFull = code === 'EAGAIN' || code === 'ENOMEM' || code === 'EMFILE' || code === 'ENFILE'
  return Object.assign(new Error(`cannot be started: ${code}`), !isFull && { reason: 'misconfigured' })
}

function lastLineOf(output: Buffer): string {
  const line = output
    .toString('utf8')
    .split(/[\r\n]+/)
    .findLast(text => text.trim() !== '')
  return line === undefined ? ', without output' : `: ${shownText(line)}`
}
