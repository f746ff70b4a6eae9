import { describe, expect, it } from 'vitest'
import type { PreviousHolder } from '../election/election.ts'
import { newSegment, type SegmentConfig, type SegmentInput, type SegmentState } from './state.ts'
import { mayHold, nextSegmentDeadline, segmentStep } from './step.ts'

const OURS = '02:00:5e:00:00:01'
const OTHER = '02:00:5e:00:00:02'
const DEAD: PreviousHolder = { mac: OTHER, released: false }
const RELEASED: PreviousHolder = { mac: OTHER, released: true }

/** The state machine in virtual time, with what it did: `probe@50`. */
class Node {
  now = 0
  done: string[] = []
  state: SegmentState
  constructor(config: Partial<SegmentConfig> = {}) {
    this.state = newSegment({ claimInUse: false, claimDelay: 0, ...config })
    this.feed({ type: 'link', mac: OURS, carrier: true })
  }
  feed(input: SegmentInput): this {
    const [state, actions] = segmentStep(this.state, input, this.now)
    this.state = state
    for (const action of actions)
      this.done.push(`${action.type}${'mac' in action ? ` ${action.mac}` : ''}@${Math.round(this.now)}`)
    return this
  }
  claim(previous: PreviousHolder, epoch = 1): this {
    return this.feed({ type: 'claim', epoch, previous })
  }
  /** A node that holds since now. */
  hold(previous: PreviousHolder = RELEASED, epoch = 1): this {
    return this.claim(previous, epoch).feed({ type: 'address-set' })
  }
  pass(milliseconds: number): this {
    const until = this.now + milliseconds
    for (let at = nextSegmentDeadline(this.state, this.now); at !== undefined && at <= until; ) {
      this.now = at
      this.feed({ type: 'tick' })
      at = nextSegmentDeadline(this.state, this.now)
    }
    this.now = until
    return this
  }
  /** What it did since the last call. */
  take(): string[] {
    return this.done.splice(0)
  }
  /** When it announced since the last call. */
  announcements(): number[] {
    return this.take()
      .filter(text => text.startsWith('announce@'))
      .map(text => Number(text.split('@')[1]))
  }
}
const heard: SegmentInput = { type: 'heard', mac: OTHER }

