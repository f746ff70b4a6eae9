/** A health check of a VIP: the node that has it answers, which may be another one, or none. */
import { hostRoute } from '@softspoken/announcer'
import { isVip } from '@softspoken/vip-agent/internal'
import { entriesOf, type HealthEntry, shownEntry } from '../health/shown-url.ts'
import { electionOf } from './election-options.ts'
import type { ProgramOptions } from './options.ts'
import { UsageError } from './usage-error.ts'
import type { GivenValues } from './values.ts'

/**
 * A warning if every node may have the VIP all the time.
 * @throws UsageError if this node has it only after a passed check.
 */
export function checkHealthAddress(options: ProgramOptions, given: GivenValues): readonly string[] {
  const { health = [], prefix, address } = options
  const vips = prefix.map(one => hostRoute(one).address)
  const found = entriesOf(health).find(entry => isUrl(entry) && isVip(entry, vips))
  if (found === undefined) return []
  const where = `${given.health?.from ?? 'health'}: ${shownEntry(found)} is a VIP`
  const instead = "check this node's own address, such as https://127.0.0.1:6443/livez"
  if (electionOf(options) !== undefined || address !== 'none')
    throw new UsageError(`${where}, which this node has only after a passed check; ${instead}`)
  return [`${where}, so another node may answer in place of this one; ${instead}`]
}

function isUrl(entry: HealthEntry): entry is string {
  return typeof entry === 'string' && URL.canParse(entry) && new URL(entry).hostname !== ''
}
