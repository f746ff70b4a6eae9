/** The lab's side of `switches.mjs`: tells something to a process with a module of this folder. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function tell(folder: string, what: string, value: string): void {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, what)
  writeFileSync(`${file}.new`, value)
  renameSync(`${file}.new`, file) // whole or not at all
}
