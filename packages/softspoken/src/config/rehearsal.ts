/** Checks everything that can be wrong with the options before a connection is opened. */
import { Announcer } from '@softspoken/announcer'
import { checkHealth, rehearseHealth } from '../health/health-gate.ts'
import { httpAddress, httpHosts } from '../http/address.ts'
import { announcerOptions, preference } from './agent-options.ts'
import { rehearseApiServer } from './api-server.ts'
import { usesBgp } from './bgp.ts'
import { checkTogether, electionOf } from './election-options.ts'
import { checkHealthAddress } from './health-address.ts'
import type { ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'
import { toUsageError } from './validate.ts'
import type { GivenValues } from './values.ts'

const LONGEST_DELAY = 60 // seconds before the first dial; this announcer is stopped long before

/**
 * Resolves with warnings about what may be different later, one sentence each.
 * @throws UsageError naming the option as it was given.
 */
export async function rehearse(options: ProgramOptions, given: GivenValues): Promise<readonly string[]> {
  const unused = await checkOptions(options, given)
  try {
    return [...unused, ...(await rehearseHealth(options, given)), ...(await rehearseApiServer(options))]
  } catch (error) {
    throw toUsageError(error, given)
  }
}

/** The same without a look at files. `inPod`: there is a service account. */
export async function checkOptions(
  options: ProgramOptions,
  given: GivenValues,
  inPod?: boolean,
): Promise<readonly string[]> {
  try {
    if (options.http !== undefined) httpAddress(options.http)
    else if (options.httpHost !== undefined)
      throw new UsageError(`${given.httpHost?.from ?? 'httpHost'}: not allowed without http`)
    httpHosts(options.httpHost)
    const unused = [...checkTogether(options, given, inPod), ...checkHealthAddress(options, given)]
    if (electionOf(options) !== undefined) (await import('../election/elected.ts')).elect(options)
    checkHealth(options, given)
    if (!usesBgp(options)) return unused
    const { stateDirectory: _, ...libraryOptions } = announcerOptions(options) // the record belongs to the running program
    const announcer = new Announcer({ ...libraryOptions, firstDialDelay: LONGEST_DELAY })
    try {
      for (const prefix of options.prefix) announcer.announce(prefix, preference(options))
    } finally {
      void announcer.stop() // nothing was sent, so there is nothing to wait for
    }
    return unused
  } catch (error) {
    throw toUsageError(error, given)
  }
}
