/** The last hundred events, for the page's timeline. */
import type { Announcer, HealthGate } from '@softspoken/announcer'
import type { AgentRole, VipAgent } from '@softspoken/vip-agent'

const MAX = 100

export interface RecentEvent {
  /** The last time that it happened, in ISO 8601. */
  readonly at: string
  readonly kind: 'good' | 'bad' | 'note'
  readonly text: string
  /** How many times it happened in a row. So a router that does not answer does not fill the page. */
  readonly times: number
}

const roleEvents: Record<AgentRole, (epoch?: number) => [RecentEvent['kind'], string]> = {
  leader: epoch => ['good', `this node leads, epoch ${epoch}`],
  standby: () => ['note', 'this node is standby'],
  serving: () => ['good', 'this node serves'],
  waiting: () => ['note', 'this node waits'],
}

export class RecentEvents {
  /** `at` in milliseconds since 1970. */
  #events: (Omit<RecentEvent, 'at'> & { readonly at: number })[] = []

  constructor(announcer: Announcer, gates: Readonly<Record<string, HealthGate>>, agent?: VipAgent) {
    for (const session of announcer.sessions) {
      const { address } = session.config.peer
      session.on('dial', () => this.#add('note', `dialled ${address}`))
      session.on('established', ({ negotiated }) =>
        this.#add('good', `session with ${address} established, hold time ${negotiated.holdTime} s`),
      )
      session.on('down', ({ reason, detail }) =>
        this.#add(reason === 'stopped' ? 'note' : 'bad', `session with ${address} down: ${detail}`),
      )
      session.on('malformed', ({ faults, handling }) =>
        this.#add('bad', `malformed UPDATE from ${address}, ${handling}: ${faults.join('; ')}`),
      )
    }
    announcer.on('sent', ({ prefix, peer }) => this.#add('good', `${prefix} sent to ${peer}`))
    announcer.on('withdrawn', ({ prefix, detail }) => this.#add('bad', `${prefix} withdrawn: ${detail}`))
    for (const [name, gate] of Object.entries(gates)) {
      gate.on('up', () => this.#add('good', `health check of ${name} passes`))
      gate.on('down', ({ detail }) => this.#add('bad', `health check of ${name} fails: ${detail}`))
    }
    agent?.on('role', ({ role, epoch }) => this.#add(...roleEvents[role](epoch)))
    agent?.on('address', ({ present, interface: name = 'the interface' }) =>
      this.#add('note', present ? `address added to ${name}` : `address is not on ${name} any more`),
    )
    agent?.on(
      'serving',
      ({ reason, detail }) =>
        (reason === 'drained' || reason === 'cordoned') &&
        this.#add('note', reason === 'drained' ? `this node is ${detail}` : `${detail}`),
    )
    agent?.on('conflict', ({ mac, blocked }) =>
      this.#add('bad', blocked ? `${mac} has the VIP, which is not claimed` : `${mac} claims the VIP, too`),
    )
    agent?.on('election-failed', ({ detail }) => this.#add('bad', `election: ${detail}`))
  }

  /** The latest first. Times become text here, because V8 loads the tables of time zones for the first, 0.8 MiB. */
  get events(): readonly RecentEvent[] {
    return this.#events.map(({ at, ...event }) => ({ at: new Date(at).toISOString(), ...event }))
  }

  /** If it is among the last two events, as each dial and its failure are, it is counted once more. */
  #add(kind: RecentEvent['kind'], text: string): void {
    const same = this.#events.slice(0, 2).find(event => event.text === text)
    const others = this.#events.filter(event => event !== same)
    this.#events = [{ at: Date.now(), kind, text, times: (same?.times ?? 0) + 1 }, ...others].slice(0, MAX)
  }
}
