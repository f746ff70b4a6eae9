/** The first lines of the log: what the program announces, what it waits for, and what was chosen. */
import type { AnnouncerOptions } from '@softspoken/announcer'
import { healthOptions } from '@softspoken/announcer/internal'
import { linuxSupport } from '@softspoken/vip-agent/internal'
import type { Logger } from 'pino'
import { routerId } from '../config/agent-options.ts'
import { electionOptions, modeOf, nodeNameOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import type { Elected } from '../election/elected.ts'
import { shownHealth } from '../health/shown-url.ts'
import { version } from '../version.ts'

/** Of the line `starting`. `interfaceName`: the VIPs are added to it. */
export function startFields(
  options: ProgramOptions,
  bgp: AnnouncerOptions | undefined,
  interfaceName: string | undefined,
) {
  const { prefix, localAs, health } = options
  const waitsFor = whatItWaitsFor(options, interfaceName)
  return {
    ...{ version, prefix: prefix.length === 1 ? prefix[0] : prefix },
    ...(bgp && { localAs, routerId: bgp.local.id, peers: bgp.peers.map(({ address, as }) => `${address} AS ${as}`) }),
    ...(options.arp && { arp: true }),
    ...(health !== undefined && { health: shownHealth(health) }),
    ...(waitsFor !== '' && { waitsFor }),
  }
}
/** What has to be so before the first route is sent, besides a session. */
function whatItWaitsFor(options: ProgramOptions, interfaceName: string | undefined): string {
  const { health, healthRise = healthOptions.rise.default, requireAddress = true } = options
  return [
    ...(health === undefined
      ? []
      : [`${healthRise} passed check${healthRise === 1 ? '' : 's'} of ${shownHealth(health)}`]),
    ...(modeOf(options) === 'leader' ? ['the election'] : []),
    ...(interfaceName === undefined && requireAddress ? ['the VIP on an interface'] : []),
  ].join(', ')
}

/** What was chosen where the user did not say, one line each. */
export function logChoices(
  options: ProgramOptions,
  interfaceName: string | undefined,
  elected: Elected | undefined,
  log: Logger,
): void {
  const nodeName = nodeNameOf(options)
  const { leaseDuration, renewDeadline, retryPeriod } = electionOptions(options)
  const durations = elected && { lease: elected.name, leaseDuration, renewDeadline, retryPeriod }
  log.info({ mode: modeOf(options), nodeName, ...durations }, 'mode')
  if (interfaceName === undefined) log.info({ required: options.requireAddress ?? true }, 'no address is added')
  else log.info({ interface: interfaceName }, 'interface of the address')
  const support = linuxSupport()
  if (options.kernelDeadline === 'off') log.info({ detail: 'kernelDeadline is off' }, 'kernel deadline off')
  else if (support.supported) log.info({}, 'kernel deadline on')
  else log.warn({ detail: support.detail }, 'kernel deadline off')
  if (options.routerId === 'auto') log.info({ routerId: routerId(options), nodeName }, 'router id of the node name')
}
