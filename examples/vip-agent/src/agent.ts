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
import { type Election, everyNode } from './election.ts'

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

/**
 * Runs until the signal is aborted, then gives the address up gracefully, and resolves.
 * @throws what was wrong with the options, or kept the address or the election from working; the address is given up
 * then, too.
 */
export async function runAgent(options: AgentOptions, signal: AbortSignal): Promise<void> {
  const { election = everyNode } = options
  const log = guardLog(options.log) // a line that cannot be written stops nothing
  const { prefix: vip } = hostRoute(options.vip)
  const { drainTime = 3 } = options.announcer // the time in which routers converge
  const failure = new AbortController()
  const ending = AbortSignal.any([signal, failure.signal])

  // Both from the start: the session stands and the service is known to be well before this node's turn comes.
  using health = new HealthGate({ log, ...options.health })
  const announcer = new Announcer({ log, ...options.announcer })
  const address = new Address(options.interface ?? logged(vip, log), why => failure.abort(why))

  // Whoever ended it, a lease that ran out or a service that is not well included: the routers go first.
  announcer.on('withdrawn', ({ prefix, why }) => {
    log.info({ prefix, why }, 'withdrawn')
    if (!ending.aborted) address.leave(drainTime) // at the end it goes after the goodbye
  })

  try {
    while (!ending.aborted) {
      if (!health.up) await recovery()
      else await campaign()
    }
  } finally {
    // The election was let go of just now, so somebody else may be on the way already.
    await announcer.close('the VIP agent ends') // withdraws, serves on for drainTime, says Cease
    await address.drop()
  }
  failure.signal.throwIfAborted()

  /** For as long as the service is well. Who leads and is not well lets go, and somebody else may lead. */
  async function campaign(): Promise<void> {
    const unwell = new AbortController()
    const down = (): void => unwell.abort()
    health.once('down', down)
    const over = AbortSignal.any([ending, unwell.signal])
    let announcement: Announcement | undefined
    let epoch: number | undefined
    try {
      for await (const word of election.campaign(over)) {
        if (over.aborted) break
        if (word.leader) await lead(word.epoch)
        else giveUp()
      }
    } finally {
      health.off('down', down)
      if (!ending.aborted) giveUp() // else the drain does it, as gently as it is told to
    }

    async function lead(now: number): Promise<void> {
      if (epoch !== now) log.info({ epoch: now }, 'leading')
      epoch = now
      await address.take()
      const med = { base: MED_BASE, epoch }
      const { ttl } = election
      // The gate withdraws by itself where checks fail or hang, and the lease where the election falls silent.
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

function logged(vip: string, log: Logger): Interface {
  return {
    add: async () => log.info({ vip }, 'here the address would be added to the interface'),
    remove: async () => log.info({ vip }, 'here the address would be removed from the interface'),
  }
}
