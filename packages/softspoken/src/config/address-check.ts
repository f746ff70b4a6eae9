/** Whether the program can add the VIP to an interface here. Nothing is changed. */
import { hostRoute } from '@softspoken/announcer'
import { type Logger, realTime } from '@softspoken/session'
import { linuxSupport, refuseOnlyAddress, Segment, VipAddresses } from '@softspoken/vip-agent/internal'
import { OptionError } from '@softspoken/wire'
import { addressOptions } from './agent-options.ts'
import { whatIsLacking } from './capabilities.ts'
import type { ProgramOptions } from './options.ts'
import { RetryableError, UsageError } from './usage-error.ts'
import { toUsageError } from './validate.ts'
import type { GivenValues } from './values.ts'

/** What a test replaces. */
interface AddressHost {
  readonly support: typeof linuxSupport
  readonly lacking: typeof whatIsLacking
  readonly state?: Parameters<typeof refuseOnlyAddress>[1]
  readonly addresses?: ConstructorParameters<typeof VipAddresses>[3]
  readonly segment?: ConstructorParameters<typeof Segment>[1]
}
const thisHost: AddressHost = { support: linuxSupport, lacking: whatIsLacking }

/**
 * The interface that gets the VIPs; undefined with `address: none`. `warn` gets what may be a mistake.
 * @throws UsageError if the VIPs cannot be added, or are the node's own address; RetryableError if there is no such interface now.
 */
export function interfaceFor(
  options: ProgramOptions,
  given: GivenValues,
  warn: (sentence: string) => void,
  host: AddressHost = thisHost,
): string | undefined {
  const address = addressOptions(options)
  const routes = options.prefix.map(hostRoute)
  if (address === 'none') {
    try {
      refuseOnlyAddress(
        routes.map(route => route.address),
        host.state,
      )
    } catch (error) {
      throw toUsageError(error, given)
    }
    return undefined
  }
  const support = host.support()
  if (!support.supported) throw cannotAdd(options, support.detail)
  const lacks = host.lacking(options.arp === true)
  if (lacks !== undefined) throw cannotAdd(options, lacks)
  const log: Logger = { debug() {}, info() {}, error() {}, warn: (fields, text) => warn(sentence(fields, text)) }
  try {
    const addresses = new VipAddresses(routes, address, log, host.addresses)
    if (options.arp) new Segment({ ...addresses, clock: realTime, log, heard() {}, polled() {} }, host.segment)
    return addresses.interface
  } catch (error) {
    const known = toUsageError(error, given)
    const isMissing = error instanceof OptionError && error.option === 'address.interface'
    throw isMissing && known instanceof Error ? new RetryableError(known.message) : known // it may come up later
  }
}

function cannotAdd({ interface: names, prefix, arp }: ProgramOptions, why: string): UsageError {
  const place = names?.join(', ') ?? (arp ? 'an interface' : 'lo')
  if (arp) return new UsageError(`${prefix.join(', ')} cannot be added to ${place}: ${why}`)
  return new UsageError(
    `${prefix.join(', ')} cannot be added to ${place}: ${why}; without it give address: none (--address none), and add the address yourself`,
  )
}

function sentence(fields: object, text = ''): string {
  const named = Object.entries(fields).map(([name, value]) => `${name} ${value}`)
  return [text, ...named].join(', ')
}