describe('a claim', () => {
  it('a claim after a holder that released the Lease needs no probe', () => {
    const node = new Node().claim(RELEASED)
    expect(mayHold(node.state)).toBe(true)
    expect(node.take()).toEqual(['listen@0'])
    expect(node.feed({ type: 'address-set' }).take()).toEqual(['announce@0'])
  })
  it.each([
    ['no holder', undefined],
    ['a holder whose lease ended', DEAD],
    ['a release without a MAC', { released: true }],
  ])('a claim after %s has two probes, and is decided at 150 ms', (_, previous) => {
    const node = new Node().claim(previous).pass(149)
    expect(node.take()).toEqual(['listen@0', 'probe@0', 'probe@50'])
    expect(mayHold(node.state)).toBe(false)
    expect(mayHold(node.pass(1).state)).toBe(true)
  })
  it('an unknown MAC blocks a claim if the Lease never had a holder', () => {
    const node = new Node().claim(undefined).feed(heard)
    expect(mayHold(node.state)).toBe(false)
    expect(node.state.blockedBy).toBe(OTHER)
    expect(node.pass(9999).take()).toEqual(['listen@0', 'probe@0'])
    expect(node.pass(200).take()).toEqual(['probe@10000', 'probe@10050'])
    expect(mayHold(node.state), 'it is gone').toBe(true)
    expect(node.state.blockedBy).toBeUndefined()
  })
  it('claimInUse claims in spite of another MAC, and counts a conflict', () => {
    const node = new Node({ claimInUse: true }).claim(undefined).feed(heard)
    expect(mayHold(node.state)).toBe(true)
    expect(node.state.conflicts).toBe(1)
    expect(node.take()).toContain(`conflict ${OTHER}@0`)
  })
  it('the kernel of a dead holder that answers does not stop the next holder', () => {
    const node = new Node().claim(DEAD).feed(heard)
    expect(mayHold(node.state)).toBe(true)
    expect(node.feed({ type: 'address-set' }).take()).toEqual([
      'listen@0',
      'probe@0',
      `conflict ${OTHER}@0`,
      'announce@0',
    ])
  })
  it('a claim after a lease that ended waits for the rest of the claim delay', () => {
    const node = new Node({ claimDelay: 1000 }).claim(DEAD).pass(999)
    expect(mayHold(node.state)).toBe(false)
    expect(mayHold(node.pass(1).state)).toBe(true)
  })
  it('a claim waits 1 s for a holder that released the Lease without a MAC and answers', () => {
    const node = new Node().claim({ released: true }).feed(heard).pass(999)
    expect(mayHold(node.state)).toBe(false)
    expect(mayHold(node.pass(1).state)).toBe(true)
    expect(node.state.conflicts).toBe(1)
  })
  it('a node that leads again with the same epoch needs no probe', () => {
    const node = new Node().claim(DEAD, 7).pass(150).feed({ type: 'let-go' }).pass(5000)
    node.take()
    expect(mayHold(node.claim(DEAD, 7).state)).toBe(true)
    expect(node.take()).toEqual(['listen@5150'])
  })
  it('our own MAC is no conflict', () => {
    const node = new Node().claim(undefined).feed({ type: 'heard', mac: OURS }).pass(150)
    expect(mayHold(node.state)).toBe(true)
  })
  it('without carrier no probe is sent, and the claim waits', () => {
    const node = new Node().feed({ type: 'link', mac: OURS, carrier: false }).claim(DEAD).pass(700)
    expect(node.take()).toEqual(['listen@0'])
    node.feed({ type: 'link', mac: OURS, carrier: true }).pass(150)
    expect(node.take()).toEqual(['probe@700', 'probe@750'])
    expect(mayHold(node.state)).toBe(true)
  })
  it('probes start again if carrier was gone meanwhile, 1 s after the first', () => {
    const node = new Node().claim(DEAD).pass(10)
    node.feed({ type: 'link', mac: OURS, carrier: false }).feed({ type: 'link', mac: OURS, carrier: true }).pass(2000)
    expect(node.take()).toEqual(['listen@0', 'probe@0', 'probe@1000', 'probe@1050'])
  })
})

describe('a claim that waits', () => {
  it('is not decided without carrier, since no answer could arrive', () => {
    const node = new Node().claim(undefined).pass(60).feed({ type: 'link', mac: OURS, carrier: false }).pass(900)
    expect(mayHold(node.state)).toBe(false)
    node.feed({ type: 'link', mac: OURS, carrier: true }).pass(50).feed(heard)
    expect(node.state.blockedBy).toBe(OTHER)
  })
  it('probes nothing without a MAC address', () => {
    const node = new Node().feed({ type: 'link', mac: undefined, carrier: true }).claim(DEAD).pass(700)
    expect(node.take()).toEqual(['listen@0'])
  })
  it('has the same probes if other things happen meanwhile', () => {
    const node = new Node().claim(DEAD).pass(20)
    node.feed({ type: 'tick' }).claim(DEAD, 2).feed({ type: 'link', mac: OURS, carrier: true })
    node.feed({ type: 'address-gone' }).feed({ type: 'address-set' }).feed({ type: 'confirmed' })
    expect(node.pass(130).take()).toEqual(['listen@0', 'probe@0', 'probe@50'])
    expect(mayHold(node.state)).toBe(true)
    expect(node.state.claimedEpoch).toBe(1)
  })
  it('hears nothing before its first probe', () => {
    const node = new Node().feed({ type: 'link', mac: OURS, carrier: false }).claim(undefined).feed(heard)
    node.feed({ type: 'link', mac: OURS, carrier: true }).pass(150)
    expect(mayHold(node.state)).toBe(true)
    const next = new Node().claim(DEAD).pass(200).feed({ type: 'let-go' }).claim(undefined, 2).feed(heard)
    expect(mayHold(next.pass(950).state)).toBe(true)
  })
  it('that is blocked is not tried sooner because carrier comes back', () => {
    const node = new Node().claim(undefined).feed(heard).pass(2000)
    node.feed({ type: 'link', mac: OURS, carrier: false }).feed({ type: 'link', mac: OURS, carrier: true })
    expect(node.pass(9000).take()).toEqual(['listen@0', 'probe@0', 'probe@10000', 'probe@10050'])
  })
  it('probes no more once another MAC has answered', () => {
    const node = new Node({ claimDelay: 1000 }).claim(DEAD).pass(10).feed(heard).pass(900)
    expect(node.take()).toEqual(['listen@0', 'probe@0'])
  })
  it('comes 1 s after the first probe of the claim before', () => {
    const node = new Node().claim(DEAD).pass(200).feed({ type: 'let-go' }).claim(DEAD, 2).pass(1000)
    expect(node.take()).toEqual([
      'listen@0',
      'probe@0',
      'probe@50',
      'end-listening@200',
      'listen@200',
      'probe@1000',
      'probe@1050',
    ])
  })
  it('does not wait for the claim delay if this node was the last to claim', () => {
    const node = new Node({ claimDelay: 5000 }).claim(DEAD, 7).pass(5000).feed({ type: 'let-go' })
    expect(mayHold(node.claim(DEAD, 7).state)).toBe(true)
  })
})

