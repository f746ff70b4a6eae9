/** The gate of the announcements: open while the agent advertises, and no longer than its leases last. */
import { EventEmitter } from 'node:events'
import type { Explanation, Gate } from '@softspoken/announcer'
import type { Clock } from '@softspoken/session'
import type { AgentReason } from './reasons.ts'

export class RouteGate extends EventEmitter<{ up: []; down: [] }> implements Gate {
  readonly #clock: Clock
  readonly #why: () => Explanation<AgentReason>
  #until = Number.NEGATIVE_INFINITY

  /** `why` says why the agent does not advertise now. */
  constructor(clock: Clock, why: () => Explanation<AgentReason>) {
    super()
    this.setMaxListeners(0) // as many as there are VIPs
    this.#clock = clock
    this.#why = why
  }

  /** A lease that has ended counts at once, even if no timer has run. */
  get up(): boolean {
    return this.#clock.now() < this.#until
  }
  status(): ReturnType<Gate['status']> {
    if (this.up) return { secondsLeft: (this.#until - this.#clock.now()) / 1000 }
    const { reason, detail } = this.#why()
    return { withheld: reason === 'unhealthy' ? reason : 'gate-down', detail }
  }

  /** Opens it, or extends its lease; in milliseconds of the clock. */
  open(until: number): void {
    const wasUp = this.up
    this.#until = until
    if (!wasUp) this.emit('up')
  }
  /** Every peer has been sent the withdrawal when this returns. */
  close(): void {
    this.#until = Number.NEGATIVE_INFINITY
    this.emit('down')
  }
}
