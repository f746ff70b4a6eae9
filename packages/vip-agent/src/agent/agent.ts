/** A VIP agent: holds the Lease of an election, the VIPs on an interface, and their routes. The shell of step.ts. */
import { EventEmitter } from 'node:events'
import { type Announcement, Announcer, HealthGate } from '@softspoken/announcer'
import { leasesFirst } from '@softspoken/announcer/internal'
import { KernelDeadline } from '@softspoken/linux'
import { type Clock, type Logger, realTime, type StopOptions } from '@softspoken/session'
import { assertString, DeadlineTimer, errorText, guardLog } from '@softspoken/session/internal'
import { type AddressCalls, VipAddresses } from '../address/vip-addresses.ts'
import { type VipInterface, VipSteps } from '../address/vip-interface.ts'
import { JumpWatch } from '../clocks.ts'
import { drained } from '../maintenance/drained.ts'
import type { Look } from '../maintenance/look-at.ts'
import { watchMaintenance } from '../maintenance/watches.ts'
import { Segment, type SegmentCalls, type SegmentOptions } from '../segment/segment.ts'
import { Actions } from './actions.ts'
import type { Durations } from './durations.ts'
import { type HostNetwork, hostNetwork } from './host-network.ts'
import { HostWatch } from './host-watch.ts'
import { whyWithheld } from './leases.ts'
import { type AgentOptions, resolveOptions } from './options.ts'
import { reportDurations } from './report-durations.ts'
import { RouteGate } from './route-gate.ts'
import { type AgentInput, type AgentState, newAgent } from './state.ts'
import { type AgentEvents, type AgentStatus, Reporter, statusOf } from './status.ts'
import { agentStep, nextDeadline } from './step.ts'

/** What a test replaces. */
export interface AgentEnvironment {
  readonly network?: HostNetwork
  readonly addresses?: AddressCalls
  readonly segment?: SegmentCalls
  readonly kernelDeadline?: Pick<KernelDeadline, 'arm' | 'disarm' | 'stop'>
  readonly look?: (file: string) => Promise<Look>
}

/** Runs from its construction until stop(). It starts without Lease, address and route. Events: {@link AgentEvents}. */
export class VipAgent extends EventEmitter<AgentEvents> implements AsyncDisposable {
  /** Undefined without BGP. */
  readonly announcer: Announcer | undefined
  readonly health: HealthGate
  readonly #log: Logger
  readonly #clock: Clock
  readonly #preference: AgentOptions['preference']
  readonly #gate: RouteGate
  readonly #timer: DeadlineTimer
  readonly #addresses: VipAddresses | undefined
  readonly #segment: Segment | undefined
  readonly #jumps = new JumpWatch(() => this.#feed({ type: 'clock-jumped' }))
  readonly #reporter: Reporter
  readonly #actions: Actions
  readonly #durations: Durations
  readonly #watch: HostWatch
  readonly #maintenance: ReturnType<typeof watchMaintenance>
  readonly #deadline: AgentEnvironment['kernelDeadline']
  readonly #done: Promise<void>
  #finish: () => void = () => {}
  #state: AgentState
  /** Inputs that came while actions were performed. */
  readonly #inputs: AgentInput[] = []
  #isRunning = true // until everything is made
  #stopOptions: Parameters<Announcer['stop']> | undefined

