/** One candidate, step by step. What several candidates do together is in step.property.test.ts. */
import { describe, expect, it } from 'vitest'
import type { Leadership } from './election.ts'
import type { LeaseRecord, StoredLease } from './lease-store.ts'
import type { LeaseStoreReason } from './reasons.ts'
import { type Action, type Input, newElection, nextDeadline } from './state.ts'
import { electionStep } from './step.ts'

const config = {
  identity: 'a',
  leaseDuration: 15_000,
  renewDeadline: 10_000,
  retryPeriod: 2000,
  claimDelay: 1000,
  requestTimeout: 4500,
}
const RANDOM = 0.5 // 100 ms of jitter
const START = Date.UTC(2026, 0, 1)

describe('a candidate of last resort', () => {
  it('takes a Lease that it released when it was free for its duration and 5 s', () => {
    const one = new Candidate()
    one.answer(undefined)
    one.stored()
    one.feed({ type: 'last-resort', is: true })
    expect(one.last).toMatchObject({ leader: true })
    one.feed({ type: 'resign', looks: 1 })
    const released = one.store()
    one.answer(released)
    one.pass(2000)
    one.answer(released)
    one.feed({ type: 'start' })
    one.answer(released)
    const before = one.writes.length
    one.passAnd(15_000 + 1000 + 100 + 5000 - 2000 - 1, () => one.answerLooks(released))
    expect(one.writes).toHaveLength(before)
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', record: { holder: 'a', epoch: 2 } })
  })
  it.each([
    ['is not there', undefined],
    ['is released', lease({ holder: '', duration: 1, epoch: 7 })],
    ['has its own identity', lease({ holder: 'a' })],
  ])('does not take a Lease that %s at once, but as the others when it is none', (_, stored) => {
    const one = new Candidate()
    one.feed({ type: 'last-resort', is: true })
    one.answer(stored)
    one.passAnd(20_000, () => one.pending?.type === 'get' && one.answer(stored))
    expect(one.writes).toEqual([])
    one.feed({ type: 'last-resort', is: false })
    one.passAnd(2000, () => one.pending?.type === 'get' && one.answer(stored))
    expect(one.writes).toHaveLength(1)
  })
  it('comes 5 s after the others if the holder does not renew', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    one.feed({ type: 'last-resort', is: true })
    one.passAnd(15_000 + 1000 + 100 + 5000 - 1, () => one.answerLooks(lease({ holder: 'b' })))
    expect(one.writes).toEqual([])
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', record: { holder: 'a' } })
  })
})

