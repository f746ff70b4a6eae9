import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { askAgain, type Plan, reconcile, type Told, toldNothing } from './reconcile.ts'

const A = '198.51.100.10/32'
const B = '198.51.100.11/32'
const interval = 30_000

/** What each call plans, and the peer's knowledge carried on. `desired` is written as `{ prefix: content }`. */
function peer(told: Told = toldNothing) {
  return {
    wants(desired: Record<string, string>, now: number): Omit<Plan, 'told'> {
      const plan = reconcile(told, new Map(Object.entries(desired)), now, interval)
      told = plan.told
      const { told: _, ...rest } = plan
      return rest
    },
    asks(...prefixes: string[]): void {
      told = askAgain(told, prefixes)
    },
  }
}
const nothing = { withdraw: [], advertise: [] }

describe('a peer', () => {
  test('that was told nothing is told what is desired at once', () => {
    expect(peer().wants({ [A]: 'a', [B]: 'b' }, 0)).toEqual({ withdraw: [], advertise: [A, B] })
  })

  test('of which nothing is desired is told nothing', () => {
    expect(peer().wants({}, 0)).toEqual(nothing)
  })

  test('that knows it is not told again, however long ago it was told', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    for (const now of [0, 1, interval, 1e9]) expect(p.wants({ [A]: 'a' }, now)).toEqual(nothing)
  })

  test('hears of a change when the interval since the last advertisement is over (RFC 4271 §9.2.1.1)', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 1000)
    expect(p.wants({ [A]: 'b' }, 2000)).toEqual({ ...nothing, wakeAt: 31_000 })
    expect(p.wants({ [A]: 'b' }, 30_999)).toEqual({ ...nothing, wakeAt: 31_000 })
    expect(p.wants({ [A]: 'b' }, 31_000)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('hears of a change at once when the last advertisement is long ago', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    expect(p.wants({ [A]: 'b' }, interval)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('hears nothing of a change that is taken back while it waits', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    p.wants({ [A]: 'b' }, 1)
    expect(p.wants({ [A]: 'a' }, 2)).toEqual(nothing)
  })

  test('hears the last of several changes, once', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    p.wants({ [A]: 'b' }, 1)
    expect(p.wants({ [A]: 'c' }, 2)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.wants({ [A]: 'c' }, interval)).toEqual({ withdraw: [], advertise: [A] })
    expect(p.wants({ [A]: 'c' }, interval + 1)).toEqual(nothing)
  })

  test('hears of a withdrawal at once, and only once', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    expect(p.wants({}, 0)).toEqual({ withdraw: [A], advertise: [] })
    expect(p.wants({}, 1)).toEqual(nothing)
  })

  test('hears no withdrawal of what it was never told', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    p.wants({}, 1)
    p.wants({ [A]: 'a' }, 2) // waits
    expect(p.wants({}, 3)).toEqual(nothing)
  })

  test('hears of a route that comes back when the interval is over: withdrawing is no way round it', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    p.wants({}, 1000)
    expect(p.wants({ [A]: 'a' }, 2000)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.wants({ [A]: 'a' }, interval)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('hears of one prefix while another waits', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    expect(p.wants({ [A]: 'x', [B]: 'b' }, 1)).toEqual({ withdraw: [], advertise: [B], wakeAt: interval })
  })

  test('of two prefixes that wait, is looked at again for the one that is due first', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    p.wants({ [A]: 'a', [B]: 'b' }, 10)
    expect(p.wants({ [A]: 'x', [B]: 'x' }, 20)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.wants({ [A]: 'x', [B]: 'x' }, interval)).toEqual({ withdraw: [], advertise: [A], wakeAt: interval + 10 })
  })

  test('that asks again is told again, once, when the interval allows (RFC 2918 §4)', () => {
    const p = peer()
    p.wants({ [A]: 'a' }, 0)
    p.asks(A)
    expect(p.wants({ [A]: 'a' }, 5)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.wants({ [A]: 'a' }, interval)).toEqual({ withdraw: [], advertise: [A] })
    expect(p.wants({ [A]: 'a' }, 3 * interval)).toEqual(nothing)
    p.asks(A)
    expect(p.wants({ [A]: 'a' }, 3 * interval)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('that asks again for what it was never told, or what is withdrawn meanwhile, gets no more for it', () => {
    const p = peer()
    p.asks(A)
    p.wants({ [A]: 'a' }, 0)
    expect(p.wants({ [A]: 'a' }, interval)).toEqual(nothing)
    p.asks(A)
    p.wants({}, interval)
    expect(p.wants({ [A]: 'a' }, 2 * interval)).toEqual({ withdraw: [], advertise: [A] })
    expect(p.wants({ [A]: 'a' }, 3 * interval)).toEqual(nothing)
  })

  test('is forgotten by and by: prefixes that came and went leave nothing behind', () => {
    let told = toldNothing
    for (let i = 0; i < 100; i++) {
      const prefix = `198.51.100.${i}/32`
      told = reconcile(askAgain(told, [prefix]), new Map([[prefix, '']]), i * interval, interval).told
      told = askAgain(told, [prefix])
    }
    expect(told.current.size).toBe(1)
    expect(told.advertisedAt.size).toBe(1)
    expect(told.askedAgain.size).toBe(1)
  })

  test('has no record changed in place', () => {
    const before = reconcile(toldNothing, new Map([[A, 'a']]), 0, interval).told
    reconcile(before, new Map(), 1, interval)
    askAgain(before, [A])
    expect(before).toEqual({ current: new Map([[A, 'a']]), advertisedAt: new Map([[A, 0]]), askedAgain: new Set() })
    expect(toldNothing).toEqual({ current: new Map(), advertisedAt: new Map(), askedAgain: new Set() })
  })
})

// ---- any sequence of events

type Event =
  | { readonly type: 'want'; readonly prefix: string; readonly content: string }
  | { readonly type: 'unwant'; readonly prefix: string }
  | { readonly type: 'reset' }
  | { readonly type: 'refresh'; readonly prefixes: readonly string[] }
  | { readonly type: 'pass'; readonly time: number }

const prefixes = fc.constantFrom(A, B, '2001:db8::10/128')
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('want'), prefix: prefixes, content: fc.constantFrom('x', 'y') }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('unwant'), prefix: prefixes }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset') }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('refresh'), prefixes: fc.uniqueArray(prefixes) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass'), time: fc.integer({ min: 1, max: interval }) }) },
)