describe('a deadline', () => {
  const at = (node: Node) => nextSegmentDeadline(node.state, node.now)
  it('there is none before a claim, for a claim that is decided, and after the end', () => {
    expect(at(new Node())).toBeUndefined()
    expect(at(new Node().claim(DEAD).pass(150))).toBeUndefined()
    expect(at(new Node().claim(DEAD).feed(heard))).toBeUndefined()
    expect(at(new Node().hold().feed({ type: 'let-go' }))).toBeUndefined()
  })
  it('after its burst a holder has to announce a minute later, and nothing else', () => {
    expect(at(new Node().hold().pass(8000))).toBe(67_000)
    expect(at(new Node().hold().pass(20_000).feed(heard).feed({ type: 'confirmed' }).pass(8000))).toBe(87_000)
  })
})

describe('a node that does not hold', () => {
  it('does nothing about frames of others, the address, and the link', () => {
    const node = new Node()
    node.feed(heard).feed({ type: 'address-set' }).feed({ type: 'address-gone' }).feed({ type: 'let-go' })
    expect(mayHold(node.state)).toBe(false)
    expect(node.pass(60_000).take()).toEqual([])
  })
  it('what it heard before it held leads to no look', () => {
    const node = new Node().claim(RELEASED).feed(heard).feed({ type: 'address-set' })
    expect(node.take()).toEqual(['listen@0', 'announce@0'])
  })
})

