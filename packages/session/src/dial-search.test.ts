/** The dial budget over the pair of machines; `npx --yes pnpm@12 prove:dials` computes each cell of its table. */
import type { Message } from '@softspoken/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetRows } from '../tools/budget-rows.ts'
import { given, notificationOf } from '../tools/connections-play.ts'
import {
  DialGraph,
  discrete,
  followers,
  isNowhereMore,
  type Place,
  quantitiesOf,
  rows,
  shifted,
} from '../tools/dial-search.ts'
import { type MachineFault, withFault } from '../tools/machine-faults.ts'
import { type History, noHistory } from './backoff.ts'
import { stepSession } from './collision.ts'
import { configure } from './config.ts'
import { type Candidate, newConnections } from './connections.ts'
import { dialBudget } from './dial-budget.ts'

const MINUTE = 60_000
const { backOff } = configure(given)
const started = stepSession(newConnections(configure(given), 0), { type: 'start' }, { now: 0, jitter: 0.75 })[0]

const spans = (graph: DialGraph) => [1, 10, 60].map(minutes => graph.most(minutes * MINUTE).dials)

/** A few inputs: all take longer. */
const few = /^(connected|the (peer connects|dial fails|back-off ends)|.*(lost|higher id))$/
const fewOrStop = new RegExp(`^stop, start$|${few.source}`)

describe('the dial budget over the pair of machines', () => {
  it.each([
    ['TCP fails', 'TCP fails: refused or dropped'],
    ['administrative Cease', 'the router sends an administrative Cease'],
    ['rejects', 'the router answers and then rejects us, for any reason'],
  ] as const)('is that of dialBudget(): %s', { timeout: 60_000 }, (row, published) => {
    const graph = new DialGraph({}, 60 * MINUTE, rows[row])
    expect(spans(graph)).toEqual(Object.values(dialBudget(backOff, budgetRows[published])))
    expect(graph.nodes).toBeGreaterThan(4)
  })
  it('is one dial each minInterval if the caller only stops and starts', () => {
    expect(spans(new DialGraph({}, 60 * MINUTE, rows['stop, start']))).toEqual([12, 120, 720])
  })
  it('is that of dialBudget() in a minute, with incoming connections', () => {
    const graph = new DialGraph({}, MINUTE, name => few.test(name))
    expect(graph.most(MINUTE).dials).toBe(dialBudget(backOff).minute)
    expect(graph.nodes).toBeGreaterThan(5)
  })
  it('is one dial each minInterval if the caller stops and starts between these', () => {
    expect(new DialGraph({}, MINUTE, name => fewOrStop.test(name)).most(MINUTE).dials).toBe(12)
  })
  it('a fault changes it: a stop forgets a part of the time since the dial', async () => {
    const fault: MachineFault = {
      name: 'a stop forgets a part of the time since the dial',
      state: 'Connect',
      event: 'stop',
      change: ([{ history, ...machine }, actions]) => [
        { ...machine, history: { ...history, dialledAt: (history.dialledAt ?? 0) - 1000 } },
        actions,
      ],
    }
    const search = async () => new DialGraph({}, MINUTE, name => fewOrStop.test(name)).most(MINUTE)
    expect((await withFault(fault, search)).dials).toBe(15)
  })
  it.each<MachineFault>([
    {
      name: 'a dial that fails is no failure',
      state: 'Connect',
      event: 'disconnected',
      change: ([machine, actions]) => [{ ...machine, history: { ...machine.history, transport: 0 } }, actions],
    },
    {
      name: 'no back-off after a failed dial',
      state: 'Connect',
      event: 'disconnected',
      change: ([machine, actions]) => [
        { ...machine, history: noHistory, timers: { idleHoldTimer: machine.since + 1000 } },
        actions,
      ],
    },
  ])('a fault changes it: $name', async fault => {
    const { dials } = await withFault(fault, async () => new DialGraph({}, MINUTE, rows['TCP fails']).most(MINUTE))
    expect(dials).toBeGreaterThan(dialBudget(backOff, ['TCP fails']).minute)
  })
})