describe('a candidate at its start', () => {
  it('looks at once, creates a Lease that is not there, and leads', () => {
    const one = new Candidate()
    expect(one.pending).toEqual({ type: 'get' })
    one.pass(10)
    one.answer(undefined)
    const times = { acquiredAt: new Date(START + 10), renewedAt: new Date(START + 10) }
    expect(one.pending).toEqual({ type: 'create', record: { holder: 'a', duration: 15, epoch: 1, ...times } })
    one.pass(300)
    one.stored()
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 10_010 })
  })
  it.each([
    ['released', { holder: '', duration: 1, epoch: 7 }, 8],
    ['never held', { holder: '', duration: 15, epoch: 0 }, 1],
  ])('takes a Lease at once that was %s, with the next epoch', (_, given, epoch) => {
    const one = new Candidate()
    one.answer(lease(given))
    expect(one.pending).toMatchObject({ type: 'update', version: '5', record: { holder: 'a', epoch } })
  })
  it('takes a held Lease when it was not changed for its duration', () => {
    const one = new Candidate()
    one.pass(40)
    one.answer(lease({ holder: 'b', duration: 20, epoch: 3 }))
    expect(one.last).toEqual({ leader: false, holder: 'b' })
    one.passAnd(20_000 + 1000 + 100 - 1, () => one.answerLooks(lease({ holder: 'b', duration: 20, epoch: 3 })))
    expect(one.writes).toEqual([])
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', version: '5', record: { holder: 'a', epoch: 4 } })
  })
  it('counts from the last change that it saw', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    one.passAnd(5000, () => one.answerLooks(lease({ holder: 'b' })))
    one.watched(lease({ holder: 'b', version: '6' }))
    one.passAnd(15_000 + 1000 + 100 - 1, () => one.answerLooks(lease({ holder: 'b', version: '6' })))
    expect(one.writes).toEqual([])
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', version: '6' })
  })
  it.each([
    ['renewal', { renewedAt: new Date(9) }],
    ['holder', { holder: 'c' }],
  ])('takes another %s for a change, though a restored store gives it the same version', (_, change) => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    const restored = lease({ holder: 'b', ...change })
    one.pass(15_000)
    one.answer(restored)
    one.passAnd(15_000 + 1000 + 100 - 1, () => one.answerLooks(restored))
    expect(one.writes).toEqual([])
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update' })
  })
  it('takes a Lease with its own identity after 1.25 retry periods', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'a', epoch: 3 }))
    one.feed({ type: 'last-resort', is: false }) // as before
    expect(one.last).toEqual({ leader: false })
    one.passAnd(2499, () => one.answerLooks(lease({ holder: 'a', epoch: 3 })))
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', record: { epoch: 4 } })
  })
  it('reports identity-in-use if another process renews with its identity', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'a' }))
    one.pass(2000)
    one.answer(lease({ holder: 'a', version: '6', renewedAt: new Date(7) }))
    expect(one.last).toMatchObject({ leader: false, holder: 'a', reason: 'identity-in-use' })
    one.passAnd(16_000, () => one.answerLooks(lease({ holder: 'a', version: '6', renewedAt: new Date(7) })))
    expect(one.writes).toEqual([])
  })
  it.each(['forbidden', 'not-found'] as const)('asks again each retryPeriod if a look fails: %s', reason => {
    const one = new Candidate()
    for (let tries = 0; tries < 10; tries++) {
      one.fail(reason)
      expect(one.last).toEqual({ leader: false, reason, detail: `${reason}!` })
      one.pass(1999)
      expect(one.pending).toBeUndefined()
      one.pass(1)
    }
    one.answer(undefined)
    one.stored()
    expect(one.last).toMatchObject({ leader: true })
  })
})

