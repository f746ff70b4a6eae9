/** Looks at the sessions and at this host's network after each change, and passes what it sees to the agent as inputs. */
import type { Announcer } from '@softspoken/announcer'
import type { Clock, Logger } from '@softspoken/session'
import { errorText } from '@softspoken/session/internal'
import type { VipAddresses } from '../address/vip-addresses.ts'
import type { Segment } from '../segment/segment.ts'
import type { HostNetwork } from './host-network.ts'
import type { AgentInput } from './state.ts'

/** Milliseconds between two looks at the addresses of a host that does not report changes. */
const INTERVAL = 1000

export interface HostWatchOptions {
  /** Undefined without BGP. */
  readonly announcer: Announcer | undefined
  readonly network: HostNetwork
  /** The VIPs that the agent adds. */
  readonly addresses: VipAddresses | undefined
  /** The segment that the VIPs are claimed on. */
  readonly segment: Pick<Segment, 'link'> | undefined
  /** The VIPs, without their length. */
  readonly vips: readonly string[]
  /** Those that have to be on an interface. */
  readonly required: readonly string[]
  readonly clock: Clock
  readonly log: Logger
  readonly feed: (input: AgentInput) => void
  /** Whether the agent believes that its VIPs are on the interface, and changes nothing now. */
  readonly expectsAddress: () => boolean
  readonly addressGone: () => void
}

export class HostWatch {
  readonly #options: HostWatchOptions
  /** Of the last established sessions. */
  #interfaces: readonly string[] = []
  #endWatch: (() => void) | undefined
  #timer: unknown
  #isBroken = false
  #hasForeign = false

  constructor(options: HostWatchOptions) {
    this.#options = options
    const { announcer, network, required, segment } = options
    const look = (): void => this.look()
    announcer?.on('established', look).on('down', look)
    this.#attempt(() => {
      this.#endWatch = network.watch(look)
    })
    if (this.#endWatch === undefined && (required.length > 0 || segment)) this.#lookAgain()
  }

  look(): void {
    const { announcer, feed } = this.#options
    const all = (announcer?.sessions ?? []).filter(({ state }) => state === 'Established')
    const established = all.filter(session => !this.#isFromVip(session))
    const fromVip = all.find(session => this.#isFromVip(session))?.status().local.address
    feed({ type: 'sessions', established: established.length, fromVip })
    this.#attempt(() => {
      // Without a session the last interfaces count: one that has lost carrier may be the reason.
      if (established.length > 0) this.#interfaces = established.flatMap(session => this.#interfaceOf(session))
      this.#lookAtNetwork()
    })
  }
  stop(): void {
    this.#endWatch?.()
    this.#options.clock.clearTimeout(this.#timer)
  }

  /** The VIP would be its own next hop, and the session would end when the VIP moves. */
  #isFromVip(session: Announcer['sessions'][number]): boolean {
    const { address } = session.status().local
    return address !== undefined && this.#options.vips.includes(address)
  }
  #interfaceOf(session: Announcer['sessions'][number]): readonly string[] {
    const { address } = session.status().local
    const name = address === undefined ? undefined : this.#options.network.interfaceOf(address)
    return name === undefined ? [] : [name]
  }
  #lookAtNetwork(): void {
    const { network, addresses, required, feed, segment } = this.#options
    const link = segment?.link()
    if (link) feed({ type: 'link', ...link })
    feed({ type: 'carrier', up: this.#hasCarrier() && link?.carrier !== false })
    if (required.length > 0)
      feed({ type: 'address-seen', present: required.every(address => network.hasAddress(address)) })
    if (addresses) this.#lookForForeign(addresses)
    if (addresses === undefined || !this.#options.expectsAddress() || addresses.present) return
    this.#options.addressGone()
    feed({ type: 'address-gone' })
  }
  /** It is logged once, until it is gone. */
  #lookForForeign({ foreign }: VipAddresses): void {
    if (foreign && !this.#hasForeign)
      this.#options.log.error(foreign, 'another program has added the VIP, which may stay when this node gives it up')
    this.#hasForeign = foreign !== undefined
  }
  /** One of the sessions' interfaces has it, and that of the VIPs. What is not known counts as carrier. */
  #hasCarrier(): boolean {
    const { network, addresses } = this.#options
    const has = (name: string): boolean => network.hasCarrier(name) ?? true
    const ofSessions = this.#interfaces.length === 0 || this.#interfaces.some(has)
    return ofSessions && (addresses === undefined || has(addresses.interface))
  }
  #lookAgain(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.look()
      this.#lookAgain()
    }, INTERVAL)
  }
  /** An error is logged once, until a look works again. */
  #attempt(run: () => void): void {
    try {
      run()
      this.#isBroken = false
    } catch (error) {
      if (!this.#isBroken)
        this.#options.log.error({ error: errorText(error) }, 'the network of this host cannot be read')
      this.#isBroken = true
    }
  }
}