describe('what lets the search leave out places', () => {
  const walk = fc.array(fc.nat(1000), { maxLength: 12 })
  const more = fc.record({ transport: fc.nat(3), protocol: fc.nat(3), wait: fc.nat(200_000), later: fc.nat(200_000) })

  const everything = () => true
  const places = nearest(200)

  it('a step keeps the order: later and with more failures stays so', () => {
    expect(keepsOrder()).toBeGreaterThan(1000)
  })
  it('a fault breaks it: a longer back-off for fewer failures', async () => {
    const fault: MachineFault = {
      name: 'a longer back-off for fewer failures',
      state: 'Connect',
      event: 'disconnected',
      change: ([machine, actions]) => {
        const { transport, dialledAt = 0 } = machine.history
        return [{ ...machine, timers: { idleHoldTimer: dialledAt + 1_000_000 - transport * 300_000 } }, actions]
      },
    }
    await expect(withFault(fault, async () => keepsOrder())).rejects.toThrow('Property failed')
  })

  it('each other NOTIFICATION does what one of the inputs does', () => {
    expect(sameAsInputs((code, subcode) => notificationOf(code, subcode))).toBeGreaterThan(5000)
  })
  it('a fault breaks it: a NOTIFICATION counts as another', () => {
    const swapped = (code: number, subcode: number) => notificationOf(code, subcode === 3 ? 4 : subcode)
    expect(() => sameAsInputs(swapped)).toThrow('6/3')
  })
  it('an OPEN without capabilities (RFC 5492 §3) changes no time and no failure', () => {
    for (const place of places) {
      const { main, pending } = place.pair
      const fallback = (one: Candidate): Candidate => ({
        ...one,
        machine: { ...one.machine, capabilityFallback: 'active' },
      })
      const pair = { ...place.pair, main: fallback(main), ...(pending && { pending: fallback(pending) }) }
      const effects = (of: Place) => followers(of, everything).map(({ place, dials }) => [effectOf(place), dials])
      expect(effects({ ...place, pair })).toEqual(effects(place))
    }
  })
  it.each([1, 1000, 20_000])('a process that is stopped for %i ms dials no sooner', stop => {
    let compared = 0
    for (const place of places) {
      if (place.pair.main.machine.state === 'Established') continue // to become stable is an input
      const after = followers({ ...place, now: place.now + stop }, rows.any)
      for (const { place: one, dials } of followers(place, rows.any)) {
        const name = one.inputs.at(-1)
        const other = after.find(({ place }) => place.inputs.at(-1) === name)
        expect(other?.dials ?? false, name).toBe(dials)
        if (other === undefined) continue
        expect(discrete(other.place, false), name).toBe(discrete(one, false))
        expect(isNowhereMore(quantitiesOf(one), quantitiesOf(other.place)), name).toBe(true)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(500)
  })

  /** How many NOTIFICATIONs it has compared, in each of the places. */
  function sameAsInputs(received: (code: number, subcode: number) => Message): number {
    const inputs: Readonly<Record<string, string>> = {
      ...{ '6/1': 'Cease 6/5', '6/2': 'Cease 6/2', '6/3': 'Cease 6/2', '6/4': 'Cease 6/4' },
      ...{ '6/5': 'Cease 6/5', '6/7': 'Cease 6/7' },
    }
    let compared = 0
    for (const place of places) {
      const after = followers(place, everything)
      for (const side of ['outgoing', 'incoming'] as const)
        for (let code = 1; code <= 8; code++)
          for (let subcode = 0; subcode <= 11; subcode++) {
            const name = `${side}: ${inputs[`${code}/${subcode}`] ?? 'NOTIFICATION 2/2'}`
            const other = after.find(({ place }) => place.inputs.at(-1) === name)
            if (other === undefined) continue
            const message = received(code, subcode)
            const [pair] = stepSession(place.pair, { type: 'message', message }, { now: place.now, jitter: 0.75 }, side)
            expect(effectOf({ ...place, pair }), `${code}/${subcode}`).toBe(effectOf(other.place))
            compared++
          }
    }
    return compared
  }
  function effectOf(place: Place): string {
    return `${discrete(place)} ${quantitiesOf(place)}`
  }

  /** How many steps it has compared. */
  function keepsOrder(): number {
    let compared = 0
    const check = fc.property(walk, more, (choices, change) => {
      let place: Place = { pair: started, now: 0, inputs: [] }
      for (const choice of choices) {
        const all = followers(place, rows.any)
        place = all[choice % all.length]?.place ?? place
      }
      const better: Place = { ...place, pair: shifted(place.pair, 0) }
      const worse = worsened(better, change)
      expect(discrete(worse)).toBe(discrete(better))
      expect(isNowhereMore(quantitiesOf(better), quantitiesOf(worse))).toBe(true)
      const after = followers(worse, rows.any)
      for (const { place: one, dials } of followers(better, rows.any)) {
        const name = one.inputs.at(-1)
        const other = after.find(({ place }) => place.inputs.at(-1) === name)
        // With a later end of the back-off another deadline may be next: then the better place dials first.
        if (other === undefined) continue
        const ages = name !== 'the back-off ends' // then a connection of the peer is older in the worse place
        expect(discrete(other.place, ages), name).toBe(discrete(one, ages))
        expect(other.dials).toBe(dials)
        expect(isNowhereMore(quantitiesOf(one), quantitiesOf(other.place)), name).toBe(true)
        compared++
      }
    })
    fc.assert(check, { numRuns: 300, seed: 1 })
    return compared
  }

  interface More {
    readonly transport: number
    readonly protocol: number
    readonly wait: number
    readonly later: number
  }
  /** The same place, later, with more failures and a longer wait. */
  function worsened({ pair, now, inputs }: Place, { transport, protocol, wait, later }: More): Place {
    const moved = shifted(pair, -later)
    const history = (of: History): History => ({
      ...of,
      transport: of.transport + transport,
      protocol: of.protocol + protocol,
      ...(of.retryAt !== undefined && { retryAt: of.retryAt + wait }),
    })
    const { main, unreported } = moved
    const { idleHoldTimer, ...timers } = main.machine.timers
    const machine = {
      ...main.machine,
      history: history(main.machine.history),
      timers: { ...timers, ...(idleHoldTimer !== undefined && { idleHoldTimer: idleHoldTimer + wait }) },
    }
    return {
      pair: {
        ...moved,
        main: { ...main, machine },
        ...(moved.pending && {
          pending: {
            ...moved.pending,
            machine: { ...moved.pending.machine, history: history(moved.pending.machine.history) },
          },
        }),
        ...(unreported && { unreported: { ...unreported, historyBefore: history(unreported.historyBefore) } }),
      },
      now: now + later,
      inputs,
    }
  }
})

/** Different places, the nearest first. */
function nearest(count: number): readonly Place[] {
  const found = new Map<string, Place>([['', { pair: started, now: 0, inputs: [] }]])
  for (const place of found.values()) {
    if (found.size >= count) break
    for (const { place: next } of followers(place, rows.any)) {
      const isStable = next.inputs.at(-1) === 'stable'
      const key = `${isStable} ${discrete(next, false)}`
      if (!found.has(key)) found.set(key, next)
    }
  }
  return [...found.values()]
}
