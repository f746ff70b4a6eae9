/** The options of a VIP agent: types, checks and defaults. */
import {
  type AnnouncerOptions,
  type HealthGateOptions,
  type HostRoute,
  hostRoute,
  type Preference,
} from '@softspoken/announcer'
import type { Logger } from '@softspoken/session'
import {
  assertBoolean,
  assertMethods,
  assertObject,
  assertPath,
  assertRange,
  rejectUnknown,
} from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import { renamed } from '@softspoken/wire/internal'
import type { AddressOptions } from '../address/vip-addresses.ts'
import type { VipInterface } from '../address/vip-interface.ts'
import { type Election, LAST_RESORT_WAIT } from '../election/election.ts'
import type { MaintenanceOptions } from '../maintenance/watches.ts'
import type { AgentConfig, Mode } from './state.ts'

/** Options of a VIP agent. */
export interface AgentOptions {
  /** The VIPs: host routes, such as `198.51.100.10/32` or `2001:db8::10/128`. They share one election. */
  vips: readonly string[]
  /**
   * Options of the `Announcer`. `families` and `maxPrefixes` are by default those of the VIPs, `log` is the agent's. With
   * an election `advertisementInterval` is by default 5 s, so that a new leader waits no longer. Required without `arp`; left
   * out, there is no BGP.
   */
  announcer?: AnnouncerOptions
  /** Communities and the like of the routes. `med` only in all-nodes mode: with an election the agent sets it. */
  preference?: Preference
  /**
   * Options of the `HealthGate` over the service of this node. Check the node's own address or loopback, never the VIP, which
   * may be another node's. `log` is by default the agent's. Left out: a lease of 15 s that the agent renews each 5 s.
   */
  health?: HealthGateOptions
  /**
   * `all-nodes`: every healthy node advertises. `standby`: every healthy node, and the leader with the lowest MED. `leader`: the
   * leader alone. Default: `standby` with an election, `leader` with `arp`, `all-nodes` without an election.
   */
  mode?: Mode
  /** Decides which node leads. Required in standby and leader mode. */
  election?: Election
  /**
   * Tell the hosts of the interface's segment which MAC address has the VIPs, by ARP and NDP. Only one node may have them, so it
   * goes with leader mode, and the agent adds the address itself. Needs CAP_NET_RAW. Default false.
   */
  arp?: boolean
  /**
   * With `arp`: claim a VIP although another node has it and the Lease never had a holder. Default false: the claim is
   * blocked, with the reason `address-in-use`, and tried again every 10 s.
   */
  claimInUse?: boolean
  /**
   * The interface that the agent adds the VIPs to, or how to add them. Default `'none'`: another program does that. With
   * `arp`: an interface, by default `auto`.
   */
  address?: AddressOptions | VipInterface | 'none'
  /** With `address: 'none'`: advertise only while every VIP is on an interface of this node. Default false. */
  requireAddress?: boolean
  /** At the planned end, reset the TCP connections of the VIPs before their removal. Default true; with AddressOptions. */
  destroyConnections?: boolean
  /**
   * The kernel ends this process (SIGKILL) if it hangs, or is stopped, until a lease ends; 5 s at least. A debugger and Ctrl-Z
   * count. Default false. Needs Linux and koffi; without them a line in the log says so.
   */
  kernelDeadline?: boolean
  /**
   * Path of a file that drains this node while it exists, as drain() does; its text is shown as the reason. Looked at each
   * second. If it cannot be known whether it exists, the last look counts; if none has succeeded, the node is out of service.
   */
  disabledBy?: string
  /**
   * Whether this node is cordoned, such as `isCordoned()` of a `KubernetesLease`: while it resolves with true, the node is
   * drained with the reason `cordoned`. It leads again only if no other node does: see `Election.lastResort`. Called each 10 s;
   * a call that fails or takes longer than 5 s changes nothing.
   */
  drainOnCordon?: (signal: AbortSignal) => Promise<boolean>
  /** Receives every event; pino fits. A call that throws changes nothing. */
  log: Logger
}
const optionNames: readonly (keyof AgentOptions)[] = [
  ...(['vips', 'announcer', 'preference', 'health', 'mode', 'election', 'address', 'requireAddress'] as const),
  ...(['arp', 'claimInUse', 'destroyConnections', 'kernelDeadline'] as const),
  ...(['disabledBy', 'drainOnCordon', 'log'] as const),
]

/** Seconds, if the caller's own election does not say. */
const LEASE_DURATION = 15
/** The advertisement interval with an election, in seconds: the lowest that is allowed. A node may lead twice within 30 s. */
const ELECTION_INTERVAL = 5
/** Seconds after the end of a lease in which the kernel of its holder may still have the address. */
const CLAIM_DELAY = 1
/** The health lease of a node without a health check. */
const noCheck: HealthGateOptions = { check: async () => {}, interval: 5, ttl: 15, rise: 1, holdDown: false }

/** What the options say, with their defaults; nothing has started yet. */
export interface Resolved {
  readonly routes: readonly HostRoute[]
  readonly config: AgentConfig
  readonly announcer: AnnouncerOptions | undefined
  readonly health: HealthGateOptions
  readonly election: Election | undefined
  readonly address: AddressOptions | VipInterface | 'none'
  readonly kernelDeadline: boolean
  readonly maintenance: MaintenanceOptions
}