  /** @throws OptionError; Error if another agent has a VIP on this host */
  constructor(options: AgentOptions)
  /** @internal */
  constructor(options: AgentOptions, environment: AgentEnvironment)
  constructor(options: AgentOptions, environment: AgentEnvironment = {}) {
    super()
    const { routes, config, announcer, health, election, address, kernelDeadline, maintenance } =
      resolveOptions(options)
    const log = guardLog(options.log)
    this.#log = log
    this.#clock = announcer?.clock ?? health.clock ?? realTime
    const vips = routes.map(({ prefix }) => prefix)
    this.#preference = options.preference
    this.#gate = new RouteGate(this.#clock, () => whyWithheld(this.#state, this.#clock.now()))
    this.#state = newAgent(config)
    this.#timer = new DeadlineTimer(this.#clock, () => {
      this.#segment?.poll()
      this.#feed({ type: 'tick' })
    })
    this.#done = new Promise(resolve => (this.#finish = resolve))
    const vipInterface = interfaceOf(
      address,
      () => new VipAddresses(routes, address as object, log, environment.addresses),
    )
    this.#addresses = vipInterface instanceof VipAddresses ? vipInterface : undefined
    this.#segment = config.segment && this.#addresses && this.#openSegment(this.#addresses, environment)
    const steps = vipInterface && new VipSteps(vipInterface, this.#clock)
    this.#reporter = new Reporter(this, log, vips, this.#addresses?.interface, this.#clock)
    this.#deadline = kernelDeadline ? (environment.kernelDeadline ?? kernelDeadlineOrLine(log)) : undefined
    // A timer of a session or of the gate may be the first one that runs when a stopped process continues.
    const clock = leasesFirst(this.#clock, () => this.#feed({ type: 'tick' }))
    this.health = new HealthGate({ log, clock, ...health })
    let announcements: readonly Announcement[]
    try {
      this.#addresses?.hold() // before a dial: a router takes one session from each address
      this.announcer = announcer && new Announcer({ log, ...announcer, clock })
      announcements = this.#announce(vips)
    } catch (error) {
      this.health.stop()
      this.#addresses?.letGo()
      throw error
    }
    this.#actions = new Actions({
      ...{ election, announcer: this.announcer, announcements, preference: options.preference, gate: this.#gate },
      ...{ addresses: this.#addresses, steps, segment: this.#segment, jumps: this.#jumps },
      ...{ deadline: this.#deadline, reporter: this.#reporter, log },
      stopOptions: () => this.#stopOptions ?? [],
      feed: input => this.#feed(input),
      done: () => this.#end(),
    })
    this.#durations = reportDurations(this, { config, vips, clock: this.#clock, log })
    const checked = (): void => this.#checked()
    this.health.on('up', checked).on('down', checked).on('checked', checked)
    this.#watch = new HostWatch({
      ...{ announcer: this.announcer, addresses: this.#addresses, segment: this.#segment, clock: this.#clock, log },
      network: environment.network ?? hostNetwork(),
      vips: routes.map(({ address: one }) => one),
      required: config.requireAddress && !config.managesAddress ? routes.map(({ address: one }) => one) : [],
      feed: input => this.#feed(input),
      expectsAddress: () => this.#state.address.status === 'present' && !this.#state.address.busy,
      addressGone: () => {
        if (this.#clock.now() < this.#state.address.until) this.#reporter.addressGone() // else its lifetime has ended
      },
    })
    const feed = (input: AgentInput): void => this.#feed(input)
    this.#maintenance = watchMaintenance(maintenance, feed, { clock: this.#clock, log, look: environment.look })
    this.#isRunning = false
    this.#watch.look()
  }

  /** A snapshot of now. */
  status(): AgentStatus {
    return statusOf(this.#state, this.#clock.now(), {
      health: this.health.status().secondsLeft,
      hasKernelDeadline: this.#deadline !== undefined,
      interfaceName: this.#addresses?.interface,
      lastElectionFailure: this.#reporter.lastElectionFailure,
      framesSent: this.#segment?.framesSent ?? 0,
    })
  }

  /**
   * Takes this node out of service without stopping it: a leader hands over, the route is withdrawn, then the address is
   * removed; the sessions stay up. The reason is shown, 200 characters of it at most. A second call changes the reason alone.
   * @throws OptionError if the reason is not a text
   */
  drain(reason = ''): void {
    assertString(reason, 'reason')
    const { since = Date.now() } = this.#state.drains.call ?? {}
    this.#feed({ type: 'drain', source: 'call', drain: drained(since, reason) })
  }
  /** Ends what drain() began. A node that is drained by the file of `disabledBy`, or is cordoned, stays drained. */
  resume(): void {
    this.#feed({ type: 'drain', source: 'call', drain: undefined })
  }

  /**
   * The planned end, which docs/leases.md describes. Resolves when it is over, at most 8 s later with a drainTime of 3 s; it
   * never rejects. Cease has the communication (RFC 9003). Safe to call twice.
   */
  stop(communication = 'the VIP agent ends', options: StopOptions = {}): Promise<void> {
    this.#stopOptions ??= [communication, options]
    this.#feed({ type: 'stop' })
    return this.#done
  }
  /** The same as stop(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  // ---- inputs

  #checked(): void {
    const { up, secondsLeft = 0, detail, reason } = this.health.status()
    // Whole milliseconds, so that the same lease has the same end at each look.
    if (up) this.#feed({ type: 'health', up, until: Math.floor(this.#clock.now() + secondsLeft * 1000) })
    else this.#feed({ type: 'health', up, detail: reason === 'not-checked' ? undefined : detail })
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
    const [after, actions] = agentStep(this.#state, input, now)
    this.#state = after
    this.#timer.set(after.ending?.phase === 'done' ? undefined : nextDeadline(after, now))
    this.#actions.perform(actions, now)
    this.#durations.stepped(after, actions, now)
    this.#reporter.changed(after, now)
  }

  #end(): void {
    this.#finish()
    this.health.stop()
    this.#watch.stop()
    this.#segment?.endListening()
    this.#maintenance.stop()
    this.#deadline?.stop()
    this.#addresses?.letGo()
  }

  // ---- parts

  #openSegment(addresses: VipAddresses, { segment }: AgentEnvironment): Segment {
    const options: SegmentOptions = {
      ...{ interface: addresses.interface, vips: addresses.vips, clock: this.#clock, log: this.#log },
      heard: mac => this.#feed({ type: 'heard', mac }),
      polled: () => this.#jumps.look(this.#clock.now()),
    }
    return new Segment(options, segment)
  }

  /** Withheld until the gate opens. */
  #announce(vips: readonly string[]): Announcement[] {
    try {
      const { announcer } = this
      if (!announcer) return []
      return vips.map(vip => announcer.announce(vip, { ...this.#preference, gate: this.#gate }))
    } catch (error) {
      void this.announcer?.stop('', { keepRecord: true }) // nothing was sent
      throw error
    }
  }
}

function interfaceOf(address: AgentOptions['address'], make: () => VipAddresses): VipInterface | undefined {
  if (address === 'none' || address === undefined) return undefined
  return 'set' in address ? address : make()
}

function kernelDeadlineOrLine(log: Logger): KernelDeadline | undefined {
  try {
    return new KernelDeadline()
  } catch (error) {
    log.warn({ error: errorText(error) }, 'no kernel deadline here: a process that hangs is not ended')
    return undefined
  }
}
