/**
 * A VIP agent: announces the virtual IP (VIP) of a service while this node may serve it. In all-nodes mode, this node may
 * serve it while the service passes its health check, and the routers choose among the nodes. In leader mode, this node
 * must also lead an election.
 */
import { once } from 'node:events'
import {
  type Announcement,
  Announcer,
  type AnnouncerOptions,
  HealthGate,
  type HealthGateOptions,
  hostRoute,
} from '@softspoken/announcer'
import type { Logger } from '@softspoken/session'
import { assertMethods, guardLog, rejectUnknown } from '@softspoken/session/internal'
import { OptionError } from '@softspoken/wire'
import { type Election, everyNode, type Leadership } from './election/election.ts'
import { VipAddress, type VipInterface } from './vip-address.ts'

/** Options of `runAgent()`. */
export interface AgentOptions {
  /** The VIP: one host route, such as `198.51.100.10/32` or `2001:db8::10/128`. */
  vip: string
  /** Options of the `Announcer`. `families` is by default the family of the VIP, `log` the agent's. */
  announcer: AnnouncerOptions
  /**
   * Options of the `HealthGate` over the service of this node. Check the node's own address or loopback, never the VIP,
   * which may be another node's. `log` is by default the agent's.
   */
  health: HealthGateOptions
  /** The election of leader mode. Default: none, all-nodes mode. */
  election?: Election
  /** Adds the VIP to an interface of this node and removes it. Default: both are only logged. */
  interface?: VipInterface
  /** Receives every event; pino fits. A call that throws changes nothing. */
  log: Logger
}
const optionNames: readonly (keyof AgentOptions)[] = ['vip', 'announcer', 'health', 'election', 'interface', 'log']

/** A leader's MED is this less its epoch, so that routers prefer the new leader while they still have the route of an earlier one. */
const MED_BASE = 1_000_000

/** Seconds that an election may take to give up the leadership. */
const RELEASE_TIMEOUT = 2
/** Seconds that a leadership must last for its route to be announced. */
const SHORTEST = 2

/**
 * Runs an agent until the signal is aborted; then it withdraws the VIP gracefully, gives up the leadership, and resolves.
 * If the election or the interface fails, it does the same at once, and rejects.
 * @throws OptionError (the promise rejects with it) if an option is not allowed, before anything is dialled. If the election
 * or the interface fails, the promise rejects with that error.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  rejectUnknown(options, optionNames, '')
  if (!(signal instanceof AbortSignal)) throw new OptionError('signal', signal, 'an AbortSignal')
  const { election = everyNode } = options
  const { prefix: vip, family } = hostRoute(options.vip)
  assertMethods(options.log, ['debug', 'info', 'warn', 'error'], 'log')
  assertMethods(election, ['campaign'], 'election')
  const log = guardLog(options.log) // a line that cannot be written stops nothing
  const failure = new AbortController() // the first reason is kept
  const fail = (reason: unknown): void => failure.abort(reason)
  const ending = AbortSignal.any([signal, failure.signal])
  const address = new VipAddress(options.interface ?? loggedInterface(vip, log), fail)

  // Both run from the start, so that the session is established and the health is known when this node becomes the leader.
  using health = new HealthGate({ log, ...options.health })
  const announcer = new Announcer({ log, families: [family], ...options.announcer })
  const { drainTime = 3 } = options.announcer // seconds in which routers converge

  // Emitted for every withdrawal, including those after a failed check or a lease that ran out. It was sent before.
  announcer.on('withdrawn', ({ prefix, reason, detail }) => {
    log.info({ prefix, reason, detail }, 'withdrawn')
    if (!ending.aborted) address.removeAfter(drainTime) // at the end it is removed after the Cease
  })

  await serve().catch(fail)
  // The leadership was just given up, so another node may already take over while this drain runs.
  await announcer.stop('the VIP agent ends').catch(fail)
  await address.remove().catch(fail)
  failure.signal.throwIfAborted()

  async function serve(): Promise<void> {
    while (!ending.aborted) {
      if (!health.up) await recovery()
      else await campaign()
    }
  }

  /** Runs while the service is healthy. A leader whose service fails gives up the leadership, so that another node may lead. */
  async function campaign(): Promise<void> {
    const unhealthy = new AbortController()
    const over = AbortSignal.any([ending, unhealthy.signal])
    const looks = election.campaign(over)[Symbol.asyncIterator]()
    const onDown = (): void => unhealthy.abort()
    health.once('down', onDown)
    let pending: Promise<IteratorResult<Leadership>> | undefined
    let announcement: Announcement | undefined
    let epoch: number | undefined
    try {
      for (;;) {
        pending = looks.next()
        const next = await unlessAborted(pending, over)
        if (next === undefined) break
        if (next.done) throw new Error('the election ended before its signal was aborted')
        if (next.value.leader) await unlessAborted(lead(next.value.epoch, next.value.until), over)
        else stopLeading()
        await nextTurn() // an election that never waits must not keep other work from running
      }
    } catch (error) {
      stopLeading()
      fail(error)
    } finally {
      health.off('down', onDown)
      await nextTurn() // the health gate withdraws first, so that its reason is the one that is reported
      if (!ending.aborted) stopLeading() // at the end the drain withdraws, with graceful shutdown if that is configured
      await endElection()
    }

    /** Its last value may still be pending. An election that hangs is abandoned; its lease ends by itself. */
    async function endElection(): Promise<void> {
      const timeout = new AbortController()
      const timer = setTimeout(() => timeout.abort(), RELEASE_TIMEOUT * 1000)
      const ended = Promise.resolve(pending).then(() => looks.return?.())
      await unlessAborted(ended, timeout.signal).finally(() => clearTimeout(timer))
    }

    async function lead(newEpoch: number, until: number): Promise<void> {
      if (epoch !== newEpoch) log.info({ epoch: newEpoch }, 'leading')
      epoch = newEpoch
      await address.add()
      // If the interface took long, the next value announces.
      const left = (until - performance.now()) / 1000
      if (over.aborted || left < SHORTEST) return
      const med = { base: MED_BASE, epoch: newEpoch }
      // The gate withdraws if checks fail or hang, and the lease if the election yields nothing in time.
      announcement ??= announcer.announce(vip, {
        med,
        gate: health,
        ...(left !== Number.POSITIVE_INFINITY && { ttl: left }),
      })
      announcement.update({ med }) // sends nothing if it is the same
      if (left !== Number.POSITIVE_INFINITY) announcement.renew()
    }

    function stopLeading(): void {
      if (epoch !== undefined) log.info({ epoch }, 'no longer leading')
      epoch = undefined
      announcement?.withdraw()
      announcement = undefined
      address.removeAfter(drainTime)
    }
  }

  async function recovery(): Promise<void> {
    await once(health, 'up', { signal: ending }).catch(error => {
      if (!ending.aborted) throw error
    })
  }
}

/** Resolves when everything else that is due has run. */
function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** The result of the work, or undefined once the signal is aborted; the work's own result is ignored then. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(undefined)
    signal.addEventListener('abort', onAbort)
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
    if (signal.aborted) onAbort()
  })
}

function loggedInterface(vip: string, log: Logger): VipInterface {
  return {
    add: async () => log.info({ vip }, 'the VIP would be added to the interface now'),
    remove: async () => log.info({ vip }, 'the VIP would be removed from the interface now'),
  }
}
