/** Everything that can be wrong with the settings is found before a connection is opened; `--check` takes the same path. */
import { Announcer, HealthGate } from '@softspoken/announcer'
import { announcerOptions, preference } from './announcer-options.ts'
import { healthCheck, healthNumbers } from './health.ts'
import { httpAddress } from './http-address.ts'
import type { Settings } from './settings.ts'
import { type AllGiven, inWordsOfOptions } from './sources.ts'

const LONGEST_DELAY = 60 // seconds before the first dial; the announcer here is closed long before

/** @throws UsageError naming the setting as it was given. */
export function rehearse(settings: Settings, given: AllGiven): void {
  try {
    if (settings.http !== undefined) httpAddress(settings.http)
    if (healthCheck(settings)) new HealthGate({ check: async () => {}, ...healthNumbers(settings) }).close()
    const announcer = new Announcer({ ...announcerOptions(settings), firstDialDelay: LONGEST_DELAY })
    try {
      announcer.announce(settings.prefix, preference(settings))
    } finally {
      void announcer.close() // nothing was sent, so there is nothing to wait for
    }
  } catch (error) {
    throw inWordsOfOptions(error, given)
  }
}
