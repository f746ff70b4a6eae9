/**
 * A node that does not have the VIPs connects to them while another node holds the Lease, to see whether the router took the
 * route. It only looks on: neither health gate, election nor route depends on it.
 */
import { EventEmitter } from 'node:events'
import { type Clock, type Logger, realTime } from '@softspoken/session'
import { errorText, notify } from '@softspoken/session/internal'
import type { VipAgent } from '@softspoken/vip-agent'
import type { SeenLease } from '../election/lease-requests.ts'
import { type Acceptance, acceptanceOf, type Findings, found, type IdleReason, idle, isFailing } from './acceptance.ts'
import { type ConnectResult, connectTo, TIME_LIMIT } from './connect.ts'
import { type Way, wayTo } from './way.ts'

/** Seconds from the end of the probes to the next ones, times a jitter of 0.75 to 1: docs/defaults.md has the budget. */
const INTERVAL = 10

/** What a test replaces. */
interface Environment {
  readonly clock?: Clock
  readonly random?: () => number
  readonly wayTo?: (vip: string) => Promise<Way>
  readonly connectTo?: typeof connectTo
}

interface ProbeOptions {
  /** Addresses. */
  readonly vips: readonly string[]
  readonly port: number
  readonly nodeName: string
  readonly agent: Pick<VipAgent, 'status'>
  readonly lease: () => SeenLease | undefined
  /** In seconds. A Lease that is older proves no holder. */
  readonly leaseDuration: number
  readonly log: Logger
}

interface ProbeEvents {
  /** A connection to a VIP: after how many seconds. */
  connected: [{ readonly vip: string; readonly seconds: number }]
}

/** Runs from its construction until stop(). One connection at a time, closed at once. */
export class VipProbe extends EventEmitter<ProbeEvents> {
  readonly vips: readonly string[]
  readonly #options: ProbeOptions
  readonly #environment: Required<Environment>
  readonly #findings = new Map<string, Findings>()
  /** Why a VIP is not probed, although another node holds the Lease. */
  readonly #ways = new Map<string, IdleReason>()
  /** VIPs whose failure is logged. */
  readonly #logged = new Set<string>()
  /** The holder that the findings are of. */
  #holder: string | undefined
  #timer: unknown
  #isStopped = false
  /** Of the connection that is being opened. */
  #limit: AbortController | undefined

  constructor(options: ProbeOptions, environment: Environment = {}) {
    super()
    this.#options = options
    this.#environment = { clock: realTime, random: Math.random, wayTo, connectTo, ...environment }
    this.vips = options.vips
    this.#later()
  }

  /** What is known now. */
  status(vip: string): Acceptance {
    const holder = this.#holderNow()
    if (typeof holder !== 'string') return idle(holder.reason)
    if (holder !== this.#holder) return idle('waiting', holder)
    const [way, findings] = [this.#ways.get(vip), this.#findings.get(vip)]
    if (findings === undefined) return idle(way ?? 'waiting', holder)
    const { port, nodeName: by } = this.#options
    return acceptanceOf(findings, { vip, port, by, holder, renewedAt: this.#renewedAt() })
  }

  /** Ends a probe that runs. */
  stop(): void {
    this.#isStopped = true
    this.#environment.clock.clearTimeout(this.#timer)
    this.#limit?.abort()
  }

  #later(): void {
    const { clock, random } = this.#environment
    if (this.#isStopped) return
    this.#timer = clock.setTimeout(() => void this.#round(), INTERVAL * (0.75 + 0.25 * random()) * 1000)
  }

  async #round(): Promise<void> {
    try {
      const holder = this.#holderNow()
      // A new holder's route has an interval to reach the routers.
      if (holder === this.#holder) for (const vip of this.vips) await this.#probe(vip, holder)
      else this.#begin(typeof holder === 'string' ? holder : undefined)
    } catch (error) {
      this.#options.log.error({ error: errorText(error) }, 'VIP cannot be probed')
    }
    this.#later()
  }

  #begin(holder: string | undefined): void {
    this.#holder = holder
    this.#findings.clear()
    this.#ways.clear()
  }

  async #probe(vip: string, holder: string): Promise<void> {
    const isSame = (): boolean => !this.#isStopped && this.#holderNow() === holder
    if (!isSame() || (await this.#idle(vip)) || !isSame()) return
    const { clock } = this.#environment
    const [began, at] = [clock.now(), new Date()]
    const result = await this.#connect(vip)
    // What was found while the VIP moved, or came to this node, is of neither holder.
    if ((await this.#idle(vip)) || !isSame()) return
    const findings = found(this.#findings.get(vip), result, began, at)
    this.#findings.set(vip, findings)
    if (result.reason === 'connected') notify(this, this.#options.log, 'connected', { vip, seconds: result.seconds })
    this.#report(vip, findings, holder)
  }

  async #connect(vip: string): Promise<ConnectResult> {
    const { clock, connectTo } = this.#environment
    const limit = new AbortController()
    this.#limit = limit
    const timer = clock.setTimeout(() => limit.abort(new DOMException('', 'TimeoutError')), TIME_LIMIT * 1000)
    try {
      return await connectTo({ host: vip, port: this.#options.port }, limit.signal, TIME_LIMIT)
    } finally {
      clock.clearTimeout(timer)
    }
  }

  /** Whether the way to the VIP does not lead by a router. */
  async #idle(vip: string): Promise<boolean> {
    const way = await this.#environment.wayTo(vip)
    const reason = way === 'here' ? 'has-vip' : way === 'link' ? 'same-subnet' : undefined
    if (reason === undefined) this.#ways.delete(vip)
    else {
      this.#ways.set(vip, reason)
      this.#findings.delete(vip)
    }
    return reason !== undefined
  }

  /** Another node that holds the Lease now and renews it, or why there is none to probe. */
  #holderNow(): string | { readonly reason: IdleReason } {
    const { agent, lease, leaseDuration, nodeName } = this.#options
    const { role, address, lastElectionFailure } = agent.status()
    if (role === 'leader' || address.present) return { reason: 'has-vip' }
    const { holder = '', secondsSinceChange = 0, secondsSinceSeen = 0 } = lease() ?? {}
    const isOld = Math.max(secondsSinceChange, secondsSinceSeen) > leaseDuration
    if (holder === '' || holder === nodeName || isOld || lastElectionFailure !== undefined)
      return { reason: 'no-leader' }
    return holder
  }
  #renewedAt(): number {
    return this.#environment.clock.now() - (this.#options.lease()?.secondsSinceChange ?? 0) * 1000
  }

  #report(vip: string, findings: Findings, holder: string): void {
    const { log, port } = this.#options
    const isLost = isFailing(findings, this.#renewedAt())
    if (isLost && !this.#logged.has(vip)) {
      this.#logged.add(vip)
      const { reason, detail } = findings.last
      const hint = `where to look: softspoken check --vip tcp://${vip.includes(':') ? `[${vip}]` : vip}:${port} on this node`
      log.warn({ vip, port, holder, detail, hint, reason }, 'VIP does not answer')
    } else if (findings.failures === 0 && this.#logged.delete(vip)) log.info({ vip, port, holder }, 'VIP answers again')
  }
}
