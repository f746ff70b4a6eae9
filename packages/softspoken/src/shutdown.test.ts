import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Cause, closeDebugger, Shutdown, signals } from './shutdown.ts'

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
  it.each(named('stop'))('%s stops the program once', async signal => {
    const { host, causes } = announcing()
    host.emit(signal)
    host.emit(signal)
    host.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(0)
    expect(causes).toEqual([{ signal }])
    expect(host.exits, 'it ends by itself, with 0').toEqual([])
  })
  it('exits with 1 if stop() fails, whose error is printed', async () => {
    const { host } = announcing(Promise.reject(new Error('a bug')))
    host.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(0)
    expect([host.exits, host.errors]).toEqual([[1], [expect.stringMatching(/^Error: a bug\n/)]])
  })
  it('exits with 0 soon after stop() if something keeps the process alive', async () => {
    const { host } = announcing()
    host.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(499)
    expect(host.exits).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(host.exits).toEqual([0])
  })
  it.each(named('ignore'))('%s is ignored and logged', signal => {
    const { host, causes, ignored } = announcing()
    host.emit(signal)
    expect([causes, ignored, host.exits]).toEqual([[], [signal], []])
  })
  it('exits at once if there is nothing to withdraw', () => {
    for (const code of [0, 1]) {
      const host = new FakeProcess()
      new Shutdown(code, host)
      for (const signal of named('ignore')) host.emit(signal)
      expect(host.exits).toEqual([])
      host.emit('SIGTERM')
      expect(host.exits).toEqual([code])
    }
  })
  it('exits with 1 if stop() takes longer than its time limit', async () => {
    const { host } = announcing(never)
    host.emit('SIGTERM')
    await vi.advanceTimersByTimeAsync(9_999)
    expect(host.exits).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(host.exits).toEqual([1])
  })
  it('SIGHUP is ignored under nohup, and no other signal is', () => {
    vi.stubEnv('_', '/usr/bin/nohup')
    const { host, causes, ignored } = announcing()
    vi.unstubAllEnvs()
    host.emit('SIGHUP')
    expect([causes, ignored]).toEqual([[], ['SIGHUP']])
    host.emit('SIGTERM')
    expect(causes).toEqual([{ signal: 'SIGTERM' }])
  })
  it.each(['--prof', '--cpu-prof'])('SIGPROF is left to the profiler of V8 with %s', option => {
    vi.stubEnv('NODE_OPTIONS', `--no-warnings ${option}`)
    const { host } = announcing()
    vi.unstubAllEnvs()
    expect([host.listenerCount('SIGPROF'), host.listenerCount('SIGALRM')]).toEqual([0, 1])
    expect(announcing().host.listenerCount('SIGPROF')).toBe(1)
  })
  it('is in the table if it ends a process on Linux and can be handled', () => {
    // signal(7), default action Term or Core; those for a fault of the process itself keep their default effect.
    const faults = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP']
    const byNode = ['SIGPIPE', 'SIGXFSZ'] // ignored
    const others = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT']
    const rest = ['SIGXCPU', 'SIGVTALRM', 'SIGPROF', 'SIGIO', 'SIGPWR']
    expect(Object.keys(signals).sort()).toEqual([...others, ...rest].sort())
    for (const name of [...faults, ...byNode]) expect(signals).not.toHaveProperty(name)
  })
  it('has its row in docs/operations.md', () => {
    const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    const rows = page.split('\n').filter(line => line.startsWith('| `SIG'))
    for (const [signal, action] of Object.entries(signals))
      expect(rows.find(row => row.includes(`\`${signal}\``))).toContain(
        action === 'stop' ? 'stops in order' : 'ignored',
      )
  })
})

describe('an uncaught error', () => {
  it('stops the program once, prints its stack, and exits with 1', async () => {
    const { host, causes } = announcing()
    const error = new Error('a bug')
    host.emit('uncaughtException', error)
    host.emit('uncaughtException', error)
    await vi.advanceTimersByTimeAsync(0)
    expect(causes).toEqual([{ error }])
    expect(host.exits).toEqual([1])
    expect(host.errors[0]).toMatch(/^Error: a bug\n +at /)
  })
  it('withdraws before its stack is printed, because that may block', async () => {
    const order: string[] = []
    const host = Object.assign(new EventEmitter(), { exit() {}, printError: () => void order.push('stack') })
    new Shutdown(0, host).handle({ timeLimit: 10, stop: async () => void order.push('withdrawal'), ignored() {} })
    host.emit('uncaughtException', new Error('a bug'))
    await vi.advanceTimersByTimeAsync(0)
    expect(order).toEqual(['withdrawal', 'stack'])
  })
  it('exits with 1 if stop() fails or never ends', async () => {
    const failing = announcing(Promise.reject(new Error('another bug')))
    failing.host.emit('uncaughtException', new Error('a bug'))
    await vi.advanceTimersByTimeAsync(0)
    expect(failing.host.exits).toContain(1)
    const hanging = announcing(never)
    hanging.host.emit('uncaughtException', new Error('a bug'))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(hanging.host.exits).toEqual([1])
  })
  it('exits with 1 at once if there is nothing to withdraw, for any thrown value', () => {
    const withoutStack = Object.assign(new Error('a bug'), { stack: undefined })
    const odd = {
      toString() {
        throw new Error('no words')
      },
    }
    for (const [thrown, text] of [
      [new Error('a bug'), expect.stringMatching(/^Error: a bug\n +at /)],
      [withoutStack, 'Error: a bug'],
      [undefined, 'uncaught: undefined'],
      ['text', 'uncaught: text'],
      [odd, 'uncaught: an error that has no text'],
    ]) {
      const host = new FakeProcess()
      new Shutdown(0, host)
      host.emit('uncaughtException', thrown)
      expect(host.exits).toEqual([1])
      expect(host.errors).toEqual([text])
    }
  })
})

it('a warning of Node is printed and changes nothing else', () => {
  const { host, causes } = announcing()
  host.emit('warning', Object.assign(new Error('too many listeners'), { name: 'MaxListenersExceededWarning' }))
  expect(host.errors).toEqual(['MaxListenersExceededWarning: too many listeners'])
  host.emit('warning', 'text')
  expect(host.errors[1]).toBe('warning')
  expect([causes, host.exits]).toEqual([[], []])
})

it('the debugger of a SIGUSR1 is closed, but not one that the user asked for', () => {
  const close = vi.fn()
  const modules = vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ close } as never)
  try {
    vi.stubEnv('NODE_OPTIONS', '--enable-source-maps --inspect=127.0.0.1:9229')
    closeDebugger()
    expect(close).not.toHaveBeenCalled()
    vi.stubEnv('NODE_OPTIONS', '--enable-source-maps')
    closeDebugger()
    expect(close).toHaveBeenCalledTimes(1)
    expect(modules).toHaveBeenCalledWith('node:inspector')
    modules.mockReturnValue(undefined as never) // Node was built without it
    closeDebugger()
  } finally {
    vi.unstubAllEnvs()
    modules.mockRestore()
  }
})