describe('a leader', () => {
  it('renews each retryPeriod, and leads until renewDeadline after it sent that', () => {
    const one = leader()
    one.pass(2000)
    expect(one.pending).toMatchObject({ type: 'update', record: { epoch: 1, acquiredAt: new Date(START) } })
    one.pass(700)
    one.stored()
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 12_000 })
  })
  it('leads until renewDeadline while requests fail, and ends then with the reason', () => {
    const one = leader()
    one.passAnd(9999, () => one.fail('unreachable'))
    expect(one.last).toMatchObject({ leader: true, until: 10_000 })
    one.passAnd(1, () => one.fail('unreachable'))
    expect(one.last).toEqual({ leader: false, reason: 'unreachable', detail: 'unreachable!' })
  })
  it('a request that hangs ends before half of renewDeadline, and is a timeout', () => {
    const one = leader()
    one.pass(2000 + 4500)
    expect(one.actions.slice(-2).map(({ type }) => type)).toEqual(['abort', 'get'])
  })
  it('a renewal that is answered too late does not make it lead', () => {
    const one = leader({ requestTimeout: 20_000 })
    one.pass(2000)
    one.pass(10_000)
    expect(one.last).toEqual({ leader: false })
    one.stored()
    expect(one.last).toEqual({ leader: false })
  })
  it('a renewal whose answer was lost counts from when it was sent', () => {
    const one = leader()
    one.pass(2000)
    const stored = one.store()
    one.pass(4500)
    expect(one.pending).toEqual({ type: 'get' })
    one.pass(10)
    one.answer(stored)
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 12_000 })
    expect(one.pending).toMatchObject({ type: 'update', version: stored.version })
  })
  it('a late answer to a request that was given up does not count', () => {
    const one = leader()
    one.pass(2000)
    const id = one.lastId
    one.pass(4500)
    expect(one.pending).toEqual({ type: 'get' })
    one.feed({ type: 'answered', id, lease: lease({ holder: 'b' }) })
    expect(one.last).toMatchObject({ leader: true })
    expect(one.lastId).toBe(id + 1)
  })
  it('a leader that could not renew in time lets other candidates come first', () => {
    const one = leader()
    one.passAnd(10_000, () => one.fail('unreachable'))
    expect(one.last).toMatchObject({ leader: false })
    one.passAnd(9000 - 1, () => one.answerLooks(one.storedLease))
    expect(one.writes.at(-1)).toMatchObject({ record: { renewedAt: new Date(START + 2000) } })
    one.passAnd(4001, () => one.answerLooks(one.storedLease))
    expect(one.pending).toMatchObject({ type: 'update', record: { epoch: 1 } })
  })
  it('stops leading at once if it sees another holder, and waits for its Lease', () => {
    const one = leader()
    one.pass(2000)
    one.fail('conflict')
    expect(one.pending).toEqual({ type: 'get' })
    one.answer(lease({ holder: 'b', epoch: 9, version: '9' }))
    expect(one.last).toEqual({ leader: false, holder: 'b' })
    one.passAnd(16_099, () => one.answerLooks(lease({ holder: 'b', epoch: 9, version: '9' })))
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', version: '9', record: { epoch: 10 } })
  })
  it('stops leading if another process writes with its identity', () => {
    const one = leader()
    one.pass(2000)
    one.fail('conflict')
    one.answer(lease({ holder: 'a', epoch: 2, version: '9' }))
    expect(one.last).toMatchObject({ leader: false, holder: 'a', reason: 'identity-in-use' })
  })
  it('stops leading if another process writes with its identity at the same time', () => {
    const one = leader()
    one.pass(2000)
    one.fail('conflict')
    one.answer({ ...one.storedLease, acquiredAt: new Date(0), version: '9' })
    expect(one.last).toMatchObject({ leader: false, reason: 'identity-in-use' })
  })
  it('leads on, and writes again, if a person removes the holder', () => {
    const one = leader()
    one.pass(2000)
    one.fail('conflict')
    one.answer({ ...one.storedLease, holder: '', version: '9' })
    expect(one.last).toMatchObject({ leader: true, epoch: 1 })
    expect(one.pending).toMatchObject({ type: 'update', version: '9', record: { epoch: 2 } })
  })
  it('a timeout that is shorter than retryPeriod ends with the answer', () => {
    const one = leader({ requestTimeout: 1000 })
    const before = one.actions.length
    one.pass(1999)
    expect(one.actions).toHaveLength(before)
  })
  it('asks the store if the watch reports another holder, because it may be late', () => {
    const one = leader()
    one.pass(500)
    one.watched(lease({ holder: 'b', version: '0' }))
    expect(one.pending).toEqual({ type: 'get' })
    expect(one.last).toMatchObject({ leader: true })
  })
  it('creates a deleted Lease again at once, with the next epoch', () => {
    const one = leader()
    one.pass(500)
    one.watched(undefined)
    one.answer(undefined)
    expect(one.pending).toMatchObject({ type: 'create', record: { epoch: 2 } })
    one.stored()
    expect(one.last).toEqual({ leader: true, epoch: 2, until: 10_500, previous: { released: false } })
  })
  it('keeps its epoch if a person lowers it, and takes over one that is raised', () => {
    const one = leader()
    for (const [epoch, expected] of [
      [0, 1],
      [50, 50],
    ] as const) {
      one.pass(2000)
      one.fail('conflict')
      one.answer({ ...one.storedLease, epoch, version: `by hand ${epoch}` })
      expect(one.pending).toMatchObject({ type: 'update', record: { epoch: expected } })
      one.stored()
      expect(one.last).toMatchObject({ leader: true, epoch: expected })
    }
  })
  it('a renewal that is a conflict is sent again after a look, in each round', () => {
    const one = leader()
    for (const delay of [500, 400, 300, 200, 100]) {
      one.pass(2000 - (one.now % 2000))
      expect(one.pending).toMatchObject({ type: 'update' })
      one.fail('conflict') // a person has added a label
      one.pass(delay)
      one.answer({ ...one.storedLease, version: `label ${delay}` })
      expect(one.pending).toMatchObject({ type: 'update', version: `label ${delay}` })
      one.stored()
    }
  })
  it('makes at most three requests in a round, whatever is answered', () => {
    const one = leader()
    for (let round = 0; round < 4; round++) {
      const before = one.requests
      one.pass(2000)
      for (let answers = 0; answers < 9 && one.pending; answers++)
        if (one.pending.type === 'get') one.answer({ ...one.storedLease, version: `${round} ${answers}` })
        else one.fail('conflict')
      expect(one.requests - before).toBe(3)
    }
  })
  it('makes no second request while one is in flight, whatever happens', () => {
    const one = leader()
    one.pass(2000)
    const { requests } = one
    one.now += 2500 // the next round is due
    one.tick()
    one.feed({ type: 'look' })
    one.feed({ type: 'advertises', mac: '02:00:5e:00:00:01', hasClaimed: true })
    const before = one.actions.length
    one.watched(lease({ holder: 'b', version: '9' }))
    expect(one.actions).toHaveLength(before)
    expect(one.requests).toBe(requests)
    one.stored()
    expect(one.pending, 'the report').toEqual({ type: 'get' })
  })
  it('reads the Lease again at once if a renewal does not find it', () => {
    const one = leader()
    one.pass(2000)
    one.fail('not-found')
    expect(one.last, 'no failure').toEqual({ leader: true, epoch: 1, until: 10_000 })
    expect(one.pending).toEqual({ type: 'get' })
    one.answer(undefined)
    expect(one.pending).toMatchObject({ type: 'create', record: { epoch: 2 } })
  })
  it('does not renew early because of a late report', () => {
    const one = leader()
    one.pass(500)
    one.watched(lease({ holder: 'b', version: '0' }))
    one.answer(one.storedLease)
    expect(one.pending).toBeUndefined()
  })
  it('renews after a late report if the renewal before has failed', () => {
    const one = leader()
    one.pass(2000)
    one.fail('unreachable')
    one.watched(lease({ holder: 'b', version: '0' }))
    one.answer(one.storedLease)
    expect(one.pending).toMatchObject({ type: 'update' })
  })
  it('a report of its own write leads to no request', () => {
    const one = leader()
    const first = one.storedLease
    one.pass(2000)
    one.stored()
    const { requests } = one
    one.watched(one.storedLease)
    one.watched(first)
    expect(one.requests).toBe(requests)
  })
  it('counts what it wrote, also if the store rounds its times', () => {
    const one = leader()
    one.pass(2000)
    one.answer({ ...one.store(), renewedAt: new Date(0) })
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 12_000 })
  })
  it('writes the next millisecond if the wall clock is at the time of another write', () => {
    const one = leader()
    one.wall -= 2000
    one.pass(2000)
    expect(one.pending).toMatchObject({ record: { renewedAt: new Date(START + 1) } })
  })
  it.each([
    [7, true],
    [8, false],
  ])('knows a record of its own after %i more writes: %s', (renewals, isKnown) => {
    const one = leader()
    const first = one.storedLease
    for (let count = 1; count < renewals; count++) {
      one.pass(2000)
      one.stored()
    }
    one.pass(2000)
    one.fail('conflict')
    one.answer({ ...first, version: 'restored' })
    expect(one.last?.leader).toBe(isKnown)
  })
})

