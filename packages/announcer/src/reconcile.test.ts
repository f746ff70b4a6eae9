import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AdjRibOut, emptyAdjRibOut, requestRefresh, restore } from './adj-rib-out.ts'
import { endOfRib } from './advertise.ts'
import { hostRoute } from './host-route.ts'
import { reconcile } from './reconcile.ts'

const A = '198.51.100.10/32'
const B = '198.51.100.11/32'
const interval = 30_000

/** Written as `{ prefix: content }`. */
function routes(contents: Record<string, string>) {
  const update = endOfRib('ipv4-unicast') // any one
  return new Map(
    Object.entries(contents).map(
      ([prefix, content]) => [prefix, { route: hostRoute(prefix), update, content }] as const,
    ),
  )
}

/** One peer: each call returns its plan and changes the Adj-RIB-Out. */
function peer() {
  let rib = emptyAdjRibOut
  return {
    reconcile(desired: Record<string, string>, now: number): object {
      const { next, withdraw, wakeAt, refresh, advertise } = reconcile(rib, routes(desired), now, interval)
      rib = next
      return {
        withdraw: withdraw.map(({ prefix }) => prefix),
        advertise,
        ...(wakeAt !== Number.POSITIVE_INFINITY && { wakeAt }),
        ...(refresh.length > 0 && { refresh }),
      }
    },
    requests(family: 'ipv4-unicast' | 'ipv6-unicast'): void {
      rib = requestRefresh(rib, family)
    },
  }
}
const nothing = { withdraw: [], advertise: [] }

describe('reconcile()', () => {
  test('a peer with an empty Adj-RIB-Out is sent the desired routes at once', () => {
    expect(peer().reconcile({ [A]: 'a', [B]: 'b' }, 0)).toEqual({ withdraw: [], advertise: [A, B] })
  })

  test('a peer is sent nothing if nothing is desired', () => {
    expect(peer().reconcile({}, 0)).toEqual(nothing)
  })

  test('a route that was sent is never sent again', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    for (const now of [0, 1, interval, 1e9]) expect(p.reconcile({ [A]: 'a' }, now)).toEqual(nothing)
  })

  test('a change is sent when the advertisement interval is over (RFC 4271 §9.2.1.1)', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 1000)
    expect(p.reconcile({ [A]: 'b' }, 2000)).toEqual({ ...nothing, wakeAt: 31_000 })
    expect(p.reconcile({ [A]: 'b' }, 30_999)).toEqual({ ...nothing, wakeAt: 31_000 })
    expect(p.reconcile({ [A]: 'b' }, 31_000)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('a change is sent at once if the last advertisement is longer ago', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    expect(p.reconcile({ [A]: 'b' }, interval)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('a change that is undone while it waits is not sent', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.reconcile({ [A]: 'b' }, 1)
    expect(p.reconcile({ [A]: 'a' }, 2)).toEqual(nothing)
  })

  test('the last of several changes is sent, once', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.reconcile({ [A]: 'b' }, 1)
    expect(p.reconcile({ [A]: 'c' }, 2)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.reconcile({ [A]: 'c' }, interval)).toEqual({ withdraw: [], advertise: [A] })
    expect(p.reconcile({ [A]: 'c' }, interval + 1)).toEqual(nothing)
  })

  test('a withdrawal is sent at once, and once', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    expect(p.reconcile({}, 0)).toEqual({ withdraw: [A], advertise: [] })
    expect(p.reconcile({}, 1)).toEqual(nothing)
  })

  test('a route that was never sent is not withdrawn', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.reconcile({}, 1)
    p.reconcile({ [A]: 'a' }, 2) // waits
    expect(p.reconcile({}, 3)).toEqual(nothing)
  })

  test('a withdrawn route is sent again only when the interval is over', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.reconcile({}, 1000)
    expect(p.reconcile({ [A]: 'a' }, 2000)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.reconcile({ [A]: 'a' }, interval)).toEqual({ withdraw: [], advertise: [A] })
  })

  test('one prefix is sent while another waits', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    expect(p.reconcile({ [A]: 'x', [B]: 'b' }, 1)).toEqual({ withdraw: [], advertise: [B], wakeAt: interval })
  })

  test('wakeAt is the time of the prefix that is due first', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.reconcile({ [A]: 'a', [B]: 'b' }, 10)
    expect(p.reconcile({ [A]: 'x', [B]: 'x' }, 20)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.reconcile({ [A]: 'x', [B]: 'x' }, interval)).toEqual({
      withdraw: [],
      advertise: [A],
      wakeAt: interval + 10,
    })
  })

  test('a requested refresh sends the routes after the interval (RFC 2918 §4)', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.requests('ipv4-unicast')
    expect(p.reconcile({ [A]: 'a' }, 5)).toEqual({ ...nothing, wakeAt: interval })
    expect(p.reconcile({ [A]: 'a' }, interval)).toEqual({ withdraw: [], advertise: [A], refresh: ['ipv4-unicast'] })
    expect(p.reconcile({ [A]: 'a' }, 3 * interval)).toEqual(nothing)
    p.requests('ipv4-unicast')
    expect(p.reconcile({ [A]: 'a' }, 3 * interval)).toEqual({ withdraw: [], advertise: [A], refresh: ['ipv4-unicast'] })
  })

  test('a requested refresh waits until the last route is due (RFC 7313 §4)', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.reconcile({ [A]: 'a', [B]: 'b' }, 10)
    p.requests('ipv4-unicast')
    expect(p.reconcile({ [A]: 'a', [B]: 'b' }, interval)).toEqual({ ...nothing, wakeAt: interval + 10 })
    const all = { withdraw: [], advertise: [A, B], refresh: ['ipv4-unicast'] }
    expect(p.reconcile({ [A]: 'a', [B]: 'b' }, interval + 10)).toEqual(all)
  })

  test('a refresh of a family without routes is answered at once', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.requests('ipv6-unicast')
    expect(p.reconcile({ [A]: 'a' }, 5)).toEqual({ ...nothing, refresh: ['ipv6-unicast'] })
  })

  test('a refresh does not send a route that is withdrawn', () => {
    const p = peer()
    p.reconcile({ [A]: 'a' }, 0)
    p.requests('ipv4-unicast')
    expect(p.reconcile({}, 1)).toEqual({ withdraw: [A], advertise: [], refresh: ['ipv4-unicast'] })
    expect(p.reconcile({ [A]: 'a' }, interval)).toEqual({ withdraw: [], advertise: [A] })
    expect(p.reconcile({ [A]: 'a' }, 2 * interval)).toEqual(nothing)
  })
})

