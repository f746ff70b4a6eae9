/** Each mistake of the caller in an announcement throws here, before anything is sent. */
import { assertMethods, numberOption, optionNames, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import {
  type Preference,
  preferenceOptions,
  type ResolvedPreference,
  resolve,
  withGracefulShutdown,
} from './advertise.ts'
import { type AnnounceOptions, announceOptions } from './announcement.ts'
import type { HostRoute } from './host-route.ts'
import type { PeerUpdates } from './peer-updates.ts'

/** What update() takes. */
export const preferenceNames = optionNames(preferenceOptions)
const announceNames = [...optionNames(announceOptions), 'signal', 'gate']

/** Those that are no preference. @throws OptionError */
export function checkOptions(options: AnnounceOptions): AnnounceOptions {
  rejectUnknown(options, announceNames, '')
  const { signal, ttl, gate } = options
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new OptionError('signal', signal, 'an AbortSignal')
  if (ttl !== undefined) numberOption(announceOptions, 'ttl', ttl)
  if (gate !== undefined) assertMethods(gate, ['status', 'prependListener', 'off'], 'gate')
  return options
}

/**
 * Also checks what gracefulShutdownTime will send. `encoded` is that of PeerUpdates.check().
 * @throws OptionError
 */
export function checkPreference(
  route: HostRoute,
  preference: Preference,
  peers: readonly PeerUpdates[],
  hasGracefulShutdown: boolean,
  encoded: Map<string, string>,
): ResolvedPreference {
  const carriers = peers.filter(peer => peer.carries(route))
  if (carriers.length === 0) {
    const { peer, families } = peers[0]!.config // there is at least one
    throw new OptionError(
      'prefix',
      route.prefix,
      `of a family that a session carries (with ${peer.address}: ${families.join(', ')}); or give the option families with ${route.family} in it`,
    )
  }
  if (preference.localPref !== undefined && carriers.every(peer => peer.external))
    throw new OptionError(
      'localPref',
      preference.localPref,
      'left out: no peer is internal, and an external one ignores it (RFC 4271 §5.1.5)',
    )
  if (preference.prepend !== undefined && carriers.every(peer => !peer.external))
    throw new OptionError(
      'prepend',
      preference.prepend,
      'left out: no peer is external, and to an internal one it is a loop (RFC 4271 §9.1.2)',
    )
  const resolved = resolve(preference)
  const contents = hasGracefulShutdown ? [withGracefulShutdown(resolved), resolved] : [resolved]
  for (const content of contents) for (const peer of peers) peer.check(route, content, encoded)
  return resolved
}
