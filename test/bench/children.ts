/** What the benchmarks of whole processes share: starting them, and the page they write. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'

const page = resolve(import.meta.dirname, '../../docs/scale.md')

/** Runs a file of this folder as a process of its own, which may send us messages. It ends with this process. */
export function start(file: string, ...words: string[]): ChildProcess {
  const child = fork(join(import.meta.dirname, file), words, { execArgv: ['--expose-gc', '--import', 'tsx'] })
  const end = (): boolean => child.kill()
  process.once('exit', end)
  child.once('exit', code => {
    process.off('exit', end)
    if (code) throw new Error(`${file} ended with ${code}`)
  })
  return child
}

/** Sends a message to the process that started this one. */
export function sendToParent(message: object): void {
  if (process.send === undefined) throw new Error('this file is started by another: see package.json, bench')
  process.send(message)
}

/** Milliseconds on a clock that all processes of this machine share. */
export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2 // of at least one
}

const parts = ['flood', 'scale', 'http'] as const // the last is written by the program's own bench:http

/** Puts one part of docs/scale.md in place of its old text, and prints it. */
export function write(part: 'flood' | 'scale', table: string): void {
  console.log(table)
  const old = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const texts = parts.map(name => {
    const kept = new RegExp(`<!-- ${name} -->[^]*<!-- /${name} -->`).exec(old)?.[0]
    return name === part ? `<!-- ${name} -->\n${heading(name)}\n\n${table}\n<!-- /${name} -->` : kept
  })
  writeFileSync(
    page,
    `# Scale\n\nWhat one process bears. The codec alone: [performance.md](performance.md).\n\n${texts.filter(text => text !== undefined).join('\n\n')}\n`,
  )
}

function heading(part: (typeof parts)[number]): string {
  const [cpu] = cpus()
  return `Made by \`npx --yes pnpm@12 bench:${part}\` on ${new Date().toISOString().slice(0, 10)}: ${cpu?.model.trim()}, ${cpus().length} cores, shared with others; Node ${process.version}.`
}