describe('an Adj-RIB-Out', () => {
  test('an Adj-RIB-Out keeps nothing of prefixes that came and went', () => {
    let rib = emptyAdjRibOut
    for (let i = 0; i < 100; i++) {
      rib = reconcile(
        requestRefresh(rib, 'ipv4-unicast'),
        routes({ [`198.51.100.${i}/32`]: '' }),
        i * interval,
        interval,
      ).next
    }
    expect(rib.advertised.size).toBe(1)
    expect(rib.advertisedAt.size).toBe(1)
    expect(rib.requested.size).toBe(0)
  })

  test('an Adj-RIB-Out is never changed in place', () => {
    const before = reconcile(emptyAdjRibOut, routes({ [A]: 'a' }), 0, interval).next
    const after = reconcile(requestRefresh(before, 'ipv4-unicast'), new Map(), 1, interval).next
    restore(after, before, [A])
    expect(before).toEqual({ advertised: routes({ [A]: 'a' }), advertisedAt: new Map([[A, 0]]), requested: new Set() })
    expect(emptyAdjRibOut).toEqual({ advertised: new Map(), advertisedAt: new Map(), requested: new Set() })
  })

  test('restore() undoes the routes whose UPDATE could not be sent', () => {
    const before = reconcile(emptyAdjRibOut, routes({ [A]: 'a' }), 0, interval).next
    const after = reconcile(before, routes({ [A]: 'x', [B]: 'b' }), interval, interval).next
    expect(restore(after, before, [A, B]).advertised).toEqual(before.advertised)
    expect(restore(after, before, [A]).advertised).toEqual(routes({ [A]: 'a', [B]: 'b' }))
  })
})

// ---- any sequence of events

