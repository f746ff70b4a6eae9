/** Everything that can be wrong with the settings is found before a connection is opened; `--check` takes the same path. */
import { Announcer } from '@softspoken/announcer'
import { rehearseHealth } from '../health/health-gate.ts'
import { httpAddress, httpHosts } from '../http/address.ts'
import { announcerOptions, preference } from './announcer-options.ts'
import type { AllGiven } from './given.ts'
import type { Settings } from './options.ts'
import { inWordsOfOptions } from './sources.ts'

const LONGEST_DELAY = 60 // seconds before the first dial; the announcer here is closed long before

/**
 * Resolves with what may be otherwise later, a sentence each.
 * @throws UsageError naming the setting as it was given.
 */
export async function rehearse(settings: Settings, given: AllGiven): Promise<readonly string[]> {
  try {
    if (settings.http !== undefined) httpAddress(settings.http)
    else if (settings.httpHost !== undefined) throw new RangeError('httpHost: not allowed without http')
    httpHosts(settings.httpHost)
    const warnings = await rehearseHealth(settings, given)
    const { stateDirectory: _, ...options } = announcerOptions(settings) // the record there is that of the program which dials
    const announcer = new Announcer({ ...options, firstDialDelay: LONGEST_DELAY })
    try {
      announcer.announce(settings.prefix, preference(settings))
    } finally {
      void announcer.stop() // nothing was sent, so there is nothing to wait for
    }
    return warnings
  } catch (error) {
    throw inWordsOfOptions(error, given)
  }
}
