/** An agent on a segment as a pure function: when it may give up the Lease, and what the Lease learns. */
import { describe, expect, it } from 'vitest'
import { type AgentAction, type AgentConfig, type AgentInput, newAgent } from './state.ts'
import { agentStep, nextDeadline } from './step.ts'

const MAC = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:02'
const config: AgentConfig = {
  ...{ mode: 'leader', managesAddress: true, requireAddress: false, destroyConnections: false, hasSessions: false },
  segment: { claimInUse: false, claimDelay: 1000 },
  ...{ sessionGrace: 3000, drainTime: 3000, gracefulShutdownTime: 0, lastResortTime: undefined },
}

/** A node in virtual time. Nothing answers its actions but the inputs of the test. */
class Node {
  now = 0
  #state = newAgent(config)
  readonly #done: AgentAction[] = []

  feed(input: AgentInput): this {
    const [state, actions] = agentStep(this.#state, input, this.now)
    this.#state = state
    this.#done.push(...actions.filter(({ type }) => type !== 'arm' && type !== 'disarm'))
    return this
  }
  pass(milliseconds: number): this {
    const until = this.now + milliseconds
    for (let at = nextDeadline(this.#state, this.now); at !== undefined && at <= until; ) {
      this.now = at
      this.feed({ type: 'tick' })
      at = nextDeadline(this.#state, this.now)
    }
    this.now = until
    return this
  }
  lead(until: number, epoch = 1): this {
    const previous = { mac: OTHER, released: true }
    return this.feed({ type: 'leadership', leadership: { leader: true, epoch, until, previous } })
  }
  /** What it did since the last call. */
  take(): string[] {
    return this.#done.splice(0).map(({ type }) => type)
  }
  toElection(): AgentAction[] {
    return this.#done.splice(0).filter(({ type }) => type === 'tell-election')
  }
}
function candidate(): Node {
  const node = new Node().feed({ type: 'link', mac: MAC, carrier: true }).feed({ type: 'address-removed' })
  return node.feed({ type: 'health', up: true, until: 99_000 })
}
/** It leads and has the VIP until 10 s. */
function holder(): Node {
  const node = candidate().lead(10_000).feed({ type: 'address-set', until: 10_000 })
  node.take()
  return node
}
const unhealthy: AgentInput = { type: 'health', up: false, detail: 'HTTP 500' }

describe('a holder that stops serving', () => {
  it('keeps the Lease until the VIP is removed', () => {
    const node = holder().feed(unhealthy)
    expect(node.take()).toEqual(['withdraw', 'end-listening', 'remove-address'])
    expect(node.pass(2000).take()).toEqual([])
    expect(node.feed({ type: 'address-removed' }).take()).toEqual(['resign'])
  })
  it('keeps the Lease until the kernel has removed the VIP if nothing else does', () => {
    const node = holder().feed(unhealthy)
    node.take()
    expect(node.pass(10_999).take()).toEqual([])
    expect(node.pass(1).take()).toEqual(['resign'])
  })
  it('keeps the Lease while a step runs that may add the VIP', () => {
    const node = candidate().lead(10_000).feed(unhealthy)
    expect(node.take()).toEqual(expect.arrayContaining(['set-address']))
    expect(node.pass(10_999).take()).not.toContain('resign')
    expect(node.pass(1).take()).toEqual(['resign'])
  })
  it('leaves the Lease at once if it never had the VIP', () => {
    const node = candidate()
    node.take()
    expect(node.feed(unhealthy).take()).toEqual(['resign'])
  })
})

it('a leader whose lease has ended claims nothing', () => {
  const node = holder().pass(9999)
  node.take()
  expect(node.pass(1).take()).toEqual(['withdraw', 'end-listening', 'remove-address'])
  expect(node.feed({ type: 'address-removed' }).feed({ type: 'tick' }).take()).toEqual([])
})
it('a claim is not decided in the moment in which its interface loses carrier', () => {
  const claimed = { leader: true, epoch: 1, until: 10_000 } as const
  const node = candidate().feed({ type: 'leadership', leadership: claimed }).pass(149)
  expect(node.take()).toContain('probe')
  node.now += 1
  expect(node.feed({ type: 'link', mac: MAC, carrier: false }).take()).toEqual([])
  expect(node.feed({ type: 'link', mac: MAC, carrier: true }).take()).toEqual([])
})

describe('the planned end of a holder', () => {
  it('removes the VIP, releases the Lease, and then ends the sessions', () => {
    const node = holder().feed({ type: 'stop' })
    expect(node.take()).toEqual(['end-listening', 'remove-address'])
    expect(node.feed({ type: 'address-removed' }).take()).toEqual(['resign', 'drain'])
    expect(node.pass(2000).feed({ type: 'tick' }).take(), 'the release goes on').toEqual([])
    expect(node.feed({ type: 'campaign-ended' }).take()).toEqual(['stop-announcer'])
    expect(node.feed({ type: 'announcer-stopped' }).take()).toEqual(['done'])
  })
  it('waits 4 s for a release that hangs, and 0.5 s for the sessions', () => {
    const node = holder().feed({ type: 'stop' }).feed({ type: 'address-removed' })
    node.take()
    expect(node.pass(3999).take()).toEqual([])
    expect(node.pass(1).take()).toEqual(['stop-announcer'])
    expect(node.pass(499).take()).toEqual([])
    expect(node.pass(1).take()).toEqual(['done'])
    expect(node.pass(60_000).feed({ type: 'stop' }).take()).toEqual([])
  })
  it('waits for the kernel if the removal fails', () => {
    const node = holder().feed({ type: 'stop' }).feed({ type: 'address-failed', detail: 'EPERM' })
    node.take()
    expect(
      node
        .pass(10_999)
        .take()
        .filter(type => type !== 'remove-address'),
    ).toEqual([])
    expect(node.pass(1).take()).toEqual(expect.arrayContaining(['resign', 'drain']))
  })
  it('does not wait for a removal that hangs when the kernel has removed the VIP', () => {
    const node = holder().pass(9000).feed({ type: 'stop' })
    node.take()
    expect(node.pass(1999).take()).toEqual([])
    expect(node.pass(1).take()).toEqual(['resign', 'drain'])
  })
})

it('a removal that is new has 0.25 s at the planned end', () => {
  const node = holder().pass(10_900).feed({ type: 'stop' })
  node.take()
  expect(node.pass(249).take(), 'the kernel has removed it').toEqual(['resign'])
  expect(node.pass(1).take()).toEqual(['drain'])
})

describe('what the election gets', () => {
  it('that the VIPs are claimed, once, and the MAC address again if it changes', () => {
    const node = candidate()
    expect(node.toElection()).toEqual([{ type: 'tell-election', mac: MAC, hasClaimed: false }])
    expect(node.lead(10_000).toElection()).toEqual([{ type: 'tell-election', mac: MAC, hasClaimed: true }])
    expect(node.feed({ type: 'address-set', until: 10_000 }).lead(11_000).toElection()).toEqual([])
    node.feed({ type: 'link', mac: OTHER, carrier: true })
    expect(node.toElection()).toEqual([{ type: 'tell-election', mac: OTHER, hasClaimed: true }])
  })
  it('the same after the end of the leadership, because the release says it', () => {
    const node = holder().feed(unhealthy).feed({ type: 'address-removed' })
    expect(node.toElection()).toEqual([])
  })
  it('nothing while the interface is gone', () => {
    const node = holder().feed({ type: 'link', mac: undefined, carrier: false })
    expect(node.take()).toEqual([])
  })
})

describe('a holder whose clock jumped', () => {
  it('asks once, and holds nothing until the Lease lasts longer', () => {
    const node = holder().feed({ type: 'clock-jumped' })
    expect(node.take()).toEqual(['withdraw', 'look', 'end-listening', 'remove-address'])
    node.feed({ type: 'address-removed' })
    expect(node.lead(10_001).take(), 'a new claim, and nothing new for the Lease').toEqual(['listen'])
    node.feed({ type: 'clock-jumped' }).pass(1000)
    node.take()
    expect(node.lead(10_001).take(), 'as before').toEqual([])
    expect(node.lead(10_002).take()).toEqual(['listen', 'set-address'])
  })
  it('goes on if its leadership has no end', () => {
    const node = candidate().lead(Number.POSITIVE_INFINITY)
    node.take()
    expect(node.feed({ type: 'clock-jumped' }).take()).toEqual([])
  })
  it('does nothing if it did not lead', () => {
    const node = candidate()
    node.take()
    expect(node.feed({ type: 'clock-jumped' }).take()).toEqual([])
  })
})

describe('a holder that hears another MAC address', () => {
  it('defends the VIP when the Lease is confirmed, and not because of a value it knows', () => {
    const node = holder().pass(9000).lead(19_000).feed({ type: 'address-set', until: 19_000 })
    node.take()
    node.feed({ type: 'heard', mac: OTHER })
    expect(node.take()).toEqual(['look'])
    expect(node.lead(19_000).take()).toEqual([])
    expect(node.lead(19_500).take()).toContain('conflict')
  })
  it('announces nothing while the VIP is gone, and a burst when it is back', () => {
    const node = holder().pass(15).lead(10_000)
    node.take()
    expect(node.feed({ type: 'address-gone' }).take()[0]).toBe('set-address')
    expect(node.pass(8000).take()).toEqual([])
    node.lead(30_000).feed({ type: 'address-set', until: 30_000 })
    expect(node.pass(2000).take()).toContain('announce')
  })
})
