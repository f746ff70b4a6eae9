/** Time that passes when it is told to. */
import type { Clock } from '@softspoken/session'

interface Alarm {
  readonly at: number
  readonly run: () => void
}

export class VirtualClock implements Clock {
  #now = 0
  readonly #alarms = new Set<Alarm>()

  now(): number {
    return this.#now
  }
  setTimeout(run: () => void, milliseconds: number): unknown {
    const alarm: Alarm = { at: this.#now + milliseconds, run }
    this.#alarms.add(alarm)
    return alarm
  }
  clearTimeout(alarm: unknown): void {
    this.#alarms.delete(alarm as Alarm) // setTimeout() made it, or it is undefined and not in the set
  }
  /** How many timers run. */
  get pending(): number {
    return this.#alarms.size
  }

  /** Lets seconds pass. Each timer runs at its time, and what follows from it happens before the next. */
  async pass(seconds: number): Promise<void> {
    const until = this.#now + seconds * 1000
    await settled()
    for (let alarm = this.#next(until); alarm !== undefined; alarm = this.#next(until)) {
      this.#alarms.delete(alarm)
      this.#now = Math.max(this.#now, alarm.at)
      alarm.run()
      await settled()
    }
    this.#now = until
  }

  /** Time goes by and nobody is awake, as in a process that is stopped: what falls due runs late, in the next pass(). */
  sleep(seconds: number): void {
    this.#now += seconds * 1000
  }

  /** The earliest that is due by then; of two at the same time, the one that was set first. */
  #next(until: number): Alarm | undefined {
    let earliest: Alarm | undefined
    for (const alarm of this.#alarms)
      if (alarm.at <= until && (earliest === undefined || alarm.at < earliest.at)) earliest = alarm
    return earliest
  }
}

/**
 * Everything that wants no time to pass has happened. Streams speak through queues that run dry before the event loop
 * comes round, and a connection in memory hands over nothing between two of its rounds.
 */
export async function settled(): Promise<void> {
  await new Promise(done => setImmediate(done))
}
