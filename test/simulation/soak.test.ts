/**
 * Thirty days in virtual time with a router that flaps, restarts, falls silent and returns, at random from a fixed seed.
 * What must not grow is measured after day 5 and again after day 30.
 */

import type { EventEmitter } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Session } from '@softspoken/session'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { settled } from '@softspoken/test-support/settled'
import { cease, type Update } from '@softspoken/wire'
import { beforeAll, describe, expect, it } from 'vitest'

const MINUTE = 60 // seconds
const DAY = 1440 * MINUTE
const KEEPALIVE = 30_000 // milliseconds, before jitter; a third of the hold time
const WINDOW = 600_000 // milliseconds; docs/defaults.md counts the dials of any ten minutes
const BUDGET = 12 // dials in a window, whatever the router does
const MIN_INTERVAL = 5000 // milliseconds from one dial to the next
const HEAP = 1 // MiB that day 30 may lie above day 5

const withdrawal: Update = { type: 'update', withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] }

/** What the router does with a dial. */
type Answer = 'accepts' | 'refuses' | 'is silent' | 'closes'

/** What can happen to an established session, and what the router does with dials for some minutes afterwards. */
const incidents: Record<
  string,
  { readonly act: (router: Router) => void; readonly answer?: Answer; readonly minutes?: number }
> = {
  'the router closes': { act: router => router.peer.close() },
  'the router resets': { act: router => router.peer.socket.reset() },
  'the router restarts': { act: router => router.peer.socket.reset(), answer: 'refuses', minutes: 5 },
  'the router is upgraded': { act: router => router.peer.send(cease(4)), answer: 'is silent', minutes: 20 },
  'an operator shuts it down': {
    act: router => router.peer.send(cease(2, 'maintenance')),
    answer: 'closes',
    minutes: 60,
  },
  'it flaps for an hour': { act: router => router.peer.close(), answer: 'closes', minutes: 60 },
  'it sends garbage': { act: router => router.peer.write(new Uint8Array(40)) },
  'it falls silent': { act: router => router.fallSilent(), minutes: 2 },
  'the cable is pulled': { act: router => router.pullCable(), answer: 'is silent', minutes: 10 },
  'all is well': { act: router => router.peer.send({ type: 'keepalive' }) },
}

describe('thirty days with a router that comes and goes', () => {
  let seen: Awaited<ReturnType<typeof soak>>
  beforeAll(async () => {
    seen = await soak()
  }, 180_000)

  it('every kind of incident happens, in many sessions', () => {
    expect([...seen.incidents].sort()).toEqual(Object.keys(incidents).sort())
    expect(seen.keepalives).toBeGreaterThan(60_000)
    expect(seen.sessions).toBeGreaterThan(250)
    expect(seen.dials).toBeGreaterThan(2 * seen.sessions)
  })
  it('each KEEPALIVE is sent in the millisecond it is due (RFC 4271 §4.4, §10)', () => {
    expect(seen.untimely).toEqual([])
  })
  it('the dials stay within the budget and the minimum interval', () => {
    expect(seen.mostDials).toBeLessThanOrEqual(BUDGET)
    expect(seen.closestDials).toBeGreaterThanOrEqual(MIN_INTERVAL)
  })
  it('after stop() no timer runs and no connection is open', () => {
    expect(seen.left).toEqual({ timers: 0, open: 0 })
  })
  it('the number of event listeners does not grow', () => {
    expect(seen.last).toEqual(seen.first)
  })
  it('a connection that ended can be collected as garbage', () => {
    expect(seen.uncollected).toBeLessThanOrEqual(3) // the current one, and what the last turns of the event loop still hold
  })
  it(`the heap grows by at most ${HEAP} MiB from day 5 to day 30`, () => {
    expect(seen.heap.day30 - seen.heap.day5).toBeLessThanOrEqual(HEAP)
  })
})

async function soak() {
  const clock = new VirtualClock()
  const random = seeded(4271)
  const seen = { keepalives: 0, sessions: 0, untimely: [] as string[] }
  const dials = new Dials()
  const connections = new Census()
  const happened = new Set<string>()
  let answer: Answer = 'accepts'
  let router!: Router // start() dials, and the router accepts
  let near!: MemorySocket

  const session = new Session({
    local: { as: 65001, id: '192.0.2.1' },
    peer: { as: 65002, address: '192.0.2.2' },
    clock,
    random: () => jitterAt(clock.now()),
    dial: () => {
      dials.add(clock.now())
      const [ours, theirs] = MemorySocket.pair()
      connections.enter(ours)
      near = ours
      if (answer === 'refuses') return ours.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
      if (answer === 'is silent') return ours
      ours.emitConnect()
      if (answer === 'closes') theirs.resume().end()
      else router = new Router(theirs, clock, seen)
      return ours
    },
  })
  session.on('established', () => seen.sessions++)
  session.start()
  await clock.advance(0)
  const first = { session: listeners(session), connection: listeners(near) }

  await live(5)
  const day5 = await heapUsed()
  await live(30)
  const day30 = await heapUsed()
  const uncollected = connections.size
  const last = { session: listeners(session), connection: listeners(near) }

  const stopped = session.stop()
  await clock.advance(2)
  await stopped
  const left = { timers: clock.pendingTimers, open: [near, router.peer.socket].filter(end => !end.destroyed).length }
  return { ...seen, ...dials.seen, incidents: happened, first, last, left, uncollected, heap: { day5, day30 } }

  /** Runs until the end of that day, and then until the session is established, so that both measurements compare. */
  async function live(days: number): Promise<void> {
    const names = Object.keys(incidents)
    while (clock.now() < days * DAY * 1000) {
      await clock.advance(Math.round(MINUTE * (1 + 99 * random())))
      if (random() < 0.5) session.send(withdrawal)
      await clock.advance(Math.round(MINUTE * random()))
      const name = names[Math.floor(random() * names.length)]!
      const { act, answer: next = 'accepts', minutes = 0 } = incidents[name]! // one of its names
      happened.add(name)
      answer = next
      act(router)
      await clock.advance(minutes * MINUTE)
      answer = 'accepts'
      while (session.state !== 'Established') await clock.advance(10)
    }
  }
}