describe('a holder', () => {
  it('a link that is as before changes nothing', () => {
    const node = new Node().hold().pass(30_000)
    node.take()
    expect(node.feed({ type: 'link', mac: OURS, carrier: true }).pass(10_000).take()).toEqual([])
  })
  it('a holder announces at 0, 1.1, 3 and 7 s, and then each 60 s', () => {
    expect(new Node().hold().pass(130_000).announcements()).toEqual([0, 1100, 3000, 7000, 67_000, 127_000])
  })
  it('announcements that are late are one', () => {
    const node = new Node().hold()
    node.now = 5000
    expect(node.feed({ type: 'tick' }).pass(10_000).announcements()).toEqual([0, 5000, 7000])
  })
  it('nothing is sent after it let go', () => {
    const node = new Node().hold().pass(500).feed({ type: 'let-go' })
    expect(node.take().at(-1)).toBe('end-listening@500')
    expect(node.pass(200_000).take()).toEqual([])
  })
  it('a claim within 10 s announces once, and its burst follows', () => {
    const node = new Node().hold().pass(4000).feed({ type: 'let-go' }).hold(RELEASED, 3)
    expect(node.pass(9000).announcements()).toEqual([0, 1100, 3000, 4000, 10_000, 11_100, 13_000])
  })
  it('two claims begin at least 1 s apart', () => {
    const node = new Node().claim(RELEASED).pass(200).feed({ type: 'let-go' }).claim(RELEASED, 3).pass(799)
    expect(mayHold(node.state)).toBe(false)
    expect(mayHold(node.pass(1).state)).toBe(true)
  })
  it.each<[string, SegmentInput[]]>([
    [
      'carrier is back',
      [
        { type: 'link', mac: OURS, carrier: false },
        { type: 'link', mac: OURS, carrier: true },
      ],
    ],
    ['the MAC has changed', [{ type: 'link', mac: OTHER, carrier: true }]],
    ['the address was added again', [{ type: 'address-gone' }, { type: 'address-set' }]],
  ])('a burst starts if %s', (_, inputs) => {
    const node = new Node().hold().pass(30_000)
    node.take()
    for (const input of inputs) node.feed(input)
    expect(node.pass(8000).announcements()).toEqual([30_000, 31_100, 33_000, 37_000])
  })
  it('bursts merge: one starts in 10 s', () => {
    const node = new Node().hold().pass(2000)
    for (const mac of [OTHER, OURS, OTHER]) node.feed({ type: 'link', mac, carrier: true })
    expect(node.pass(9000).announcements()).toEqual([0, 1100, 3000, 7000, 10_000])
  })
  it('without carrier nothing is sent', () => {
    const node = new Node().hold().feed({ type: 'link', mac: OURS, carrier: false })
    node.take()
    expect(node.pass(120_000).take()).toEqual([])
  })
  it('without the address nothing is sent', () => {
    const node = new Node().hold().feed({ type: 'address-gone' })
    node.take()
    expect(node.pass(120_000).take()).toEqual([])
  })
  it('a renewal of the address sends nothing', () => {
    const node = new Node().hold()
    node.take()
    expect(node.feed({ type: 'address-set' }).take()).toEqual([])
  })
})

describe('a conflict', () => {
  it('another MAC makes it ask for the Lease, and a Lease that is ours makes it defend', () => {
    const node = new Node().hold().pass(20_000)
    node.take()
    expect(node.feed(heard).take()).toEqual(['look@20000'])
    expect(node.feed({ type: 'confirmed' }).take()).toEqual([`conflict ${OTHER}@20000`, 'announce@20000'])
    expect(node.state.conflicts).toBe(1)
  })
  it('it defends, reports and asks for the Lease once in 10 s each (RFC 5227 2.4)', () => {
    const node = new Node().hold().pass(20_000)
    node.take()
    for (let i = 0; i < 110; i++) node.feed(heard).feed({ type: 'confirmed' }).pass(100)
    const took = node.take()
    expect(took.filter(text => text.startsWith('look'))).toEqual(['look@20000', 'look@30000'])
    expect(took.filter(text => text.startsWith('conflict'))).toEqual([
      `conflict ${OTHER}@20000`,
      `conflict ${OTHER}@30000`,
    ])
    expect(node.state.conflicts).toBe(2)
    expect(took.filter(text => text.startsWith('announce'))).toHaveLength(5) // 0, 1.1, 3 and 7 s, and 0 of the next
  })
  it('a holder that has probed asks for the Lease, too, and again 10 s later', () => {
    const node = new Node().claim(DEAD).pass(150).feed({ type: 'address-set' }).pass(19_850)
    node.take()
    node.feed(heard).pass(5000).feed(heard).pass(5000)
    expect(node.take()).toEqual(['look@20000', 'look@30000'])
  })
  it('a Lease that is not confirmed makes it defend nothing', () => {
    const node = new Node().hold().pass(20_000)
    node.take()
    expect(node.feed(heard).pass(9000).take()).toEqual(['look@20000'])
  })
  it('a confirmation without a conflict does nothing', () => {
    const node = new Node().hold()
    node.take()
    expect(node.feed({ type: 'confirmed' }).take()).toEqual([])
  })
})
