/** Real processes: only one that is ended shows that the kernel ends it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, describe, expect, it } from 'vitest'
import { hasNamespaces } from '../test/network-namespace.ts'
import { KernelDeadline } from './kernel-deadline.ts'
import { linuxSupport } from './libc.ts'

const { supported } = linuxSupport()
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** Three deadlines, none of which is met. */
const inTime = `
  const [armed, disarmed, stopped] = [deadline, new KernelDeadline(), new KernelDeadline()]
  for (const each of [armed, disarmed, stopped]) each.arm(0.5)
  armed.arm(60)
  disarmed.disarm()
  stopped.stop()
  setTimeout(() => process.exit(3), 700)`

describe.runIf(supported).concurrent('on Linux, with koffi', () => {
  it('the deadline ends a process whose event loop hangs', async () => {
    expect(await endOf(run(`deadline.arm(0.3); for (;;);`))).toEqual([null, 'SIGKILL'])
  })
  it('the deadline ends a process that is stopped (SIGSTOP)', async () => {
    const child = run(`deadline.arm(1); console.log(process.pid); setTimeout(() => process.exit(3), 60_000)`)
    process.kill(await pidFrom(child), 'SIGSTOP')
    expect(await endOf(child)).toEqual([null, 'SIGKILL'])
  })
  it('a process that calls arm(), disarm() or stop() in time is not ended', async () => {
    expect(await endOf(run(inTime))).toEqual([3, null])
  })
  it('an earlier end of a later arm() counts', async () => {
    expect(await endOf(run(`deadline.arm(60); deadline.arm(0.1); for (;;);`))).toEqual([null, 'SIGKILL'])
  })
  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('arm(%d) throws', seconds => {
    const deadline = new KernelDeadline()
    expect(() => deadline.arm(seconds)).toThrow(`seconds is ${seconds}, and must be above 0 and at most`)
    deadline.stop()
  })
  it('arm() throws after stop(), and a second stop() does nothing', () => {
    const deadline = new KernelDeadline()
    deadline.stop()
    deadline.stop()
    expect(() => deadline.arm(1)).toThrow('the deadline is stopped')
  })
})

describe.runIf(hasNamespaces).concurrent('as the first process of a container (needs root)', () => {
  it('as process 1, a process whose event loop hangs is ended', async () => {
    expect(await endOf(runInContainer(`deadline.arm(0.3); for (;;);`))).toEqual([14, null])
  })
  it('as process 1, a process that is stopped is ended (SIGSTOP from outside)', async () => {
    const child = runInContainer(`
      deadline.arm(1)
      console.log((await import('node:fs')).readlinkSync('/proc/self')) // its number outside
      setTimeout(() => process.exit(3), 60_000)`)
    process.kill(await pidFrom(child), 'SIGSTOP')
    expect(await endOf(child)).toEqual([14, null])
  })
  it('as process 1, a process that calls arm(), disarm() or stop() is not ended', async () => {
    expect(await endOf(runInContainer(inTime))).toEqual([3, null])
  })
})

function run(program: string, command: readonly string[] = []): ChildProcess {
  const words = [
    ...command,
    process.execPath,
    '--import',
    'tsx',
    '--input-type=module',
    '--eval',
    `import { KernelDeadline } from ${JSON.stringify(new URL('kernel-deadline.ts', import.meta.url).pathname)}
     const deadline = new KernelDeadline()
     ${program}`,
  ]
  const [file = '', ...rest] = words
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return child
}
function runInContainer(program: string): ChildProcess {
  return run(program, ['unshare', '--pid', '--fork', '--kill-child'])
}
async function pidFrom({ stdout }: ChildProcess): Promise<number> {
  const [text] = stdout ? await once(stdout, 'data') : ['']
  return Number(text)
}
async function endOf(child: ChildProcess): Promise<unknown[]> {
  return once(child, 'exit')
}
