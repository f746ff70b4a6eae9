/** What the benchmarks of whole processes share: starting them, and the pages they write. */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { intoMarkers } from '@softspoken/test-support/page-markers'

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

/** Puts a part of a page of docs/ in place of its old text, and prints it. */
export function write(part: string, text: string, page = 'scale.md'): void {
  console.log(text)
  const file = resolve(import.meta.dirname, '../../docs', page)
  writeFileSync(file, intoMarkers(readFileSync(file, 'utf8'), text, part))
}
