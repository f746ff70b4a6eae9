import type { Message, Open } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import type { BackOff } from './backoff.ts'
import { configure } from './config.ts'
import { dialBudget, type EndingName, endings, mostDials } from './dial-budget.ts'
import { type Input, type Machine, newMachine, step } from './fsm.ts'
import type { SessionOptions } from './options.ts'
import { sessionOptions } from './options.ts'

const given: SessionOptions = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
const defaults = configure(given).backOff
const all = Object.keys(endings) as EndingName[] // its own keys
const open: Open = { type: 'open', version: 4, as: 65002, holdTime: 90, id: '192.0.2.2', capabilities: [] }

const cease = (subcode: number): Message => ({ type: 'notification', code: 6, subcode, data: new Uint8Array() })
const lost: Input = { type: 'disconnected', reason: 'closed', detail: '' }
/** How the peer brings each ending about, in the state machine. */
const broughtAbout: Record<EndingName, Input> = {
  'TCP fails': lost,
  rejected: { type: 'message', message: cease(4) },
  'administrative Cease': { type: 'message', message: cease(5) },
  'stable session, then lost': lost,
  'stable session, then rejected': { type: 'message', message: cease(6) },
  'stable session, then administrative Cease': { type: 'message', message: cease(1) },
  'stable session, then restarted': { type: 'message', message: cease(2) },
  'stable session, then reset': { type: 'message', message: cease(4) },
}

/** The machine in Connect, dialled at `now`, once this dial has ended so and the next begins. Seconds. */
function next(machine: Machine, now: number, ending: EndingName): { machine: Machine; now: number } {
  let [at, state] = [now, machine]
  const feed = (input: Input) => {
    state = step(state, input, { now: at * 1000, jitter: 0.75 })[0]
  }
  if (ending !== 'TCP fails') feed({ type: 'connected' })
  if (ending.startsWith('stable')) {
    feed({ type: 'message', message: open })
    feed({ type: 'message', message: { type: 'keepalive' } })
    at += machine.config.backOff.resetAfter
  }
  feed(broughtAbout[ending])
  at = (state.timers.idleHoldTimer ?? Number.NaN) / 1000
  feed({ type: 'tick' })
  if (state.state !== 'Connect') throw new Error(`no dial follows ${ending}`)
  return { machine: state, now: at }
}
function dialling(backOff: BackOff): Machine {
  return step(newMachine(configure({ ...given, backOff }), 0), { type: 'start' }, { now: 0, jitter: 0.75 })[0]
}
/** The most dials of all sequences that there are, from a clear record, by trying each of them. */
function triedOut(backOff: BackOff, span: number): number {
  let tried = 0
  const most = (machine: Machine, now: number): number => {
    tried++
    const more = all.map(ending => next(machine, now, ending)).filter(one => one.now < span)
    return 1 + Math.max(0, ...more.map(one => most(one.machine, one.now)))
  }
  const dials = most(dialling(backOff), 0)
  expect(tried).toBeGreaterThan(dials)
  return dials
}

describe('the dial budget', () => {
  it.each<[string, Partial<BackOff>, number]>([
    ['the defaults', {}, 60],
    ['the defaults', {}, 420],
    [
      'the shortest waits',
      { minInterval: 1, transportCap: 30, protocolInitial: 30, administrative: 60, resetAfter: 60 },
      150,
    ],
    [
      'the longest waits',
      { minInterval: 3600, transportCap: 3600, protocolInitial: 3600, administrative: 3600, resetAfter: 3600 },
      3601,
    ],
    ['a long minInterval', { minInterval: 100 }, 700],
    ['a session that is soon stable', { resetAfter: 60, protocolInitial: 300 }, 240],
  ])('with %s, no sequence of endings has more dials: %j, %i s', (_, change, span) => {
    const backOff = { ...defaults, ...change }
    expect(mostDials(backOff, span).length + 1).toBe(triedOut(backOff, span))
  })
  it.each([
    [60, '5 dials: 4 TCP fails'],
    [600, '12 dials: 5 TCP fails; 1 rejected; 1 stable session, then restarted; 4 TCP fails'],
    [
      3600,
      '52 dials: 5 TCP fails; 1 rejected; 1 stable session, then restarted; 5 TCP fails; 1 stable session, then restarted; 5 TCP fails; 1 stable session, then restarted; 5 TCP fails; 1 stable session, then restarted; 5 TCP fails; 1 stable session, then restarted; 4 TCP fails; 1 stable session, then restarted; 4 TCP fails; 1 stable session, then restarted; 4 TCP fails; 1 stable session, then restarted; 5 TCP fails',
    ],
  ])('with the defaults, these endings reach the budget in %i s', (span, words) => {
    const witness = mostDials(defaults, span)
    let [machine, now] = [dialling(defaults), 0]
    for (const ending of witness) ({ machine, now } = next(machine, now, ending))
    expect(now).toBeLessThan(span)
    expect(`${witness.length + 1} dials: ${runs(witness)}`).toBe(words)
  })
  it('the budget of the defaults is 5, 12 and 52', () => {
    expect(dialBudget(defaults)).toEqual({ minute: 5, tenMinutes: 12, hour: 52 })
  })
  it('a period includes its first moment and not its last', () => {
    // Each dial 60 s after the one before.
    const steady = { ...defaults, minInterval: 60, transportCap: 30 }
    expect(dialBudget(steady, ['TCP fails'])).toEqual({ minute: 1, tenMinutes: 10, hour: 60 })
  })
  const { min, max } = sessionOptions['backOff.minInterval']
  it.each([min, 5, max].flatMap(minInterval => [60, 3600].map(resetAfter => ({ minInterval, resetAfter }))))(
    'any accepted configuration has a budget within minInterval: %j',
    change => {
      const fastest = { transportCap: 30, protocolInitial: 30, administrative: 60, ...change }
      expect(dialBudget(fastest).hour).toBeLessThanOrEqual(Math.ceil(3600 / change.minInterval))
    },
  )

  function runs(witness: readonly EndingName[]): string {
    const groups: { ending: EndingName; count: number }[] = []
    for (const ending of witness) {
      const last = groups.at(-1)
      if (last?.ending === ending) last.count++
      else groups.push({ ending, count: 1 })
    }
    return groups.map(({ ending, count }) => `${count} ${ending}`).join('; ')
  }
})