/** @throws OptionError */
export function resolveOptions(options: AgentOptions): Resolved {
  rejectUnknown(options, optionNames, '')
  const { vips, announcer, health, election, preference = {} } = options
  const arp = assertBoolean(options.arp ?? false, 'arp')
  const {
    address = arp ? {} : 'none',
    requireAddress = false,
    destroyConnections = true,
    kernelDeadline = false,
  } = options
  assertMethods(options.log, ['debug', 'info', 'warn', 'error'], 'log')
  if (!Array.isArray(vips) || vips.length === 0)
    throw new OptionError('vips', vips, 'a list of at least one host route')
  const routes = vips.map((vip, at) => readRoute(vip, `vips[${at}]`))
  for (const [at, { prefix }] of routes.entries())
    if (routes.findIndex(route => route.prefix === prefix) < at)
      throw new OptionError(`vips[${at}]`, vips[at], 'listed once')
  if (election !== undefined) {
    assertMethods(election, ['campaign'], 'election')
    assertRange(election.leaseDuration ?? LEASE_DURATION, 1, 3600, 'election.leaseDuration', ' seconds')
  }
  const mode = modeOf(options)
  if (arp) checkArp(options, mode)
  else if (options.claimInUse !== undefined)
    throw new OptionError('claimInUse', options.claimInUse, 'left out without arp')
  if (preference.med !== undefined && mode !== 'all-nodes')
    throw new OptionError('preference.med', preference.med, 'left out: with an election the agent sets it')
  if (address !== 'none') checkAddress(address, health)
  if (announcer !== undefined || !arp) assertObject(announcer, 'announcer', 'an object with local and peers at least')
  else if (options.preference !== undefined)
    throw new OptionError('preference', options.preference, 'left out without an announcer')
  const { drainTime = 3, gracefulShutdownTime = 0 } = announcer ?? {} // the announcer checks them
  const claimDelay = Math.max(0, CLAIM_DELAY - (election?.claimDelay ?? 0)) * 1000
  return {
    routes,
    config: {
      mode,
      managesAddress: address !== 'none',
      requireAddress: assertBoolean(requireAddress, 'requireAddress'),
      destroyConnections: assertBoolean(destroyConnections, 'destroyConnections'),
      segment: arp ? { claimInUse: assertBoolean(options.claimInUse ?? false, 'claimInUse'), claimDelay } : undefined,
      hasSessions: announcer !== undefined,
      sessionGrace: ((election?.leaseDuration ?? LEASE_DURATION) * 1000) / 5,
      drainTime: drainTime * 1000,
      gracefulShutdownTime: gracefulShutdownTime * 1000,
      lastResortTime: lastResortTime(options),
    },
    announcer: announcer && {
      families: [...new Set(routes.map(({ family }) => family))],
      maxPrefixes: routes.length,
      ...(mode !== 'all-nodes' && { advertisementInterval: ELECTION_INTERVAL }),
      ...announcer,
    },
    health: health ?? noCheck,
    election,
    address: arp ? { interface: 'auto', ...(address as AddressOptions) } : address,
    kernelDeadline: assertBoolean(kernelDeadline, 'kernelDeadline'),
    maintenance: maintenanceOf(options),
  }
}

function lastResortTime({ drainOnCordon, election }: AgentOptions): number | undefined {
  if (drainOnCordon === undefined || election?.lastResort === undefined) return undefined
  const { leaseDuration = LEASE_DURATION, claimDelay = 0 } = election
  return (leaseDuration + claimDelay + LAST_RESORT_WAIT) * 1000
}

function maintenanceOf({ disabledBy, drainOnCordon, election }: AgentOptions): MaintenanceOptions {
  if (drainOnCordon !== undefined && typeof drainOnCordon !== 'function')
    throw new OptionError('drainOnCordon', drainOnCordon, 'a function')
  const file = disabledBy === undefined ? undefined : assertPath(disabledBy, 'disabledBy')
  return { disabledBy: file, drainOnCordon, hasElection: election !== undefined }
}

function readRoute(vip: string, option: string): HostRoute {
  try {
    return hostRoute(vip)
  } catch (error) {
    throw renamed(error, () => option)
  }
}

function modeOf({ mode, election, arp }: AgentOptions): Mode {
  const needsElection: readonly unknown[] = ['standby', 'leader']
  if (mode === undefined && arp && election) return 'leader'
  if (mode === undefined) return election ? 'standby' : 'all-nodes'
  if (mode !== 'all-nodes' && !needsElection.includes(mode))
    throw new OptionError('mode', mode, "'all-nodes', 'standby' or 'leader'")
  if (election === undefined && mode !== 'all-nodes')
    throw new OptionError('mode', mode, "'all-nodes', because there is no election")
  if (election !== undefined && mode === 'all-nodes')
    throw new OptionError('mode', mode, "'standby' or 'leader', because there is an election")
  return mode
}

/** Hosts send to one MAC address only, so one node may have the VIP, and its agent must know when it has. */
function checkArp({ address }: AgentOptions, mode: Mode): void {
  if (mode !== 'leader') {
    const why = mode === 'standby' ? 'in standby mode: give mode: leader' : 'without an election, and mode: leader'
    throw new OptionError('arp', true, `left out ${why}`)
  }
  if (address === 'none' || (address !== undefined && 'set' in Object(address)))
    throw new OptionError('address', address, 'an object with interface, because of arp')
}

/** The kernel counts whole seconds, so that a lifetime may be a second shorter than the lease, and must outlast an interval. */
function checkAddress(address: AddressOptions | VipInterface, health: HealthGateOptions | undefined): void {
  assertObject(address, 'address', "'none', an object with interface, or one with the methods set and remove")
  if ('set' in address) assertMethods(address, ['set', 'remove'], 'address')
  const { interval = 5, ttl } = health ?? {}
  if (ttl !== undefined && ttl < 2 * interval + 1)
    throw new OptionError('health.ttl', ttl, `at least two intervals and 1 second with an address, ${2 * interval + 1}`)
}
