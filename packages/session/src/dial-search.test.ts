/** The dial budget over the pair of machines; `npx --yes pnpm@12 prove:dials` computes each cell of its table. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { budgetRows } from '../tools/budget-rows.ts'
import { given } from '../tools/connections-play.ts'
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
import { newConnections } from './connections.ts'
import { dialBudget } from './dial-budget.ts'

const MINUTE = 60_000
const { backOff } = configure(given)
const started = stepSession(newConnections(configure(given), 0), { type: 'start' }, { now: 0, jitter: 0.75 })[0]

const spans = (graph: DialGraph) => [1, 10, 60].map(minutes => graph.most(minutes * MINUTE).dials)

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
  it('is one dial each minInterval if the caller stops and starts', () => {
    expect(spans(new DialGraph({}, 60 * MINUTE, rows['stop, start']))).toEqual([12, 120, 720])
  })
  it('is that of dialBudget() in a minute, with incoming connections', () => {
    const few = /^(connected|the (peer connects|dial fails|back-off ends)|.*(lost|higher id))$/ // all take longer
    const graph = new DialGraph({}, MINUTE, name => few.test(name))
    expect(graph.most(MINUTE).dials).toBe(dialBudget(backOff).minute)
    expect(graph.nodes).toBeGreaterThan(5)
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