type Event =
  | { readonly type: 'want'; readonly prefix: string; readonly content: string }
  | { readonly type: 'unwant'; readonly prefix: string }
  | { readonly type: 'reset' }
  | { readonly type: 'refresh'; readonly family: 'ipv4-unicast' | 'ipv6-unicast' }
  | { readonly type: 'pass'; readonly time: number }

const prefixes = fc.constantFrom(A, B, '2001:db8::10/128')
const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant('want'), prefix: prefixes, content: fc.constantFrom('x', 'y') }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('unwant'), prefix: prefixes }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reset') }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('refresh'), family: fc.constantFrom('ipv4-unicast', 'ipv6-unicast') }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('pass'), time: fc.integer({ min: 1, max: interval }) }) },
)

/** A router that keeps what it is sent, and fails the test at every message that is needless or too early. */
class Router {
  readonly table = new Map<string, string>()
  readonly advertisedAt = new Map<string, number>()
  readonly requested = new Set<string>()
  #rib: AdjRibOut = emptyAdjRibOut
  wakeAt = Number.POSITIVE_INFINITY

  reconcile(desired: ReadonlyMap<string, string>, now: number): void {
    const plan = reconcile(this.#rib, routes(Object.fromEntries(desired)), now, interval)
    this.#rib = plan.next
    this.wakeAt = plan.wakeAt
    expect(plan.wakeAt, 'what can be sent now does not wait').toBeGreaterThan(now)
    for (const { prefix } of plan.withdraw) {
      expect(desired.has(prefix), 'a desired route is not withdrawn').toBe(false)
      expect(this.table.delete(prefix), 'what is withdrawn was in the table').toBe(true)
    }
    for (const family of plan.refresh) {
      expect(this.requested.delete(family), 'a refresh answers a request').toBe(true)
      expect(plan.advertise, 'a refresh is complete').toEqual(expect.arrayContaining(this.#inTable(family)))
    }
    for (const prefix of plan.advertise) {
      const content = desired.get(prefix)
      expect(content, 'what is advertised is desired').toBeDefined()
      const isNews = this.table.get(prefix) !== content || plan.refresh.includes(hostRoute(prefix).family)
      expect(isNews, 'no message is needless').toBe(true)
      expect(now - (this.advertisedAt.get(prefix) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(interval)
      this.table.set(prefix, content!)
      this.advertisedAt.set(prefix, now)
    }
    for (const prefix of this.table.keys()) expect(desired.has(prefix), 'no withdrawal waits').toBe(true)
    for (const [prefix, content] of desired) if (this.table.get(prefix) !== content) this.#mayWait([prefix], now)
    for (const family of this.requested) this.#mayWait(this.#inTable(family), now)
  }
  #inTable(family: string): string[] {
    return [...this.table.keys()].filter(prefix => hostRoute(prefix).family === family)
  }
  #mayWait(prefixes: readonly string[], now: number): void {
    const dueAt = Math.max(...prefixes.map(prefix => this.advertisedAt.get(prefix)!)) + interval
    expect(dueAt, 'only what the interval forbids waits').toBeGreaterThan(now)
    expect(this.wakeAt, 'and it is not forgotten').toBeLessThanOrEqual(dueAt)
  }
  refresh(family: 'ipv4-unicast' | 'ipv6-unicast'): void {
    this.requested.add(family)
    this.#rib = requestRefresh(this.#rib, family)
  }
  reset(): void {
    for (const memory of [this.table, this.advertisedAt, this.requested]) memory.clear()
    this.#rib = emptyAdjRibOut
  }
}

test('after any events a peer has the desired routes as soon as intervals allow', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), events => {
      const desired = new Map<string, string>()
      const router = new Router()
      let now = 0
      const pass = (until: number): void => {
        while (router.wakeAt <= until) {
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
        else if (event.type === 'refresh') router.refresh(event.family)
        else router.reset()
        router.reconcile(desired, now)
      }
      pass(now + 2 * interval) // a change may wait for one, and a refresh that waits for that change for another
      expect(router.table).toEqual(desired)
      expect(router.requested.size, 'every refresh is answered').toBe(0)
      expect(router.wakeAt, 'nothing is left to do').toBe(Number.POSITIVE_INFINITY)
    }),
    { numRuns: 1000 },
  )
})
