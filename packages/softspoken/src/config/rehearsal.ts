/** Everything that can be wrong with the options is found before a connection is opened; `--check` takes the same path. */
import { Announcer } from '@softspoken/announcer'
import { rehearseHealth } from '../health/health-gate.ts'
import { httpAddress, httpHosts } from '../http/address.ts'
import { announcerOptions, preference } from './announcer-options.ts'
import type { ProgramOptions } from './options.ts'
import { toUsageError } from './sources.ts'
import type { GivenValues } from './values.ts'

const LONGEST_DELAY = 60 // seconds before the first dial; the announcer here is closed long before

/**
 * Resolves with what may be otherwise later, a sentence each.
 * @throws UsageError naming the option as it was given.
 */
export async function rehearse(options: ProgramOptions, given: GivenValues): Promise<readonly string[]> {
  try {
    if (options.http !== undefined) httpAddress(options.http)
    else if (options.httpHost !== undefined) throw new RangeError('httpHost: not allowed without http')
    httpHosts(options.httpHost)
    const warnings = await rehearseHealth(options, given)
    const { stateDirectory: _, ...libraryOptions } = announcerOptions(options) // the record there is that of the program which dials
    const announcer = new Announcer({ ...libraryOptions, firstDialDelay: LONGEST_DELAY })
    try {
      announcer.announce(options.prefix, preference(options))
    } finally {
      void announcer.stop() // nothing was sent, so there is nothing to wait for
    }
    return warnings
  } catch (error) {
    throw toUsageError(error, given)
  }
}
