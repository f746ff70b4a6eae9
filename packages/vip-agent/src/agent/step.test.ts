/** The order and the times of what the agent does, case by case: docs/leases.md. */
import { describe, expect, it } from 'vitest'
import { isLeading, whyNotServing, whyWithheld } from './leases.ts'
import { because } from './reasons.ts'
import { type AgentAction, type AgentConfig, type AgentInput, type AgentState, newAgent } from './state.ts'
import { agentStep, nextDeadline } from './step.ts'

const config: AgentConfig = {
  mode: 'leader',
  managesAddress: true,
  requireAddress: false,
  destroyConnections: true,
  segment: undefined,
  hasSessions: true,
  sessionGrace: 3000,
  drainTime: 3000,
  gracefulShutdownTime: 0,
  lastResortTime: undefined,
}

/** A node in virtual time whose address steps work at once. Times are seconds. */
class Node {
  now = 0
  #state
  readonly #story: [at: number, what: string][] = []
  /** Renewals of these are left out of the story. */
  readonly #standing = new Set<string>()
  readonly lifetimes: number[] = []
  /** The address steps fail. */
  isBroken = false
  /** A passed check each second, and a renewal of the leadership each two seconds, as long as it has one. */
  isHealthy = true
  epoch: number | undefined

  constructor(given: Partial<AgentConfig> = {}) {
    this.#state = newAgent({ ...config, ...given })
    this.feed({ type: 'tick' })
    this.feed({ type: 'sessions', established: 1 })
    this.check()
  }
  feed(input: AgentInput): void {
    const [state, actions] = agentStep(this.#state, input, this.now)
    this.#state = state
    for (const action of actions) {
      const what = inWords(action)
      if (what !== undefined && !this.#standing.has(what)) this.#story.push([this.now / 1000, what])
      if (action.type === 'advertise' || action.type === 'withdraw' || action.type === 'drain')
        for (const one of this.#standing) if (one.startsWith('MED')) this.#standing.delete(one)
      if (action.type === 'remove-address') this.#standing.delete('set-address')
      if (what === 'set-address' || action.type === 'advertise') this.#standing.add(what ?? '')
    }
    for (const { type, until = 0 } of actions as { type: string; until?: number }[]) {
      if (type === 'set-address') this.lifetimes.push((until - this.now) / 1000)
      if (type === 'set-address' && this.isBroken) this.feed({ type: 'address-failed', detail: 'EPERM' })
      else if (type === 'set-address') this.feed({ type: 'address-set', until: Math.floor(until / 1000) * 1000 })
      if (type === 'remove-address') this.feed({ type: 'address-removed' })
      if (type === 'stop-announcer') this.feed({ type: 'announcer-stopped' })
    }
  }
  check(): void {
    if (this.isHealthy) this.feed({ type: 'health', up: true, until: this.now + 20_000 })
  }
  lead(epoch: number): void {
    this.epoch = epoch
    this.feed({ type: 'leadership', leadership: { leader: true, epoch, until: this.now + 10_000 } })
  }
  fail(): void {
    this.isHealthy = false
    this.feed({ type: 'health', up: false, detail: 'HTTP 500' })
  }
  lose(holder?: string): void {
    this.epoch = undefined
    this.feed({ type: 'leadership', leadership: { leader: false, ...(holder !== undefined && { holder }) } })
  }
  drain(): void {
    this.epoch = undefined
    this.feed({ type: 'drain', source: 'call', drain: because('drained', 0, 'kernel upgrade') })
  }
  resume(): void {
    this.feed({ type: 'drain', source: 'call', drain: undefined })
  }
  pass(seconds: number): void {
    for (const until = this.now + seconds * 1000; this.now < until; ) {
      const second = Math.floor(this.now / 1000) * 1000 + 1000
      this.now = Math.min(until, second, nextDeadline(this.#state, this.now) ?? until)
      this.feed({ type: 'tick' })
      if (this.now !== second) continue
      this.check()
      if (this.epoch !== undefined && second % 2000 === 0) this.lead(this.epoch)
    }
  }
  /** What happened since the last call. */
  get story(): readonly [at: number, what: string][] {
    return this.#story.splice(0)
  }
  get whats(): string[] {
    return this.story.map(([, what]) => what)
  }
  get reason(): string | undefined {
    return whyNotServing(this.#state, this.now)?.reason
  }
  get withheld(): string {
    return whyWithheld(this.#state, this.now).reason
  }
  get leads(): boolean {
    return isLeading(this.#state, this.now)
  }
}
/** A node whose address steps have no answer but the inputs of the test. Returns the actions of an input. */
function withoutAnswers(given: Partial<AgentConfig> = {}): (input: AgentInput, now?: number) => readonly AgentAction[] {
  let state = newAgent({ ...config, ...given })
  return (input, now = 0) => {
    const [next, actions] = agentStep(state, input, now)
    state = next
    return actions
  }
}
function inWords(action: AgentAction): string | undefined {
  switch (action.type) {
    case 'arm':
    case 'disarm':
      return undefined
    case 'advertise':
      return `MED ${action.med}`
    case 'withdraw':
      return `withdraw: ${action.reason}`
    case 'resign':
      return action.watch ? 'resign and watch' : 'resign'
    default:
      return action.type
  }
}

describe('a node in leader mode', () => {
  it('a node takes over with the Lease, the address, and then the route', () => {
    const node = new Node()
    node.lead(7)
    expect(node.whats).toEqual(['remove-address', 'campaign', 'set-address', 'MED 999993'])
  })
  it('a failed health check withdraws and resigns; the address goes after the drain', () => {
    const node = new Node()
    node.lead(1)
    node.pass(1)
    expect(node.whats.at(-1)).toBe('MED 999999')
    node.fail()
    node.epoch = undefined
    node.pass(5)
    expect(node.story).toEqual([
      [1, 'withdraw: unhealthy'],
      [1, 'resign'],
      [4, 'remove-address'],
    ])
  })
  it('a lease that ends in less than a second adds no address', () => {
    const node = new Node()
    node.feed({ type: 'leadership', leadership: { leader: true, epoch: 1, until: 999 } })
    expect(node.whats).toEqual(['remove-address', 'campaign'])
  })
  it('a leader that another one follows withdraws, and keeps the address for the drain', () => {
    const node = new Node()
    node.lead(1)
    node.pass(1)
    expect(node.whats.length).toBeGreaterThan(0)
    node.lose('node-2')
    node.pass(5)
    expect(node.story).toEqual([
      [1, 'withdraw: election-lost'],
      [4, 'remove-address'],
    ])
  })
  it('a leader whose renewals fail withdraws when its lease ends', () => {
    const node = new Node()
    node.lead(1)
    node.epoch = undefined // it is not renewed
    expect(node.whats.length).toBeGreaterThan(0)
    node.pass(15)
    expect(node.story).toEqual([
      [10, 'withdraw: election-lost'],
      [10, 'remove-address'],
    ])
  })
  it('a leader that did not serve for a while has lost nothing when it serves again', () => {
    const node = new Node()
    expect(node.withheld).toBe('not-leader')
    node.lead(1)
    node.lose()
    expect(node.withheld).toBe('election-lost')
    node.fail()
    node.isHealthy = true
    node.check()
    expect(node.withheld).toBe('not-leader')
  })
  it('a leader that leads again within the drain keeps the address', () => {
    const node = new Node()
    node.lead(1)
    node.lose()
    node.pass(2)
    node.lead(2)
    node.pass(4)
    expect(node.whats).toEqual([
      ...['remove-address', 'campaign', 'set-address', 'MED 999999', 'withdraw: election-lost', 'MED 999998'],
    ])
  })
  it('a node without a session resigns after its grace; the next session campaigns', () => {
    const node = new Node()
    node.lead(1)
    expect(node.whats.length).toBeGreaterThan(0)
    node.feed({ type: 'sessions', established: 0 })
    node.epoch = undefined
    node.pass(6)
    expect(node.story).toEqual([
      [3, 'withdraw: no-session'],
      [3, 'resign'],
      [6, 'remove-address'],
    ])
    node.feed({ type: 'campaign-ended' })
    expect(node.whats).toEqual([])
    node.feed({ type: 'sessions', established: 1 })
    expect(node.whats).toEqual(['campaign'])
  })
  it('a session that is lost for less than its grace changes nothing', () => {
    const node = new Node()
    node.lead(1)
    node.feed({ type: 'sessions', established: 0 })
    node.pass(2.9)
    node.feed({ type: 'sessions', established: 1 })
    node.pass(5)
    expect(node.whats).not.toContain('resign')
  })
  it('an interface without carrier for a second resigns', () => {
    const node = new Node()
    node.lead(1)
    node.feed({ type: 'carrier', up: false })
    node.epoch = undefined
    node.pass(2)
    expect(node.story.slice(-2)).toEqual([
      [1, 'withdraw: no-carrier'],
      [1, 'resign'],
    ])
  })
})

describe('a node in standby mode', () => {
  it('a node advertises with the MED of a standby, and as leader with a lower one', () => {
    const node = new Node({ mode: 'standby' })
    node.lead(3)
    node.lose('node-2')
    expect(node.whats).toEqual([
      ...['remove-address', 'campaign', 'set-address', 'MED 1000000', 'MED 999997', 'MED 1000000'],
    ])
  })
  it('a leader whose renewals fail has the MED of a standby when its lease ends', () => {
    const node = new Node({ mode: 'standby', managesAddress: false })
    node.lead(3)
    node.epoch = undefined
    node.pass(12)
    expect(node.story.at(-1)).toEqual([10, 'MED 1000000'])
  })
  it('a node without a session resigns and keeps its address', () => {
    const node = new Node({ mode: 'standby' })
    node.lead(3)
    node.epoch = undefined
    node.feed({ type: 'sessions', established: 0 })
    node.pass(8)
    expect(node.whats.slice(-2)).toEqual(['resign', 'MED 1000000'])
  })
})

describe('a node in all-nodes mode', () => {
  it('a node advertises without a MED of the agent, and does not campaign', () => {
    const node = new Node({ mode: 'all-nodes' })
    expect(node.whats).toEqual(['remove-address', 'set-address', 'MED undefined'])
    node.feed({ type: 'sessions', established: 0 })
    node.pass(30)
    expect(node.whats).toEqual([])
  })
})

describe('the planned end', () => {
  it('a leader resigns, waits for the next one and 0.5 s, withdraws, drains, ends', () => {
    const node = new Node()
    node.lead(1)
    node.pass(8)
    expect(node.whats.length).toBeGreaterThan(0)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    node.pass(1)
    node.lose('node-2')
    node.pass(8)
    expect(node.story).toEqual([
      [8, 'resign and watch'],
      [9.5, 'drain'],
      [12.5, 'destroy-connections'],
      [12.5, 'remove-address'],
      [12.5, 'stop-announcer'],
      [12.5, 'done'],
    ])
  })
  it('a leader that hands over does nothing else meanwhile', () => {
    const feed = withoutAnswers({ managesAddress: false })
    feed({ type: 'sessions', established: 1 })
    feed({ type: 'health', up: true, until: 20_000 })
    feed({ type: 'leadership', leadership: { leader: true, epoch: 1, until: 10_000 } })
    feed({ type: 'stop' })
    expect(feed({ type: 'tick' })).toEqual([])
  })
  it('a leader waits 0.5 s if the election ends when it sees the next one', () => {
    const node = new Node()
    node.lead(1)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    node.pass(1)
    node.lose('node-2')
    node.feed({ type: 'campaign-ended' })
    node.pass(8)
    expect(node.story).toContainEqual([1.5, 'drain'])
  })
  it('the address of a leader lives until the drain after the hand-over', () => {
    const node = new Node()
    node.lead(1)
    node.pass(9)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    node.lose('node-2')
    expect(node.lifetimes.slice(-2)).toEqual([10, 7])
    node.pass(8)
    expect(node.lifetimes.at(-1)).toBe(7)
  })
  it('the address lives until the drain after GRACEFUL_SHUTDOWN, too', () => {
    const node = new Node({ gracefulShutdownTime: 5000 })
    node.lead(1)
    node.pass(8)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    expect(node.lifetimes.at(-1)).toBe(4 + 5 + 3)
  })
  it('a leader that no other one follows withdraws after two looks', () => {
    const node = new Node()
    node.lead(1)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    node.lose()
    node.pass(2)
    node.feed({ type: 'campaign-ended' })
    node.pass(8)
    expect(node.story.slice(-5).map(([at]) => at)).toEqual([2, 5, 5, 5, 5])
  })
  it('a leader whose election hangs ends after 7 s', () => {
    const node = new Node()
    node.lead(1)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    node.pass(8)
    expect(node.story.at(-1)).toEqual([7, 'done'])
  })
  it('a failed health check during the hand-over withdraws at once', () => {
    const node = new Node()
    node.lead(1)
    node.epoch = undefined
    node.feed({ type: 'stop' })
    node.pass(1)
    node.fail()
    node.pass(8)
    expect(node.whats.slice(-6)).toEqual([
      ...['withdraw: unhealthy', 'drain', 'destroy-connections', 'remove-address', 'stop-announcer', 'done'],
    ])
  })
  it.each(['all-nodes', 'standby'] as const)('a node in %s mode that does not lead withdraws at once', mode => {
    const node = new Node({ mode })
    node.pass(1)
    node.feed({ type: 'stop' })
    node.pass(8)
    expect(node.story.filter(([at, what]) => at >= 1 && what !== 'resign')).toEqual([
      [1, 'drain'],
      [4, 'destroy-connections'],
      [4, 'remove-address'],
      [4, 'stop-announcer'],
      [4, 'done'],
    ])
  })
})

describe('the planned end of a node that advertises alone', () => {
  const stopped = (given: Partial<AgentConfig> = {}) => {
    const feed = withoutAnswers({ mode: 'all-nodes', destroyConnections: false, ...given })
    feed({ type: 'address-removed' })
    feed({ type: 'health', up: true, until: 60_000 })
    feed({ type: 'address-set', until: 60_000 })
    const at = (now: number, input: AgentInput = { type: 'tick' }) =>
      feed(input, now)
        .map(({ type }) => type)
        .filter(type => type !== 'arm' && type !== 'disarm')
    return at
  }
  it('GRACEFUL_SHUTDOWN and the drain come before the removal', () => {
    const at = stopped({ gracefulShutdownTime: 2000 })
    expect(at(1000, { type: 'stop' })).toEqual(['drain'])
    expect(at(2000, { type: 'stop' }), 'again').toEqual([])
    expect(at(5999)).toEqual([])
    expect(at(6000)).toEqual(['remove-address'])
    expect(at(6100, { type: 'address-removed' })).toEqual(['stop-announcer'])
    expect(at(6599)).toEqual([])
    expect(at(6600)).toEqual(['done'])
    expect(at(90_000)).toEqual([])
  })
  it('a removal that hangs is waited for 0.25 s', () => {
    const at = stopped()
    at(0, { type: 'stop' })
    expect(at(3000)).toEqual(['remove-address'])
    expect(at(3249)).toEqual([])
    expect(at(3250)).toEqual(['stop-announcer'])
  })
  it('a renewal that hangs is waited for 0.25 s; then the kernel removes the address', () => {
    const at = stopped()
    at(0, { type: 'health', up: true, until: 70_000 })
    at(0, { type: 'stop' })
    expect(at(3249)).toEqual([])
    expect(at(3250)).toEqual(['stop-announcer'])
  })
  it('without an address the sessions end after the drain', () => {
    const at = stopped({ managesAddress: false })
    expect(at(0, { type: 'stop' })).toEqual(['drain'])
    expect(at(2999)).toEqual([])
    expect(at(3000)).toEqual(['stop-announcer'])
    expect(at(3001, { type: 'announcer-stopped' })).toEqual(['done'])
  })
  it('a node whose route was withdrawn before waits for the rest of that drain', () => {
    const at = stopped()
    expect(at(0, { type: 'health', up: false, detail: 'HTTP 500' })).toEqual(['withdraw'])
    expect(at(1000, { type: 'stop' })).toEqual(['drain'])
    expect(at(2999)).toEqual([])
    expect(at(3000)).toEqual(['remove-address'])
  })
  it('a node that never advertised ends at once', () => {
    const feed = withoutAnswers({ mode: 'all-nodes', managesAddress: false })
    expect(feed({ type: 'stop' }, 5000).map(({ type }) => type)).toEqual(['drain', 'stop-announcer'])
    expect(feed({ type: 'tick' }, 5500).map(({ type }) => type)).toEqual(['done'])
  })
})

describe('a drained node', () => {
  it('a drained leader hands over as at the planned end, and goes on without Cease', () => {
    const node = new Node()
    node.lead(1)
    node.pass(8)
    expect(node.whats.length).toBeGreaterThan(0)
    node.drain()
    expect(node.reason).toBe('drained')
    node.pass(1)
    node.lose('node-2')
    node.feed({ type: 'campaign-ended' })
    node.pass(60)
    expect(node.story).toEqual([
      [8, 'resign and watch'],
      [9.5, 'withdraw: drained'],
      [12.5, 'destroy-connections'],
      [12.5, 'remove-address'],
    ])
  })
  it('a drained leader that no other one follows withdraws after 4 s at most', () => {
    const node = new Node()
    node.lead(1)
    node.drain()
    node.pass(60)
    expect(node.story.slice(-3)).toEqual([
      [4, 'withdraw: drained'],
      [7, 'destroy-connections'],
      [7, 'remove-address'],
    ])
  })
  it.each(['all-nodes', 'standby'] as const)('a node in %s mode that does not lead withdraws at once', mode => {
    const node = new Node({ mode })
    node.pass(1)
    node.drain()
    node.pass(60)
    expect(node.story.filter(([at, what]) => at >= 1 && what !== 'resign')).toEqual([
      [1, 'withdraw: drained'],
      [4, 'destroy-connections'],
      [4, 'remove-address'],
    ])
  })
  it('a drained leader withdraws at once if the election ends and saw no other one', () => {
    const node = new Node()
    node.lead(1)
    node.drain()
    node.pass(2)
    node.feed({ type: 'campaign-ended' })
    expect(node.story.at(-1)).toEqual([2, 'withdraw: drained'])
  })
  it('a failed health check during the hand-over ends it', () => {
    const node = new Node()
    node.lead(1)
    node.drain()
    node.fail()
    node.isHealthy = true
    node.pass(2)
    expect(node.story.slice(-2)).toEqual([
      [0, 'resign and watch'],
      [0, 'withdraw: unhealthy'],
    ])
  })
  it('a node that is in service again campaigns, and advertises', () => {
    const node = new Node()
    node.lead(1)
    node.drain()
    node.lose('node-2')
    node.feed({ type: 'campaign-ended' })
    node.pass(30)
    expect(node.whats.at(-1)).toBe('remove-address')
    node.resume()
    node.lead(3)
    expect(node.whats).toEqual(['campaign', 'set-address', 'MED 999997'])
    expect(node.reason).toBeUndefined()
  })
  it('a node that is in service again during its hand-over keeps its route', () => {
    const node = new Node()
    node.lead(1)
    node.drain()
    node.pass(1)
    node.resume()
    node.feed({ type: 'campaign-ended' })
    node.lead(2)
    node.pass(8)
    const before = ['remove-address', 'campaign', 'set-address', 'MED 999999', 'resign and watch']
    expect(node.whats).toEqual([...before, 'campaign', 'MED 999998'])
  })
  it('a node that two sources drain is in service after both have ended', () => {
    const node = new Node({ mode: 'all-nodes' })
    node.drain()
    node.feed({ type: 'drain', source: 'file', drain: because('drained', 0, '') })
    node.resume()
    expect(node.reason).toBe('drained')
    node.feed({ type: 'drain', source: 'file', drain: undefined })
    expect(node.reason).toBeUndefined()
    expect(node.whats.slice(-2)).toEqual(['withdraw: drained', 'MED undefined'])
  })
  it('a hand-over goes on if the node is stopped meanwhile', () => {
    const node = new Node()
    node.lead(1)
    node.drain()
    node.pass(1)
    node.feed({ type: 'stop' })
    node.pass(1)
    node.lose('node-2')
    node.pass(8)
    expect(node.story.slice(-5)).toEqual([
      [2.5, 'drain'],
      [5.5, 'destroy-connections'],
      [5.5, 'remove-address'],
      [5.5, 'stop-announcer'],
      [5.5, 'done'],
    ])
  })
})

describe('an address that fails', () => {
  it('a leader that cannot add the address resigns, and tries again later', () => {
    const node = new Node()
    node.isBroken = true
    node.lead(1)
    expect(node.reason).toBe('address-failed')
    node.feed({ type: 'campaign-ended' })
    node.isBroken = false
    node.pass(1)
    node.lead(2)
    const again = ['campaign', 'set-address', 'MED 999998']
    expect(node.whats).toEqual(['remove-address', 'campaign', 'set-address', 'resign', 'remove-address', ...again])
  })
  it('a renewal that fails is tried again while the address is there', () => {
    const node = new Node({ mode: 'all-nodes' })
    node.pass(5)
    node.isBroken = true
    node.pass(10)
    node.isBroken = false
    node.pass(20)
    expect(node.whats.filter(what => what.startsWith('withdraw'))).toEqual([])
  })
  it('a route is withdrawn before the lifetime of an address that is not renewed ends', () => {
    const node = new Node({ mode: 'all-nodes' })
    node.isBroken = true
    node.pass(25)
    expect(node.story).toContainEqual([20, 'withdraw: address-failed'])
  })
  it('an address that another program removes is added at most three times a minute', () => {
    const node = new Node()
    node.lead(1)
    for (let times = 1; times <= 4; times++) {
      node.pass(1)
      expect(node.whats.some(what => what.startsWith('withdraw'))).toBe(false)
      node.feed({ type: 'address-gone' })
    }
    expect(node.whats).toEqual(['withdraw: address-removed', 'resign'])
    node.epoch = undefined
    node.feed({ type: 'campaign-ended' })
    node.pass(59)
    expect(node.whats).toEqual([])
    expect(node.reason).toBe('address-removed')
    node.pass(1)
    expect(node.whats).toEqual(['campaign'])
  })
  it('an address that is removed once in a while is always added again', () => {
    const node = new Node()
    node.lead(1)
    for (let times = 1; times <= 9; times++) {
      node.pass(20)
      node.feed({ type: 'address-gone' })
    }
    expect(node.whats.filter(what => /withdraw|remove/.test(what))).toEqual(['remove-address'])
  })
  it('an address that is gone and cannot be added is not advertised', () => {
    const node = new Node({ mode: 'all-nodes' })
    node.isBroken = true
    node.feed({ type: 'address-gone' })
    expect(node.whats.at(-1)).toBe('withdraw: address-failed')
  })
  it('without destroyConnections a drain removes the address alone', () => {
    const node = new Node({ mode: 'all-nodes', destroyConnections: false })
    node.drain()
    node.pass(5)
    expect(node.whats.slice(-2)).toEqual(['withdraw: drained', 'remove-address'])
  })
  it('an address that a removal is about to take is not advertised', () => {
    const feed = withoutAnswers({ mode: 'all-nodes' })
    feed({ type: 'tick' })
    feed({ type: 'address-removed' })
    feed({ type: 'health', up: true, until: 20_000 })
    feed({ type: 'address-set', until: 20_000 })
    feed({ type: 'health', up: false, detail: 'HTTP 500' })
    expect(feed({ type: 'tick' }, 3000)).toEqual([{ type: 'remove-address' }])
    expect(feed({ type: 'health', up: true, until: 23_000 }, 3000)).toEqual([])
    expect(feed({ type: 'address-removed' }, 3000)).toContainEqual({ type: 'set-address', until: 23_000 })
  })
  it('a shorter lifetime counts before the step that sets it has ended', () => {
    const feed = withoutAnswers()
    const lead = (until: number) => feed({ type: 'leadership', leadership: { leader: true, epoch: 1, until } })
    feed({ type: 'sessions', established: 1 })
    feed({ type: 'address-removed' })
    feed({ type: 'health', up: true, until: 20_000 })
    lead(10_000)
    feed({ type: 'address-set', until: 10_000 })
    expect(lead(6000)).toEqual([
      { type: 'set-address', until: 6000 },
      { type: 'advertise', med: 999_999, until: 6000 },
      { type: 'arm', at: 6000 },
    ])
    expect(lead(9500)).toEqual([])
    expect(feed({ type: 'address-set', until: 6000 })).toEqual([{ type: 'set-address', until: 9500 }])
    expect(feed({ type: 'address-set', until: 9000 })).toEqual([
      { type: 'advertise', med: 999_999, until: 9000 },
      { type: 'arm', at: 9000 },
    ])
  })
  it('the kernel deadline is that of a shorter lifetime after a removal that failed', () => {
    const feed = withoutAnswers()
    const lead = (until: number) => feed({ type: 'leadership', leadership: { leader: true, epoch: 1, until } })
    feed({ type: 'sessions', established: 1 })
    feed({ type: 'address-removed' })
    feed({ type: 'health', up: true, until: 20_000 })
    lead(10_000)
    feed({ type: 'leadership', leadership: { leader: false } })
    expect(feed({ type: 'address-set', until: 10_000 })).toEqual([{ type: 'remove-address' }])
    feed({ type: 'address-failed', detail: 'EBUSY' })
    lead(7000)
    expect(feed({ type: 'tick' }, 1000)).toEqual([
      { type: 'set-address', until: 7000 },
      { type: 'arm', at: 7000 },
    ])
  })
  it('a node whose VIP must be on an interface does not advertise without it', () => {
    const node = new Node({ managesAddress: false, requireAddress: true })
    expect([node.reason, ...node.whats]).toEqual(['address-missing'])
    node.feed({ type: 'address-seen', present: true })
    node.lead(1)
    node.feed({ type: 'address-seen', present: false })
    expect(node.whats).toEqual(['campaign', 'MED 999999', 'withdraw: address-missing', 'resign'])
  })
})

describe('a deadline', () => {
  const fresh = newAgent({ ...config, hasSessions: false })
  const { address } = fresh
  it.each<[string, Partial<AgentState>, number]>([
    ['the last health check', { health: { up: true, until: 5000, detail: '' } }, 5000],
    ['the leadership', { leadership: { epoch: 1, until: 5000, previous: undefined } }, 5000],
    ['the pause without a route', { unsendable: { detail: '', until: 5000 } }, 5000],
    ['a phase of the end', { ending: { phase: 'draining', by: 5000 } }, 5000],
    ['a step of the address at the end', { ending: { phase: 'draining', by: 0 } }, 250],
    ['the kernel that removes the address', { address: { ...address, heldUntil: 4000 } }, 5000],
  ])('is the end of %s', (_, change, expected) => {
    expect(nextDeadline({ ...fresh, ...change }, 0)).toBe(expected)
  })
  it('is none before anything happened', () => {
    expect(nextDeadline(fresh, 0)).toBeUndefined()
  })
})

describe('a cordoned leader that may lead again', () => {
  const cordoned: AgentInput = { type: 'drain', source: 'cordon', drain: because('cordoned', 0) }
  const leader = () => {
    const node = new Node({ lastResortTime: 20_000 })
    node.lead(1)
    node.epoch = undefined
    expect(node.whats).toContain('campaign')
    return node
  }
  it('keeps its route for 4 s if the election fails', () => {
    const node = leader()
    node.feed(cordoned)
    node.pass(1)
    node.feed({ type: 'leadership', leadership: { leader: false, reason: 'unreachable', detail: 'ECONNREFUSED' } })
    node.pass(10)
    expect(node.story).toContainEqual([4, 'withdraw: cordoned'])
  })
  it('keeps its route for the time of a last resort if no other one leads', () => {
    const node = leader()
    node.feed(cordoned)
    node.pass(23)
    expect(node.whats.filter(what => what.startsWith('withdraw'))).toEqual([])
  })
  it('campaigns again when its resignation has hung for 10 s', () => {
    const node = leader()
    node.feed(cordoned)
    node.pass(9.9)
    expect(node.reason).toBe('cordoned')
    node.pass(2)
    expect(node.reason).toBeUndefined()
    expect(node.story.filter(([, what]) => /resign|campaign|last-resort/.test(what))).toEqual([
      [0, 'last-resort'],
      [0, 'resign and watch'],
      [10, 'campaign'],
    ])
    node.feed({ type: 'drain', source: 'cordon', drain: undefined })
    expect(node.whats).toContain('last-resort')
  })
  it('its planned end has a hand-over of 4 s all the same', () => {
    const node = leader()
    node.feed({ type: 'stop' })
    node.pass(8)
    expect(node.story).toContainEqual([4, 'drain'])
  })
  it('a drain by a call hands over in 4 s all the same', () => {
    const node = leader()
    node.drain()
    node.pass(10)
    expect(node.story).toContainEqual([4, 'withdraw: drained'])
  })
  it('a call ends the longer hand-over of a cordon', () => {
    const node = leader()
    node.feed(cordoned)
    node.pass(6)
    node.drain()
    node.pass(1)
    expect(node.story).toContainEqual([6, 'withdraw: drained'])
  })
})

describe('what does not count', () => {
  it('a leadership of a campaign that has ended or was resigned', () => {
    const node = new Node()
    node.feed({ type: 'campaign-ended' })
    expect(node.whats).toContain('campaign')
    node.lead(5)
    expect(node.whats).toEqual([])
    node.pass(1)
    node.epoch = undefined
    node.fail()
    expect(node.whats).toEqual(['campaign', 'resign'])
    node.isHealthy = true
    node.check()
    node.lead(6)
    expect(node.whats).toEqual([])
  })
  it('the end of a drain that was none', () => {
    const node = new Node()
    node.lead(1)
    node.resume()
    node.lose('node-2')
    expect(node.whats.at(-1)).toBe('withdraw: election-lost')
  })
  it('an announcer that stops before it was asked to', () => {
    const node = new Node({ mode: 'all-nodes' })
    node.feed({ type: 'announcer-stopped' })
    node.feed({ type: 'stop' })
    node.feed({ type: 'announcer-stopped' })
    node.pass(2.9)
    expect(node.whats.at(-1)).toBe('drain')
  })
  it('a session that was there, for a route that no session can carry', () => {
    const node = new Node({ mode: 'standby' })
    node.feed({ type: 'unsendable', detail: 'no IPv6' })
    node.feed({ type: 'sessions', established: 1 })
    expect(node.reason).toBe('route-unsendable')
    node.feed({ type: 'sessions', established: 2 })
    expect(node.reason).toBeUndefined()
  })
})

it('a route without a MED of the agent has none', () => {
  const feed = withoutAnswers({ mode: 'all-nodes', managesAddress: false })
  const actions = feed({ type: 'health', up: true, until: 9000 })
  expect(actions).toStrictEqual([
    { type: 'advertise', until: 9000 },
    { type: 'arm', at: 9000 },
  ])
})

describe('an election that fails', () => {
  it('a campaign that ends by itself begins again after 1, 2, 4 … 15 s', () => {
    const node = new Node()
    const times: number[] = []
    for (let failures = 0; failures < 6; failures++) {
      node.feed({ type: 'campaign-ended' })
      node.pass(20)
      times.push(...node.story.filter(([, what]) => what === 'campaign').map(([at]) => at % 20))
    }
    expect(times).toEqual([0, 1, 2, 4, 8, 15, 15])
  })
  it('a campaign that fails keeps the leadership until its end', () => {
    const node = new Node()
    node.lead(1)
    node.epoch = undefined
    node.feed({ type: 'campaign-ended' })
    node.pass(20)
    expect(node.story.filter(([, what]) => /withdraw|campaign/.test(what))).toEqual([
      [0, 'campaign'],
      [1, 'campaign'],
      [10, 'withdraw: election-lost'],
    ])
  })
  it('a leader whose campaign failed and that is cordoned does not lead any more', () => {
    const node = new Node({ lastResortTime: 20_000 })
    node.lead(1)
    node.feed({ type: 'campaign-ended' })
    expect(node.leads).toBe(true)
    node.feed({ type: 'drain', source: 'cordon', drain: because('cordoned', 0) })
    expect(node.leads).toBe(false)
  })
  it('a leader whose campaign failed and that stops serving is a standby', () => {
    const node = new Node({ mode: 'standby', managesAddress: false, requireAddress: true })
    node.feed({ type: 'address-seen', present: true })
    node.lead(1)
    node.feed({ type: 'campaign-ended' })
    node.feed({ type: 'address-seen', present: false })
    node.feed({ type: 'address-seen', present: true })
    expect(node.whats.slice(-3)).toEqual(['MED 999999', 'withdraw: address-missing', 'MED 1000000'])
  })
  it('an election that hangs after it was resigned is abandoned after 10 s', () => {
    const node = new Node()
    node.feed({ type: 'sessions', established: 0 })
    node.pass(4)
    node.feed({ type: 'sessions', established: 1 })
    node.pass(20)
    expect(node.story.filter(([, what]) => /resign|campaign/.test(what))).toEqual([
      [0, 'campaign'],
      [3, 'resign'],
      [13, 'campaign'],
    ])
  })
})

it('a node starts until the first health check has passed or failed', () => {
  const fresh = newAgent({ ...config, managesAddress: false, requireAddress: false })
  expect(whyNotServing(fresh, 0)).toEqual({ reason: 'starting', detail: 'no health check has passed yet' })
  const [failed] = agentStep(fresh, { type: 'health', up: false, detail: 'HTTP 500' }, 0)
  expect(whyNotServing(failed, 0)).toEqual({ reason: 'unhealthy', detail: 'HTTP 500' })
})
