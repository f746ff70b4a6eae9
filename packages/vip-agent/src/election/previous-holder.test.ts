/** With ARP: the MAC address that the Lease has, and what the next leader learns of the last holder. */
import { expect, it, test } from 'vitest'
import type { Leadership, PreviousHolder } from './election.ts'
import type { LeaseRecord, StoredLease } from './lease-store.ts'
import { type Action, type ElectionState, type Input, newElection } from './state.ts'
import { electionStep } from './step.ts'

const MAC = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:02'
const config = {
  ...{ identity: 'a', leaseDuration: 15_000, renewDeadline: 10_000, retryPeriod: 2000 },
  ...{ claimDelay: 1000, requestTimeout: 4500 },
}

/** A candidate whose requests are answered at once. */
class Candidate {
  now = 0
  lease: StoredLease | undefined
  last: Leadership | undefined
  requests: string[] = []
  #state: ElectionState = newElection(config)
  #versions = 0
  constructor(lease?: StoredLease) {
    this.lease = lease
    this.feed({ type: 'advertises', mac: MAC, hasClaimed: false })
    this.feed({ type: 'start' })
  }
  feed(input: Input): this {
    const clocks = { now: this.now, wall: this.now, boot: this.now }
    const [next, actions] = electionStep(this.#state, input, { ...clocks, random: 0 })
    this.#state = next
    for (const action of actions) {
      if (action.type === 'publish') this.last = action.leadership
      if ('id' in action) this.#answer(action)
    }
    return this
  }
  #answer(request: Extract<Action, { id: number }>): void {
    this.requests.push(request.type)
    if (request.type !== 'get') this.lease = { ...request.record, version: `${++this.#versions}` }
    this.feed({ type: 'answered', id: request.id, lease: this.lease })
  }
  /** Until it leads. */
  lead(): this {
    for (let tries = 0; tries < 30 && !this.last?.leader; tries++) {
      this.now += 1000
      this.feed({ type: 'tick' })
    }
    expect(this.last?.leader).toBe(true)
    return this
  }
  get previous(): PreviousHolder {
    return this.last?.leader ? this.last.previous : undefined
  }
}
function lease(given: Partial<LeaseRecord>): StoredLease {
  const at = new Date(0)
  return { ...{ holder: 'b', duration: 15, epoch: 4, acquiredAt: at, renewedAt: at, version: 'x' }, ...given }
}
const released = { holder: '', duration: 1 } as const

test.each<[string, StoredLease | undefined, PreviousHolder]>([
  ['no Lease', undefined, undefined],
  ['a Lease that kubectl made', lease({ holder: '', duration: 0, epoch: 0 }), undefined],
  ['a holder that has not claimed the VIPs', lease({ mac: 'none' }), undefined],
  ['its release', lease({ ...released, mac: 'none' }), undefined],
  ['a release with a MAC', lease({ ...released, mac: OTHER }), { mac: OTHER, released: true }],
  ['a release by kube-vip, also its first', lease({ ...released, epoch: 0 }), { released: true }],
  ['a Lease that a person emptied', lease({ ...released, mac: OTHER, renewedAt: new Date(7) }), { released: true }],
  ['a holder that a person removed, and nothing else', lease({ holder: '' }), { released: false }],
  ['a Lease that ended', lease({ mac: OTHER }), { mac: OTHER, released: false }],
  ['a Lease of kube-vip that ended', lease({ epoch: 0 }), { released: false }],
])('the next leader learns what the Lease says: %s', (_, given, expected) => {
  expect(new Candidate(given).lead().previous).toStrictEqual(expected)
})
it('the next leader learns of a holder that it saw before the Lease was made anew', () => {
  const one = new Candidate(lease({}))
  one.lease = { ...lease({ holder: '', epoch: 0 }), version: 'anew' }
  one.now += 2000
  one.feed({ type: 'tick' })
  const began = one.now
  expect(one.lead().previous).toStrictEqual({ released: false })
  expect(one.now - began).toBeGreaterThan(15_000)
})

it('the Lease has no MAC until a node has claimed the VIPs', () => {
  const one = new Candidate().lead()
  expect(one.lease?.mac).toBe('none')
  one.feed({ type: 'resign', looks: 0 })
  expect(one.lease).toMatchObject({ holder: '', mac: 'none' })
})
it('the Lease has the MAC as soon as the VIPs are claimed; its release keeps it', () => {
  const one = new Candidate().lead()
  one.feed({ type: 'advertises', mac: MAC, hasClaimed: true })
  expect(one.lease).toMatchObject({ holder: 'a', mac: MAC })
  one.feed({ type: 'resign', looks: 0 })
  expect(one.lease).toMatchObject({ holder: '', mac: MAC })
})
it('the take has the MAC if there was a holder before', () => {
  expect(new Candidate(lease({})).lead().lease).toMatchObject({ holder: 'a', epoch: 5, mac: MAC })
})
it('a MAC that changes is in the Lease at once', () => {
  const one = new Candidate(lease({})).lead()
  expect(one.feed({ type: 'advertises', mac: OTHER, hasClaimed: true }).lease?.mac).toBe(OTHER)
  const before = one.requests.length
  expect(one.feed({ type: 'advertises', mac: OTHER, hasClaimed: true }).requests).toHaveLength(before)
})
it('a look renews the Lease of a leader at once, and the leadership lasts longer', () => {
  const one = new Candidate().lead()
  one.now += 700
  one.feed({ type: 'look' })
  expect(one.requests.at(-1)).toBe('update')
  expect(one.last).toMatchObject({ leader: true, until: one.now + 10_000 })
})