/** A router that believes what it is told and complains of every message that need not, or must not, be. */
class Router {
  readonly knows = new Map<string, string>()
  readonly advertisedAt = new Map<string, number>()
  readonly asked = new Set<string>()
  #told = toldNothing
  wakeAt: number | undefined

  reconcile(desired: ReadonlyMap<string, string>, now: number): void {
    const plan = reconcile(this.#told, desired, now, interval)
    this.#told = plan.told
    this.wakeAt = plan.wakeAt
    for (const prefix of plan.withdraw) {
      expect(desired.has(prefix), 'a wanted route is not withdrawn').toBe(false)
      expect(this.knows.delete(prefix), 'what is withdrawn was known').toBe(true)
      this.asked.delete(prefix)
    }
    for (const prefix of plan.advertise) {
      const content = desired.get(prefix)
      expect(content, 'what is advertised is wanted').toBeDefined()
      const news = this.knows.get(prefix) !== content || this.asked.has(prefix)
      expect(news, 'no message is needless').toBe(true)
      expect(now - (this.advertisedAt.get(prefix) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(interval)
      this.knows.set(prefix, content!)
      this.advertisedAt.set(prefix, now)
      this.asked.delete(prefix)
    }
    for (const prefix of this.knows.keys()) expect(desired.has(prefix), 'no withdrawal waits').toBe(true)
    for (const [prefix, content] of desired) {
      if (this.knows.get(prefix) === content && !this.asked.has(prefix)) continue
      const dueAt = this.advertisedAt.get(prefix)! + interval
      expect(dueAt, 'only what the interval forbids waits').toBeGreaterThan(now)
      expect(this.wakeAt, 'and it is not forgotten').toBeLessThanOrEqual(dueAt)
    }
  }
  refresh(asked: readonly string[]): void {
    for (const prefix of asked) if (this.knows.has(prefix)) this.asked.add(prefix)
    this.#told = askAgain(this.#told, asked)
  }
  reset(): void {
    for (const memory of [this.knows, this.advertisedAt, this.asked]) memory.clear()
    this.#told = toldNothing
  }
}

test('after any sequence of events a peer has been told exactly what is desired, as soon as it may be', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), events => {
      const desired = new Map<string, string>()
      const router = new Router()
      let now = 0
      const pass = (until: number): void => {
        while (router.wakeAt !== undefined && router.wakeAt <= until) {
          now = Math.max(now, router.wakeAt)
          router.reconcile(desired, now)
        }
        now = until
      }
      for (const event of events) {
        if (event.type === 'pass') {
          pass(now + event.time)
          continue
        }
        if (event.type === 'want') desired.set(event.prefix, event.content)
        else if (event.type === 'unwant') desired.delete(event.prefix)
        else if (event.type === 'refresh') router.refresh(event.prefixes)
        else router.reset()
        router.reconcile(desired, now)
      }
      pass(now + interval)
      expect(router.knows).toEqual(desired)
      expect(router.asked.size, 'every refresh is answered').toBe(0)
      expect(router.wakeAt, 'nothing is left to do').toBeUndefined()
    }),
    { numRuns: 1000 },
  )
})
