import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cause, Shutdown, signals } from './shutdown.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

class FakeProcess extends EventEmitter {
  readonly exits: number[] = []
  readonly errors: string[] = []
  exit(code: number): void {
    this.exits.push(code)
  }
  printError(text: string): void {
    this.errors.push(text)
  }
}

function announcing(stopped: Promise<void> = Promise.resolve()) {
  const host = new FakeProcess()
  const shutdown = new Shutdown(0, host)
  const causes: Cause[] = []
  const ignored: string[] = []
  shutdown.handle({
    timeLimit: 10,
    stop: cause => {
      causes.push(cause)
      return stopped
    },
    ignored: signal => void ignored.push(signal),
  })
  return { host, causes, ignored }
}
const named = (action: string) => Object.entries(signals).flatMap(([name, does]) => (does === action ? [name] : []))
const never = new Promise<void>(() => {})

describe('a signal', () => {
  it.each(named('stop'))('%s ends the process in order, and a second one changes nothing', async signal => {
    const { host, causes } = announcing()
    host.emit(signal)
    host.emit(signal)
    host.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(0)
    expect(causes).toEqual([{ signal }])
    expect(host.exits, 'it ends by itself, with 0').toEqual([])
  })
  it.each(named('ignore'))('%s changes nothing, and the log is told', signal => {
    const { host, causes, ignored } = announcing()
    host.emit(signal)
    expect([causes, ignored, host.exits]).toEqual([[], [signal], []])
  })
  it('ends the process at once while there is nothing to withdraw', () => {
    for (const code of [0, 1]) {
      const host = new FakeProcess()
      new Shutdown(code, host)
      for (const signal of named('ignore')) host.emit(signal)
      expect(host.exits).toEqual([])
      host.emit('SIGTERM')
      expect(host.exits).toEqual([code])
    }
  })
  it('exits with 1 where the end takes longer than 10 s', async () => {
    const { host } = announcing(never)
    host.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(9_999)
    expect(host.exits).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(host.exits).toEqual([1])
  })
  it('SIGHUP changes nothing under nohup', () => {
    vi.stubEnv('_', '/usr/bin/nohup')
    const { host, causes, ignored } = announcing()
    vi.unstubAllEnvs()
    host.emit('SIGHUP')
    expect([causes, ignored]).toEqual([[], ['SIGHUP']])
  })
  it('that Linux ends a process for, and a handler can hold, is in the table', () => {
    // signal(7), default action Term or Core; those for a fault of the process itself end it as the system says.
    const faults = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP']
    const byNode = ['SIGPIPE', 'SIGXFSZ'] // ignored
    const others = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT']
    const rest = ['SIGXCPU', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR']
    expect(Object.keys(signals).sort()).toEqual([...others, ...rest].sort())
    for (const name of [...faults, ...byNode]) expect(signals).not.toHaveProperty(name)
  })
  it('is in docs/operations.md with what it does', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const rows = page.split('\n').filter(line => line.startsWith('| `SIG'))
    for (const [signal, action] of Object.entries(signals))
      expect(rows.find(row => row.includes(`\`${signal}\``))).toContain(
        action === 'stop' ? 'stops in order' : 'ignored',
      )
  })
})

describe('an error that nothing caught', () => {
  it('withdraws and ends with 1, once, and prints its stack', async () => {
    const { host, causes } = announcing()
    const error = new Error('a bug')
    host.emit('uncaughtException', error)
    host.emit('uncaughtException', error)
    await vi.advanceTimersByTimeAsync(0)
    expect(causes).toEqual([{ error }])
    expect(host.exits).toEqual([1])
    expect(host.errors[0]).toMatch(/^Error: a bug\n +at /)
  })
  it('withdraws before its stack is written, as nothing may read standard error', async () => {
    const order: string[] = []
    const host = Object.assign(new EventEmitter(), { exit() {}, printError: () => void order.push('stack') })
    new Shutdown(0, host).handle({ timeLimit: 10, stop: async () => void order.push('withdrawal'), ignored() {} })
    host.emit('uncaughtException', new Error('a bug'))
    await vi.advanceTimersByTimeAsync(0)
    expect(order).toEqual(['withdrawal', 'stack'])
  })
  it('ends with 1 where withdrawing fails as well, or never ends', async () => {
    const failing = announcing(Promise.reject(new Error('another bug')))
    failing.host.emit('uncaughtException', new Error('a bug'))
    await vi.advanceTimersByTimeAsync(0)
    expect(failing.host.exits).toContain(1)
    const hanging = announcing(never)
    hanging.host.emit('uncaughtException', new Error('a bug'))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(hanging.host.exits).toEqual([1])
  })
  it('ends with 1 at once while there is nothing to withdraw, whatever was thrown', () => {
    const odd = {
      toString() {
        throw new Error('no words')
      },
    }
    for (const thrown of [new Error('a bug'), undefined, 'text', odd]) {
      const host = new FakeProcess()
      new Shutdown(0, host)
      host.emit('uncaughtException', thrown)
      expect(host.exits).toEqual([1])
      expect(host.errors).toHaveLength(1)
    }
  })
})

it('a warning of Node is written as errors are, and ends nothing', () => {
  const { host, causes } = announcing()
  host.emit('warning', Object.assign(new Error('too many listeners'), { name: 'MaxListenersExceededWarning' }))
  expect(host.errors).toEqual(['MaxListenersExceededWarning: too many listeners'])
  expect([causes, host.exits]).toEqual([[], []])
})