describe('a candidate that waits', () => {
  it('asks each retryPeriod if the holder ends while no look succeeds', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    const { requests } = one
    one.passAnd(20_000, () => one.fail('unreachable'))
    expect(one.requests - requests).toBe(11) // one more, when the Lease may be taken
  })
  it('looks if the watch reports a change after a failure', () => {
    const one = new Candidate()
    one.fail('unreachable')
    one.watched(lease({ holder: '', duration: 1, version: '6' }))
    expect(one.pending).toEqual({ type: 'get' })
  })
  it('does not lead with a late create whose epoch another leader had', () => {
    const one = new Candidate()
    one.pass(100)
    one.answer(undefined)
    const late = one.store()
    one.passAnd(7900, () => one.answerLooks(lease({ holder: 'b', epoch: 1 }))) // it has given the create up
    one.watched(undefined) // a person deletes the Lease
    one.watched(late)
    one.passAnd(700, () => one.answerLooks(late)) // sent less than renewDeadline ago
    expect(one.last).toMatchObject({ leader: false })
    one.passAnd(15_000 + 1000 + 100 - 700, () => one.answerLooks(late))
    expect(one.pending).toMatchObject({ type: 'update', record: { epoch: 2 } })
  })
  it('leads with its write if it sees an older Lease first', () => {
    const released = lease({ holder: '', duration: 1, epoch: 7 })
    const one = new Candidate()
    one.answer(released)
    const mine = one.store()
    one.fail('unreachable') // the answer is lost
    one.pass(2000)
    one.answer(released) // from a server that is behind
    one.fail('conflict')
    one.answer(mine)
    expect(one.last).toMatchObject({ leader: true, epoch: 8 })
  })
  it('a report of what it has seen leads to no look', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    one.pass(2000)
    one.fail('unreachable')
    one.watched(lease({ holder: 'b' }))
    expect(one.pending).toBeUndefined()
  })
  it.each([
    ['a person has removed the holder', { epoch: 4 }],
    ['it was made anew', { epoch: 0 }],
  ])('waits for the end of a Lease without a holder if %s', (_, given) => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b', epoch: 4 }))
    const emptied = lease({ holder: '', version: '6', ...given })
    one.watched(emptied)
    one.passAnd(15_000 + 1000 + 100 - 1, () => one.answerLooks(emptied))
    expect(one.writes).toEqual([])
    one.pass(1)
    expect(one.pending).toMatchObject({ type: 'update', record: { epoch: 5 } })
  })
  it('names the holder until the Lease may be taken', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    one.passAnd(15_000 + 1000 + 100 - 1, () => one.fail('unreachable'))
    expect(one.last).toMatchObject({ leader: false, holder: 'b' })
    one.pass(1)
    one.fail('unreachable')
    expect(one.last).toEqual({ leader: false, reason: 'unreachable', detail: 'unreachable!' })
  })
  it('as the last resort names no holder if there is no Lease', () => {
    const one = new Candidate()
    one.feed({ type: 'last-resort', is: true })
    one.answer(undefined)
    expect(one.last).toEqual({ leader: false })
  })
  it('a take that a report began, and a look, are a round', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    const { requests } = one
    one.watched(lease({ holder: '', duration: 1, version: '6' }))
    one.fail('conflict')
    one.answer(lease({ holder: '', duration: 1, version: '7' }))
    expect(one.pending).toBeUndefined()
    expect(one.requests - requests).toBe(2)
  })
  it('after the take, the wait of a last resort is over', () => {
    const one = new Candidate()
    const free = lease({ holder: '', duration: 1 })
    one.feed({ type: 'last-resort', is: true })
    one.answer(free)
    one.feed({ type: 'last-resort', is: false })
    one.pass(2000)
    one.answer(free)
    one.stored()
    one.passAnd(20_000, () => one.stored())
    expect(one.writes).toHaveLength(1 + 10)
  })
  it('asks for nothing because its MAC address is new', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    const { requests } = one
    one.feed({ type: 'advertises', mac: '02:00:5e:00:00:01', hasClaimed: true })
    expect(one.requests).toBe(requests)
  })
  it('a second start changes nothing', () => {
    const one = new Candidate()
    const before = one.actions.length
    one.feed({ type: 'start' })
    expect(one.actions).toHaveLength(before)
  })
})

