/** What the lab tells a process: files in the folder `LAB_SWITCHES`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Undefined if there is no such file. */
export function readSwitch(name) {
  try {
    return readFileSync(join(process.env.LAB_SWITCHES ?? '', name), 'utf8')
  } catch {
    return undefined
  }
}
