/** Runs a program of an example as a process. Each process that is still there after a test is killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach } from 'vitest'

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** Starts the TypeScript file with `--name value` for each flag, and collects what it prints. */
export function startProgram(program: string, flags: Readonly<Record<string, string | number>>) {
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', chunk => (output.out += chunk))
  child.stderr.on('data', chunk => (output.err += chunk))
  return { child, output, closed: once(child, 'close') }
}