describe('an election that has ended', () => {
  it('has no deadline, as before its start', () => {
    expect(nextDeadline(newElection(config))).toBeUndefined()
  })
  it('does nothing, whatever happens', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    one.feed({ type: 'resign', looks: 2 })
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
    const before = one.actions.length
    one.feed({ type: 'look' })
    one.watched(lease({ holder: '', duration: 1, version: '6' }))
    one.feed({ type: 'watch-ended' })
    one.feed({ type: 'resign', looks: 2 })
    one.boot += 3_600_000
    one.tick()
    one.pass(60_000)
    one.tick()
    expect(one.actions.slice(before)).toEqual([])
  })
})

describe('clocks', () => {
  it.each(['wall', 'boot'] as const)('after a jump of the %s clock it renews at once and leads on', clock => {
    const one = leader()
    one.pass(500)
    one[clock] += 3_600_000
    one.tick()
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 1500 })
    one.pass(0)
    expect(one.pending).toMatchObject({ type: 'update' })
    one.stored()
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 10_500 })
  })
  it.each([2100, 9000, 11_000])('after a sleep of %i ms it stops leading within 1 s if it cannot renew', slept => {
    const one = leader()
    one.boot += slept
    one.tick()
    one.pass(1000)
    expect(one.last).toMatchObject({ leader: false })
  })
  it('a sleep is noticed within retryPeriod, whatever else happens', () => {
    const one = leader()
    one.boot += 11_000
    one.pass(2000)
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 3000 })
  })
  it('after a sleep the answer to a request from before it does not count', () => {
    const one = leader()
    one.pass(2000)
    const id = one.lastId
    const stored = one.store()
    one.boot += 3_600_000
    one.feed({ type: 'answered', id, lease: stored })
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 3000 })
    one.pass(0)
    one.fail('conflict')
    one.answer(stored) // it was the last to write, an hour ago
    expect(one.last).toEqual({ leader: true, epoch: 1, until: 3000 })
  })
  it('a request from before a sleep is aborted, and is no timeout', () => {
    const one = leader()
    one.pass(2000)
    one.now += 4500
    one.boot += 3_600_000
    one.tick()
    expect(one.actions.slice(-3)).toMatchObject([{ type: 'abort' }, { type: 'update' }, { type: 'publish' }])
    one.pass(1000)
    expect(one.last).toEqual({ leader: false })
  })
  it('a jump of 2 s is none', () => {
    const one = leader()
    one.wall += 2000
    one.tick()
    expect(one.last).toMatchObject({ until: 10_000 })
  })
  it('a jump of the wall clock back, or on a candidate, changes nothing', () => {
    const one = leader()
    one.wall -= 3_600_000
    one.tick()
    expect(one.last).toMatchObject({ until: 10_000 })
    const other = new Candidate()
    other.answer(lease({ holder: 'b' }))
    other.wall += 3_600_000
    other.pass(2000)
    other.answer(lease({ holder: 'b' }))
    expect(other.writes).toEqual([])
    expect(other.last).toEqual({ leader: false, holder: 'b' })
  })
})

