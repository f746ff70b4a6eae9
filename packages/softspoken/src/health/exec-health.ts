/** A health check by a command: its path and its arguments, without a shell. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { UsageError } from '../config/usage-error.ts'
import { execCheck } from './exec-check.ts'
import type { Health, PlaceOf } from './health-gate.ts'
import type { HealthEntry } from './shown-url.ts'
import { UnreadableError } from './url-check.ts'

/**
 * `timeout` is that of the gate, in seconds.
 * @throws UsageError for a command that is none. Arguments are not shown: they may be secrets.
 */
export function execHealth(entry: HealthEntry, timeout: number, place: PlaceOf): Health {
  const words = typeof entry === 'string' ? entry.trim().split(/\s+/) : entry
  const [first = '', ...args] = words
  const command = first.slice('exec:'.length)
  if (!first.startsWith('exec:') || !command.startsWith('/'))
    throw new UsageError(`${place('health')}: a command must be exec: and an absolute path, such as ${example}`)
  if (typeof entry === 'string' && /["'\\]/.test(entry))
    throw new UsageError(
      `${place('health')}: quotes in ${first} are not removed, because there is no shell; in a file give a list, such as [${example}, 'an argument']`,
    )
  if (typeof entry === 'string' && args.some(word => /^(exec:|tcp:\/\/)/.test(word)))
    throw new UsageError(
      `${place('health')}: an argument of ${first} looks like a second check, which would never run; several checks are several values of the flag, a list in a file, and have semicolons between them in the variable`,
    )
  if (words.some(word => word.includes('\0')))
    throw new UsageError(`${place('health')}: an argument of ${first} has a NUL in it`)
  return {
    check: execCheck(command, args, timeout),
    async load() {
      try {
        await access(command, constants.X_OK)
        if (!(await stat(command)).isFile()) throw Object.assign(new Error(), { code: 'EACCES' })
      } catch (error) {
        throw new UnreadableError(
          `${place('health')}: ${command} cannot be run, ${(error as NodeJS.ErrnoException).code}`,
          'run',
        )
      }
    },
  }
}
const example = 'exec:/usr/local/bin/check'
