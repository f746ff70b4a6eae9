/** A VIP agent: holds the Lease of an election, the VIPs on an interface, and their routes. The shell of step.ts. */
import { EventEmitter } from 'node:events'
import { type Announcement, Announcer, type Explanation, HealthGate } from '@softspoken/announcer'
import { leasesFirst } from '@softspoken/announcer/internal'
import { KernelDeadline, linuxSupport } from '@softspoken/linux'
import { type Clock, type Logger, realTime, type StopOptions } from '@softspoken/session'
import { DeadlineTimer, errorText, guardLog, notify, omitUndefined } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import { VipAddresses } from '../address/vip-addresses.ts'
import { type VipInterface, VipSteps } from '../address/vip-interface.ts'
import type { Election, ElectionReason } from '../election/election.ts'
import { Campaign } from './campaign.ts'
import { type HostNetwork, hostNetwork } from './host-network.ts'
import { isLeading, whyNotServing, whyWithheld } from './leases.ts'
import { type AgentOptions, resolveOptions } from './options.ts'
import { levelOf, type ServeReason } from './reasons.ts'
import { RouteGate } from './route-gate.ts'
import { type AgentAction, type AgentInput, type AgentState, type Mode, newAgent } from './state.ts'
import { agentStep, nextDeadline } from './step.ts'

/**
 * `leader`: it leads the election. `standby`: it advertises with the MED of a standby. `serving`: it advertises, in all-nodes
 * mode. `waiting`: none of these; in leader mode it may still advertise for the next leader to come.
 */
export type AgentRole = 'leader' | 'standby' | 'serving' | 'waiting'

/** A snapshot. Times are seconds that are left. */
export interface AgentStatus {
  readonly mode: Mode
  readonly role: AgentRole
  /** While it leads. */
  readonly epoch?: number
  /** Another candidate that leads, if one is known. */
  readonly holder?: string
  /** Why this node does not serve; empty while it does. */
  readonly serves: Partial<Explanation<ServeReason>>
  readonly leases: { readonly election?: number; readonly health?: number; readonly kernelDeadline?: number }
  readonly address: { readonly interface?: string; readonly present: boolean }
  readonly lastElectionFailure?: ElectionFailure
}
/** `failed`: the caller's own election threw. */
export type ElectionFailure = Explanation<ElectionReason | 'failed'>

/** What an agent emits. */
export interface AgentEvents {
  role: [{ readonly role: AgentRole; readonly epoch?: number }]
  /** It serves, or not any more, and why. */
  serving: [Partial<Explanation<ServeReason>>]
  address: [{ readonly present: boolean; readonly interface?: string }]
  'election-failed': [ElectionFailure]
}

/** What a test replaces. */
export interface AgentEnvironment {
  readonly network?: HostNetwork
  readonly kernelDeadline?: Pick<KernelDeadline, 'arm' | 'disarm' | 'stop'>
}

/** Milliseconds between two looks at the addresses of a host that does not report changes. */
const LOOK_INTERVAL = 1000

/** Runs from its construction until stop(). It starts without Lease, address and route. */
export class VipAgent extends EventEmitter<AgentEvents> implements AsyncDisposable {
  readonly announcer: Announcer
  readonly health: HealthGate
  readonly #log: Logger
  readonly #clock: Clock
  readonly #election: Election | undefined
  readonly #vips: readonly string[]
  readonly #announcements: readonly Announcement[]
  readonly #preference: AgentOptions['preference']
  readonly #gate: RouteGate
  readonly #timer: DeadlineTimer
  readonly #addresses: VipAddresses | undefined
  readonly #steps: VipSteps | undefined
  readonly #network: HostNetwork
  readonly #deadline: AgentEnvironment['kernelDeadline']
  readonly #done: Promise<void>
  #finish: () => void = () => {}
  #state: AgentState
  /** Inputs that came while actions were performed. */
  readonly #inputs: AgentInput[] = []
  #isRunning = true // until everything is made
  #campaign: Campaign | undefined
  /** Of the last established sessions. */
  #interfaces: readonly string[] = []
  #endWatch: () => void = () => {}
  #lookTimer: unknown
  #goodbye: Parameters<Announcer['stop']> | undefined
  #lastElectionFailure: ElectionFailure | undefined
  #lastAddressError: string | undefined