describe('a leader that resigns', () => {
  it('stops leading at once, releases, and ends when it sees the next holder', () => {
    const one = leader()
    one.pass(500)
    one.feed({ type: 'resign', looks: 2 })
    expect(one.last).toEqual({ leader: false })
    expect(one.pending).toMatchObject({ type: 'release', record: { holder: '', duration: 1, epoch: 1 } })
    one.stored()
    one.watched(lease({ holder: 'b', epoch: 2, version: 'next' }))
    expect(one.last).toEqual({ leader: false, holder: 'b' })
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('ends after two looks if no other candidate takes the Lease', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 2 })
    one.stored()
    one.pass(2000)
    one.answer(one.storedLease)
    expect(one.actions.at(-1)).not.toEqual({ type: 'end' })
    one.pass(2000)
    one.answer(one.storedLease)
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
    one.pass(60_000)
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('without looks it ends as soon as the Lease is released', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 0 })
    one.stored()
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('tries to release until the Lease has ended', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 2 })
    one.passAnd(14_999, () => one.fail('unreachable'))
    expect(one.pending?.type ?? 'release').toBe('release')
    expect(one.actions.at(-1)).not.toEqual({ type: 'end' })
    one.pass(1)
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
    expect(one.requests).toBeGreaterThan(8)
  })
  it('gives up a renewal that is in flight, and releases also if that was applied', () => {
    const one = leader()
    one.pass(2000)
    const stored = one.store()
    one.feed({ type: 'resign', looks: 2 })
    expect(one.pending).toMatchObject({ type: 'release', version: '1' })
    one.fail('conflict')
    one.answer(stored)
    expect(one.last).toEqual({ leader: false })
    expect(one.pending).toMatchObject({ type: 'release', version: stored.version })
  })
  it.each(['first', 'second'])('ends at once if it is told not to wait, as the %s thing', order => {
    const one = leader()
    one.feed({ type: 'resign', looks: order === 'first' ? 0 : 5 })
    one.feed({ type: 'resign', looks: order === 'first' ? 5 : 0 })
    one.stored()
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('ends as soon as it is told to wait no longer', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 5 })
    one.stored()
    expect(one.actions.at(-1)).not.toEqual({ type: 'end' })
    one.feed({ type: 'resign', looks: 0 })
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('a look that fails is one of its looks', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 2 })
    one.stored()
    one.pass(2000)
    one.fail('unreachable')
    expect(one.last).toEqual({ leader: false, reason: 'unreachable', detail: 'unreachable!' })
    expect(one.actions.at(-1)).not.toEqual({ type: 'end' })
    one.pass(2000)
    one.fail('unreachable')
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('a release that fails is sent again without a look', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 1 })
    for (let tries = 0; tries < 3; tries++) {
      one.fail('unreachable')
      expect(one.pending).toBeUndefined()
      one.pass(2000)
      expect(one.pending).toMatchObject({ type: 'release', version: '1' })
    }
    one.stored()
    expect(one.actions.at(-1), 'its look comes').not.toEqual({ type: 'end' })
  })
  it('a look after a conflict that fails is made again', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 5 })
    one.fail('conflict')
    one.fail('unreachable')
    one.pass(2000)
    expect(one.pending).toEqual({ type: 'get' })
  })
  it('makes at most three requests in a round, whatever is answered', () => {
    const one = leader()
    const { requests } = one
    one.feed({ type: 'resign', looks: 5 })
    for (let answers = 0; answers < 9 && one.pending; answers++)
      if (one.pending.type === 'get') one.answer({ ...one.storedLease, version: `label ${answers}` })
      else one.fail('conflict')
    expect(one.requests - requests).toBe(3)
    one.pass(2000)
    expect(one.pending).toEqual({ type: 'get' })
  })
  it('releases for as long as its last renewal may last, and aborts then', () => {
    const one = leader()
    for (let renewals = 0; renewals < 2; renewals++) {
      one.pass(2000)
      one.stored()
    }
    one.pass(1000)
    one.feed({ type: 'resign', looks: 2 })
    one.pass(13_999)
    expect(one.pending).toMatchObject({ type: 'release' })
    expect(one.actions.at(-1)).not.toEqual({ type: 'end' })
    one.pass(1)
    expect(one.actions.slice(-2)).toEqual([{ type: 'abort' }, { type: 'end' }])
  })
  it('has time for one request if its Lease ends soon; it asks each retryPeriod', () => {
    const one = leader()
    one.passAnd(10_000, () => one.fail('unreachable'))
    one.passAnd(4900, () => one.answerLooks(one.storedLease))
    const { requests } = one
    one.feed({ type: 'resign', looks: 2 })
    one.fail('unreachable')
    one.passAnd(4499, () => one.fail('unreachable'))
    expect(one.actions.at(-1)).not.toEqual({ type: 'end' })
    expect(one.requests - requests).toBe(3)
    one.pass(1)
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('before its first answer it ends at once', () => {
    const one = new Candidate()
    one.feed({ type: 'resign', looks: 2 })
    const ended = { type: 'publish', leadership: { leader: false } }
    expect(one.actions.slice(-3)).toEqual([{ type: 'abort' }, ended, { type: 'end' }])
  })
  it('a candidate whose write was a conflict ends at once', () => {
    const one = new Candidate()
    one.answer(undefined)
    one.fail('conflict')
    one.feed({ type: 'resign', looks: 2 })
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('a candidate whose round ended with a conflict ends at once', () => {
    const one = new Candidate()
    const free = lease({ holder: '', duration: 1 })
    one.answer(lease({ holder: 'b' }))
    one.passAnd(16_000, () => one.answerLooks(lease({ holder: 'b' })))
    one.pass(100)
    one.fail('conflict')
    one.answer({ ...free, version: '7' })
    one.fail('conflict')
    expect(one.pending).toBeUndefined()
    one.feed({ type: 'resign', looks: 2 })
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
  })
  it('a candidate without the Lease ends at once, without a request', () => {
    const one = new Candidate()
    one.answer(lease({ holder: 'b' }))
    const { requests } = one
    one.feed({ type: 'resign', looks: 2 })
    expect(one.actions.at(-1)).toEqual({ type: 'end' })
    expect(one.requests).toBe(requests)
  })
  it('a candidate whose write may be applied looks, and releases the Lease', () => {
    const one = new Candidate()
    one.answer(undefined)
    const stored = one.store()
    one.feed({ type: 'resign', looks: 2 })
    expect(one.pending).toEqual({ type: 'get' })
    one.answer(stored)
    expect(one.pending).toMatchObject({ type: 'release', version: stored.version })
  })
  it('campaigns again in the same process, and remembers the epoch', () => {
    const one = leader()
    one.feed({ type: 'resign', looks: 0 })
    one.stored()
    one.feed({ type: 'start' })
    one.answer(lease({ holder: '', duration: 1, epoch: 0, version: 'other' }))
    expect(one.pending).toMatchObject({ type: 'update', record: { epoch: 2 } })
  })
})

/** A Lease of another candidate. */
function lease(given: Partial<StoredLease>): StoredLease {
  return {
    holder: 'b',
    duration: 15,
    epoch: 1,
    acquiredAt: new Date(0),
    renewedAt: new Date(0),
    version: '5',
    ...given,
  }
}

/** A candidate that leads since 0 with epoch 1 and version 1. */
function leader(given: Partial<typeof config> = {}): Candidate {
  const one = new Candidate(given)
  one.answer(undefined)
  one.stored()
  expect(one.last).toEqual({ leader: true, epoch: 1, until: 10_000 })
  return one
}

class Candidate {
  now = 0
  /** How far the other clocks are ahead. */
  wall = START
  boot = 0
  readonly actions: Action[] = []
  readonly writes: Action[] = []
  requests = 0
  lastId = 0
  last: Leadership | undefined
  storedLease = lease({})
  #state
  #pending: Action | undefined
  #versions = 0

  constructor(given: Partial<typeof config> = {}) {
    this.#state = newElection({ ...config, ...given })
    this.feed({ type: 'start' })
  }
  /** The request in flight, without its number. */
  get pending(): { readonly type: string } | undefined {
    if (this.#pending === undefined || !('id' in this.#pending)) return undefined
    const { id: _, ...request } = this.#pending
    return request
  }
  feed(input: Input): void {
    const { now } = this
    const clocks = { now, wall: this.wall + now, boot: this.boot + now }
    const [next, actions] = electionStep(this.#state, input, { ...clocks, random: RANDOM })
    this.#state = next
    for (const action of actions) {
      this.actions.push(action)
      if (action.type === 'publish') this.last = action.leadership
      if ('id' in action) {
        this.#pending = action
        this.lastId = action.id
        this.requests++
        if (action.type !== 'get') this.writes.push(action)
      }
      if (action.type === 'abort' || action.type === 'end') this.#pending = next.request && this.#pending
    }
  }
  tick(): void {
    this.feed({ type: 'tick' })
  }
  /** Time passes; every timer runs when it is due. */
  pass(milliseconds: number): void {
    this.passAnd(milliseconds, () => {})
  }
  /** The same; `then` runs after each timer that made a request. */
  passAnd(milliseconds: number, then: () => void): void {
    const until = this.now + milliseconds
    for (let at = nextDeadline(this.#state); at !== undefined && at <= until; at = nextDeadline(this.#state)) {
      this.now = Math.max(this.now, at)
      const { requests } = this
      this.tick()
      if (this.requests > requests) then()
    }
    this.now = until
  }
  answer(stored: StoredLease | undefined): void {
    this.#pending = undefined
    this.feed({ type: 'answered', id: this.lastId, lease: stored })
  }
  /** Answers a look, and leaves a write in flight. */
  answerLooks(stored: StoredLease): void {
    if (this.#pending?.type === 'get') this.answer(stored)
  }
  fail(reason: LeaseStoreReason): void {
    this.#pending = undefined
    this.feed({ type: 'failed', id: this.lastId, reason, detail: `${reason}!` })
  }
  watched(stored: StoredLease | undefined): void {
    this.feed({ type: 'watched', lease: stored })
  }
  /** The store applies the write in flight; its answer is not there yet. */
  store(): StoredLease {
    const { record } = this.#pending as { readonly record: LeaseRecord } // the test says that it is a write
    this.storedLease = { ...record, version: String(++this.#versions) }
    return this.storedLease
  }
  stored(): void {
    this.answer(this.store())
  }
}