/** The far end of one connection: accepts the OPEN, sends KEEPALIVEs, and checks when ours arrive. */
class Router {
  readonly peer: ScriptedConnection
  readonly #clock: VirtualClock
  readonly #seen: { keepalives: number; readonly untimely: string[] }
  #timer: unknown
  /** When the next KEEPALIVE must come, unless an UPDATE comes first. */
  #due = Number.POSITIVE_INFINITY

  constructor(end: MemorySocket, clock: VirtualClock, seen: { keepalives: number; readonly untimely: string[] }) {
    this.#clock = clock
    this.#seen = seen
    this.peer = new ScriptedConnection(end)
    end.on('data', () => {
      for (const type of this.peer.received.splice(0).map(({ type }) => type)) this.#receive(type)
    })
    end.once('close', () => {
      this.fallSilent()
      this.#checkTime()
    })
  }

  fallSilent(): void {
    this.#clock.clearTimeout(this.#timer)
  }
  /** From here on nothing arrives, so nothing can be late. */
  pullCable(): void {
    this.#checkTime()
    this.#due = Number.POSITIVE_INFINITY
    this.fallSilent()
    this.peer.socket.cut()
  }

  #receive(type: string): void {
    if (type === 'open') {
      this.peer.send(openMessage(65002))
      this.#keepAlive()
    } else if (type === 'keepalive' || type === 'update') {
      if (type === 'keepalive') this.#seen.keepalives++
      const early = type === 'keepalive' && this.#due !== Number.POSITIVE_INFINITY && this.#clock.now() < this.#due
      if (early) this.#seen.untimely.push(`due at ${this.#due}, arrived at ${this.#clock.now()}`)
      this.#checkTime()
      const now = this.#clock.now()
      this.#due = Math.ceil(now + KEEPALIVE * (0.75 + jitterAt(now) / 4))
    } else {
      this.#due = Number.POSITIVE_INFINITY
    }
  }
  #checkTime(): void {
    const now = this.#clock.now()
    if (now > this.#due) this.#seen.untimely.push(`due at ${this.#due}, missing at ${now}`)
  }
  #keepAlive(): void {
    this.peer.send({ type: 'keepalive' })
    this.#timer = this.#clock.setTimeout(() => this.#keepAlive(), KEEPALIVE)
  }
}

/** Counts dials, and keeps ten minutes of them. */
class Dials {
  readonly seen = { dials: 0, mostDials: 0, closestDials: Number.POSITIVE_INFINITY }
  #window: number[] = []

  add(now: number): void {
    const { seen } = this
    seen.closestDials = Math.min(seen.closestDials, now - (this.#window.at(-1) ?? Number.NEGATIVE_INFINITY))
    this.#window = [...this.#window.filter(at => now - at < WINDOW), now]
    seen.mostDials = Math.max(seen.mostDials, this.#window.length)
    seen.dials++
  }
}

/** How many of these objects are still in memory. It does not keep them there. */
class Census {
  size = 0
  readonly #gone = new FinalizationRegistry<undefined>(() => this.size--)

  enter(thing: object): void {
    this.size++
    this.#gone.register(thing, undefined)
  }
}

function listeners(emitter: EventEmitter): Record<string, number> {
  return Object.fromEntries(emitter.eventNames().map(name => [String(name), emitter.listenerCount(name)]))
}

/** Returns a function that collects garbage now. */
function collector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(wait: boolean): void } } // on Bun only
  if (Bun) return () => Bun.gc(true)
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void // the flag adds it
}
/** In MiB. */
async function heapUsed(): Promise<number> {
  const collect = collector()
  for (let i = 0; i < 5; i++) {
    collect()
    await settled() // finalizers run
  }
  return process.memoryUsage().heapUsed / 2 ** 20
}

/** From 0 to 1. Constant within a millisecond, so that the receiver of a message can compute the jitter of its sender. */
function jitterAt(now: number): number {
  return (Math.imul(now, 0x9e3779b1) >>> 0) / 2 ** 32
}
/** From 0 to 1, the same in each run. */
function seeded(state: number): () => number {
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