  /** @throws OptionError */
  constructor(options: AgentOptions)
  /** @internal */
  constructor(options: AgentOptions, environment: AgentEnvironment)
  constructor(options: AgentOptions, environment: AgentEnvironment = {}) {
    super()
    const { routes, config, announcer, health, election, address, kernelDeadline } = resolveOptions(options)
    const log = guardLog(options.log)
    this.#log = log
    this.#clock = announcer.clock ?? realTime
    this.#election = election
    this.#vips = routes.map(({ prefix }) => prefix)
    this.#preference = options.preference
    this.#gate = new RouteGate(this.#clock, () => whyWithheld(this.#state, this.#clock.now()))
    this.#state = newAgent(config)
    this.#timer = new DeadlineTimer(this.#clock, () => this.#feed({ type: 'tick' }))
    this.#done = new Promise(resolve => (this.#finish = resolve))
    const vipInterface = interfaceOf(address, () => new VipAddresses(routes, address as object, log))
    this.#addresses = vipInterface instanceof VipAddresses ? vipInterface : undefined
    this.#steps = vipInterface && new VipSteps(vipInterface, this.#clock)
    this.#network = environment.network ?? hostNetwork()
    // A timer of a session or of the gate may be the first one that runs when a stopped process continues.
    const clock = leasesFirst(this.#clock, () => this.#feed({ type: 'tick' }))
    this.health = new HealthGate({ log, clock, ...health })
    try {
      this.announcer = new Announcer({ log, ...announcer, clock })
      this.#announcements = this.#announce()
      this.#deadline = kernelDeadline ? (environment.kernelDeadline ?? kernelDeadlineOrLine(log)) : undefined
    } catch (error) {
      this.health.stop()
      throw error
    }
    this.#listen()
    this.#isRunning = false
    this.#look()
    this.#feed({ type: 'tick' })
  }

  /** A snapshot of now. */
  status(): AgentStatus {
    const now = this.#clock.now()
    const { config, leadership, holder, deadline, address, addressSeen } = this.#state
    const isLeader = isLeading(this.#state, now)
    const seconds = (at: number | undefined): number | undefined =>
      at === undefined || at === Number.POSITIVE_INFINITY ? undefined : Math.max(0, (at - now) / 1000)
    return {
      mode: config.mode,
      role: roleOf(this.#state, now),
      ...omitUndefined({ epoch: isLeader ? leadership?.epoch : undefined, holder }),
      serves: whyNotServing(this.#state, now) ?? {},
      leases: omitUndefined({
        election: isLeader ? seconds(leadership?.until) : undefined,
        health: this.health.status().secondsLeft,
        kernelDeadline: this.#deadline && seconds(deadline),
      }),
      address: {
        ...omitUndefined({ interface: this.#addresses?.interface }),
        present: config.managesAddress ? address.status === 'present' : addressSeen,
      },
      ...omitUndefined({ lastElectionFailure: this.#lastElectionFailure }),
    }
  }

  /**
   * The planned end, which docs/leases.md describes. Resolves when it is over, at most 8 s later with a drainTime of 3 s; it
   * never rejects. Cease has the communication (RFC 9003). Safe to call twice.
   */
  stop(communication = 'the VIP agent ends', options: StopOptions = {}): Promise<void> {
    this.#goodbye ??= [communication, options]
    this.#feed({ type: 'stop' })
    return this.#done
  }
  /** The same as stop(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // ---- inputs

  #listen(): void {
    this.announcer.on('established', () => this.#look()).on('down', () => this.#look())
    const { health } = this
    health.on('up', () => this.#checked()).on('checked', () => this.#checked())
    health.on('down', () => this.#checked())
    const { config } = this.#state
    try {
      const endWatch = this.#network.watch(() => this.#look())
      if (endWatch) this.#endWatch = endWatch
      else if (config.requireAddress && !config.managesAddress) this.#lookAgain()
    } catch (error) {
      this.#log.error({ error: errorText(error) }, 'the network of this host is not watched')
    }
  }
  #lookAgain(): void {
    this.#lookTimer = this.#clock.setTimeout(() => {
      this.#look()
      this.#lookAgain()
    }, LOOK_INTERVAL)
  }

  #checked(): void {
    const { up, secondsLeft = 0, detail = '' } = this.health.status()
    if (up) this.#feed({ type: 'health', up, until: this.#clock.now() + secondsLeft * 1000 })
    else this.#feed({ type: 'health', up, detail })
  }

  /** Looks at what may have changed: sessions, carrier, addresses. */
  #look(): void {
    if (this.#state.ending?.phase === 'done') return
    const established = this.announcer.sessions.filter(({ state }) => state === 'Established')
    this.#feed({ type: 'sessions', established: established.length })
    try {
      if (established.length > 0)
        this.#interfaces = established.flatMap(session => {
          const { address } = session.status().local
          return (address !== undefined && this.#network.interfaceOf(address)) || []
        })
      this.#feed({ type: 'carrier', up: this.#hasCarrier() })
      const { config, address } = this.#state
      if (config.requireAddress && !config.managesAddress) {
        const present = this.#vips.every(vip => this.#network.hasAddress(vip.split('/')[0]!))
        this.#feed({ type: 'address-seen', present })
      }
      if (this.#addresses && address.status === 'present' && !address.busy && !this.#addresses.present) {
        this.#log.warn({ vips: this.#vips, interface: this.#addresses.interface }, 'VIP is gone from the interface')
        this.#feed({ type: 'address-gone' })
      }
    } catch (error) {
      this.#log.error({ error: errorText(error) }, 'the network of this host cannot be read')
    }
  }
  /** One of the sessions' interfaces has it, and that of the VIPs. What is not known counts as carrier. */
  #hasCarrier(): boolean {
    const has = (name: string): boolean => this.#network.hasCarrier(name) ?? true
    const ofSessions = this.#interfaces.length === 0 || this.#interfaces.some(has)
    return ofSessions && (this.#addresses === undefined || has(this.#addresses.interface))
  }

  /** An input that an action causes waits until the actions of its step are performed. */
  #feed(input: AgentInput): void {
    this.#inputs.push(input)
    if (this.#isRunning) return
    this.#isRunning = true
    for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#run(next)
    this.#isRunning = false
  }
  #run(input: AgentInput): void {
    const now = this.#clock.now()
    const before = this.#state
    const [after, actions] = agentStep(before, input, now)
    this.#state = after
    this.#timer.set(after.ending?.phase === 'done' ? undefined : nextDeadline(after, now))
    for (const action of actions) this.#perform(action, now)
    this.#report(before, after, now)
  }

  // ---- actions

  #perform(action: AgentAction, now: number): void {
    switch (action.type) {
      case 'campaign':
        this.#campaign?.abandon()
        this.#campaign = this.#startCampaign()
        break
      case 'resign':
        this.#campaign?.resign(action.watch)
        break
      case 'set-address':
        this.#steps?.set(action.until).then(
          until => this.#feed({ type: 'address-set', until }),
          error => this.#addressFailed(error),
        )
        break
      case 'remove-address':
        this.#steps?.remove().then(
          () => this.#feed({ type: 'address-removed' }),
          error => this.#addressFailed(error),
        )
        break
      case 'destroy-connections':
        this.#attempt('the connections of the VIP cannot be reset', () => this.#addresses?.destroyConnections())
        break
      case 'advertise':
        this.#advertise(action)
        break
      case 'withdraw':
        this.#gate.close()
        break
      case 'drain':
        void this.announcer.drain()
        break
      case 'arm':
        this.#attempt('the kernel deadline cannot be armed', () => this.#deadline?.arm((action.at - now) / 1000))
        break
      case 'disarm':
        this.#attempt('the kernel deadline cannot be disarmed', () => this.#deadline?.disarm())
        break
      case 'stop-announcer':
        void this.announcer.stop(...(this.#goodbye ?? [])).then(() => this.#feed({ type: 'announcer-stopped' }))
        break
      case 'done':
        this.#end()
    }
  }
  #startCampaign(): Campaign | undefined {
    return (
      this.#election &&
      new Campaign(this.#election, {
        leadership: leadership => {
          if (!leadership.leader && leadership.reason !== undefined)
            this.#electionFailed({ reason: leadership.reason, detail: leadership.detail ?? leadership.reason })
          else if (leadership.leader) this.#lastElectionFailure = undefined
          this.#feed({ type: 'leadership', leadership })
        },
        ended: error => {
          if (error !== undefined) this.#electionFailed({ reason: 'failed', detail: errorText(error) })
          this.#feed({ type: 'campaign-ended' })
        },
      })
    )
  }
  #electionFailed(failure: ElectionFailure): void {
    const isNews = this.#lastElectionFailure?.detail !== failure.detail
    this.#lastElectionFailure = failure
    if (isNews) this.#log.warn(failure, 'election failed')
    notify(this, this.#log, 'election-failed', failure)
  }
  #addressFailed(error: unknown): void {
    const detail = errorText(error)
    if (this.#lastAddressError !== detail) this.#log.error({ vips: this.#vips, error: detail }, 'VIP cannot be changed')
    this.#lastAddressError = detail
    this.#feed({ type: 'address-failed', detail })
  }
  #advertise({ med, until }: Extract<AgentAction, { type: 'advertise' }>): void {
    // First the MED: the gate may be closed, and then nothing is sent yet.
    if (med !== undefined)
      for (const announcement of this.#announcements) announcement.update({ ...this.#preference, med })
    this.#gate.open(until)
  }
  #attempt(text: string, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#log.error({ error: errorText(error) }, text)
    }
  }
  #end(): void {
    this.#campaign?.abandon()
    this.health.stop()
    this.#endWatch()
    this.#clock.clearTimeout(this.#lookTimer)
    this.#attempt('the kernel deadline cannot be stopped', () => this.#deadline?.stop())
    this.#finish()
  }

