/**
 * A VIP agent: announces the address of a service for as long as this node may serve it. In all-nodes mode that is while
 * the service is well, and the routers choose among the nodes; in leader mode it is while this node leads as well.
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
import { guardLog, type Logger } from '@softspoken/session'
import { Address, type Interface } from './address.ts'
import { checkFunctions } from './check-functions.ts'
import { type Election, everyNode, type Leadership } from './election.ts'

export interface AgentOptions {
  /** The address: one /32 or /128. */
  vip: string
  /** Who we are, and the routers. */
  announcer: AnnouncerOptions
  /** Whether the service of this very node is well: probe the node's own address or loopback, never the VIP. */
  health: HealthGateOptions
  /** Leader mode. Default: all-nodes mode. */
  election?: Election
  /** Where the address is added and removed. Default: nowhere, both are only logged. */
  interface?: Interface
  log: Logger
}

/** A leader's MED is this less its epoch, so that routers move to it while they still believe in the one before. */
const MED_BASE = 1_000_000

/** Seconds that the election may take to let go of the lease. */
const PATIENCE = 2
/** A word of the election is late after this part of its `ttl`. */
const LATE = 1 / 10

/**
 * Runs until the signal is aborted, then gives the address up gracefully, and resolves.
 * @throws what was wrong with the options, or kept the address or the election from working; the address is given up
 * then, too.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { election = everyNode } = options
  const { prefix: vip, family } = hostRoute(options.vip)
  checkFunctions('log', options.log, ['debug', 'info', 'warn', 'error'])
  const log = guardLog(options.log) // a line that cannot be written stops nothing
  const { drainTime = 3 } = options.announcer // the time in which routers converge
  const failure = new AbortController() // the first reason counts
  const fail = (why: unknown): void => failure.abort(why)
  const ending = AbortSignal.any([signal, failure.signal])
  checkElection(election)
  const address = new Address(options.interface ?? logged(vip, log), fail)

  // Both from the start: the session stands and the service is known to be well before this node's turn comes.
  using health = new HealthGate({ log, ...options.health })
  const announcer = new Announcer({ log, families: [family], ...options.announcer }) // as the program does: the prefix's own

  // Whatever ended it, a lease that ran out or a service that is not well included: the routers go first.
  announcer.on('withdrawn', ({ prefix, reason, detail }) => {
    log.info({ prefix, reason, detail }, 'withdrawn')
    if (!ending.aborted) address.leave(drainTime) // at the end it goes after the goodbye
  })

  await serve().catch(fail)
  // The election was let go of just now, so another node may be on the way already.
  await announcer.stop('the VIP agent ends').catch(fail) // withdraws, serves on for drainTime, says Cease
  await address.drop().catch(fail)
  failure.signal.throwIfAborted()

  async function serve(): Promise<void> {
    while (!ending.aborted) {
      if (!health.up) await recovery()
      else await campaign()
    }
  }

  /** For as long as the service is well. A leader that is not lets go, and another node may lead. */
  async function campaign(): Promise<void> {
    const unwell = new AbortController()
    const over = AbortSignal.any([ending, unwell.signal])
    const words = election.campaign(over)[Symbol.asyncIterator]()
    const down = (): void => unwell.abort()
    health.once('down', down)
    let asked: Promise<IteratorResult<Leadership>> | undefined
    let announcement: Announcement | undefined
    let epoch: number | undefined
    try {
      for (;;) {
        asked = words.next()
        const next = await unlessAborted(asked, over)
        if (next === undefined) break
        if (next.done) throw new Error('the election ended before it was told to')
        if (next.value.leader) await unlessAborted(lead(next.value.epoch), over)
        else giveUp()
        await turn() // an election without a pause holds up nothing else
      }
    } catch (error) {
      giveUp()
      fail(error)
    } finally {
      health.off('down', down)
      await turn() // the gate withdraws first, and its reason is told
      if (!ending.aborted) giveUp() // else the drain does it, as gently as it is told to
      await letGo()
    }

    /** Its last word may be on the way still. An election that hangs is left alone; its lease ends by itself. */
    async function letGo(): Promise<void> {
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), PATIENCE * 1000)
      const done = Promise.resolve(asked).then(() => words.return?.())
      await unlessAborted(done, late.signal).finally(() => clearTimeout(timer))
    }

    async function lead(now: number): Promise<void> {
      const heard = performance.now()
      const { ttl } = election
      if (epoch !== now) log.info({ epoch: now }, 'leading')
      epoch = now
      await address.take()
      // The word counts from when it was said: if the interface took long, the next one announces.
      const isLate = ttl !== undefined && performance.now() - heard > ttl * 1000 * LATE
      if (over.aborted || isLate) return
      const med = { base: MED_BASE, epoch: now }
      // The gate withdraws by itself if checks fail or hang, and the lease if the election falls silent.
      announcement ??= announcer.announce(vip, { med, gate: health, ...(ttl !== undefined && { ttl }) })
      announcement.update({ med }) // the same sends nothing
      if (ttl !== undefined) announcement.renew()
    }

    function giveUp(): void {
      if (epoch !== undefined) log.info({ epoch }, 'leading no more')
      epoch = undefined
      announcement?.withdraw()
      announcement = undefined
      address.leave(drainTime)
    }
  }

  async function recovery(): Promise<void> {
    await once(health, 'up', { signal: ending }).catch(error => {
      if (!ending.aborted) throw error
    })
  }
}

/** An election that is no election is found before anything starts. */
function checkElection(election: Election): void {
  checkFunctions('election', election, ['campaign'])
  const { ttl } = election
  if (ttl !== undefined && !(ttl >= 2 && ttl <= 3600))
    throw new RangeError(`election.ttl: ${ttl} is not allowed, it must be from 2 to 3600`)
}

/** Everything else that is due has its turn. */
function turn(): Promise<void> {
  return new Promise(done => setImmediate(done))
}

/** What the work comes to, or undefined once the signal is aborted; what becomes of the work after that is not looked at. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((done, fail) => {
    const abort = (): void => done(undefined)
    signal.addEventListener('abort', abort)
    work.then(done, fail).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}

function logged(vip: string, log: Logger): Interface {
  return {
    add: async () => log.info({ vip }, 'here the address would be added to the interface'),
    remove: async () => log.info({ vip }, 'here the address would be removed from the interface'),
  }
}