  /** Withheld until the gate opens. */
  #announce(): Announcement[] {
    try {
      return this.#vips.map(vip => this.announcer.announce(vip, { ...this.#preference, gate: this.#gate }))
    } catch (error) {
      void this.announcer.stop('', { keepRecord: true }) // nothing was sent
      throw error
    }
  }

  // ---- what the caller is told

  #report(before: AgentState, after: AgentState, now: number): void {
    const role = roleOf(after, now)
    const epoch = isLeading(after, now) ? after.leadership?.epoch : undefined
    if (role !== this.#reported.role || epoch !== this.#reported.epoch) {
      const { role: last, epoch: lastEpoch } = this.#reported
      if (role === 'leader') this.#log.info({ epoch }, 'leading')
      else if (last === 'leader')
        this.#log.info({ epoch: lastEpoch, ...omitUndefined({ holder: after.holder }) }, 'no longer leading')
      this.#reported = { ...this.#reported, role, epoch }
      notify(this, this.#log, 'role', { role, ...omitUndefined({ epoch }) })
    }
    const why = whyNotServing(after, now)
    if (why?.detail !== this.#reported.why) {
      this.#reported = { ...this.#reported, why: why?.detail }
      if (why === undefined) this.#log.info({}, 'serving')
      else this.#log[levelOf(why.reason)](why, 'not serving')
      notify(this, this.#log, 'serving', why ?? {})
    }
    const present = after.address.status === 'present'
    if (present === (before.address.status === 'present')) return
    const name = this.#addresses?.interface
    this.#log.info({ vips: this.#vips, ...omitUndefined({ interface: name }) }, present ? 'VIP added' : 'VIP removed')
    if (present) this.#lastAddressError = undefined
    notify(this, this.#log, 'address', { present, ...omitUndefined({ interface: name }) })
  }
  #reported: { readonly role: AgentRole; readonly epoch: number | undefined; readonly why: string | undefined } = {
    role: 'waiting',
    epoch: undefined,
    why: undefined,
  }
}

/**
 * Runs an agent until the signal is aborted, and resolves after its planned end.
 * @throws OptionError (the promise rejects with it) if an option is not allowed, before anything starts.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  if (!(signal instanceof AbortSignal)) throw new OptionError('signal', signal, 'an AbortSignal')
  const agent = new VipAgent(options)
  await new Promise<void>(resolve => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })
  await agent.stop()
}

function roleOf(state: AgentState, now: number): AgentRole {
  if (isLeading(state, now)) return 'leader'
  const { route, config } = state
  if (route === undefined || config.mode === 'leader') return 'waiting'
  return config.mode === 'all-nodes' ? 'serving' : 'standby'
}

function interfaceOf(address: AgentOptions['address'], make: () => VipAddresses): VipInterface | undefined {
  if (address === 'none' || address === undefined) return undefined
  return 'set' in address ? address : make()
}

function kernelDeadlineOrLine(log: Logger): KernelDeadline | undefined {
  const support = linuxSupport()
  if (support.supported) return new KernelDeadline()
  log.warn({ detail: support.detail }, 'no kernel deadline here: a process that hangs is not ended')
  return undefined
}
