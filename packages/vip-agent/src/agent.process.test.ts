/** Agents and a router made of our own Listener, over TCP on loopback: which agent has the VIP, and when it is removed. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Duplex, PassThrough } from 'node:stream'
import { Listener, type Logger, Session, type SessionConfig } from '@softspoken/session'
import { routes } from '@softspoken/wire'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runAgent } from './agent.ts'
import { leaseDirectory } from './election/directory.ts'
import type { Election, Leadership } from './election/election.ts'
import { leaseElection } from './election/lease-election.ts'
import { profiles } from './election/options.ts'

const VIP = '198.51.100.10/32'
const A = '127.0.0.2'
const B = '127.0.0.3'
const C = '127.0.0.4'
const pollOptions = { timeout: 15_000, interval: 20 }

let folder: string
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'agent-'))))
afterEach(() => rm(folder, { recursive: true }))

describe('agents in leader mode', () => {
  it('the VIP moves from a failing service, and from an agent that ends', {
    timeout: 60_000,
  }, async () => {
    await using router = await Router.open()
    const election = (name: string) =>
      leaseElection(leaseDirectory(join(folder, 'lease')), { identity: name, ...profiles.fast })
    await using a = new Node(router, A, election('a'))
    await expect.poll(() => router.best, pollOptions).toEqual({ from: A, med: 999_999 })
    await using b = new Node(router, B, election('b'))
    await b.established()

    a.isHealthy = false
    await expect.poll(() => router.best, pollOptions).toEqual({ from: B, med: 999_998 })
    await expect.poll(() => a.story, pollOptions).toContain('remove the VIP')
    expect(a.story).toEqual([
      'health gate up',
      'leading',
      'add the VIP',
      'route sent',
      'health gate down',
      'withdrawn',
      'no longer leading',
      'remove the VIP',
    ])

    await using c = new Node(router, C, election('c'))
    await c.established()
    await expect.poll(() => c.story, pollOptions).toContain('health gate up')
    await b.end()
    expect(router.best, 'the route of C arrives before that of B goes').toEqual({ from: C, med: 999_997 })
    expect(router.gaps, 'times without any route: only after the service failed').toBe(1)
    expect(b.story.slice(-4)).toEqual(['withdrawn', 'session down', 'remove the VIP', 'health gate down'])
  })
})

describe('two agents in all-nodes mode', () => {
  it('two agents announce with one MED, and one that ends leaves no gap', { timeout: 60_000 }, async () => {
    await using router = await Router.open()
    await using a = new Node(router, A)
    await using b = new Node(router, B)
    await expect.poll(() => router.table.size, pollOptions).toBe(2)
    expect(new Set(router.table.values()).size).toBe(1)
    await a.end()
    expect([...router.table.keys()]).toEqual([B])
    expect(router.gaps).toBe(0)
    expect(a.story.slice(-4)).toEqual(['withdrawn', 'session down', 'remove the VIP', 'health gate down'])
    expect(b.story).not.toContain('withdrawn')
  })
})

describe('an agent', () => {
  it('an agent withdraws if the election yields nothing until its leadership ends', { timeout: 60_000 }, async () => {
    await using router = await Router.open()
    await using a = new Node(router, A, yields(lead(7, 2.2)))
    await expect.poll(() => router.best, pollOptions).toEqual({ from: A, med: 999_993 })
    await expect.poll(() => a.story, pollOptions).toContain('remove the VIP')
    expect(router.best).toBeUndefined()
    expect(a.reasons).toEqual([expect.stringMatching(/^the lease of 2\.\d+ s ran out$/)])
  })

  it('an agent that stops leading withdraws and keeps its session', { timeout: 60_000 }, async () => {
    await using router = await Router.open()
    await using a = new Node(router, A, yields(lead(1, 60), { leader: false }))
    await expect.poll(() => a.story, pollOptions).toContain('remove the VIP')
    expect(a.story).toEqual([
      'health gate up',
      'leading',
      'add the VIP',
      'no longer leading',
      'withdrawn',
      'remove the VIP',
    ])
    await a.established()
    expect(router.best).toBeUndefined()
  })

  it('an agent whose VIP cannot be added announces nothing and fails', { timeout: 60_000 }, async () => {
    await using router = await Router.open()
    await using a = new Node(router, A, undefined, new Error('Operation not permitted'))
    await expect(a.ended).rejects.toThrow('Operation not permitted')
    expect(router.table.size).toBe(0)
    expect(a.story).not.toContain('route sent')
  })
})

it('an agent offers the family of its VIP to a router of the other family', async () => {
  const ending = new AbortController()
  const offered: (readonly string[])[] = []
  const dial = ({ families }: SessionConfig): Duplex => {
    offered.push(families)
    ending.abort()
    return new PassThrough()
  }
  const announcer = { local: { as: 64515, id: '10.0.0.2' }, peers: [{ as: 65000, address: '2001:db8::1' }], dial }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  await runAgent({ vip: VIP, announcer, health: { check: async () => {} }, log }, ending.signal)
  expect(offered).toEqual([['ipv4-unicast']])
})

/** This node leads for so many seconds. */
const lead =
  (epoch: number, seconds: number) =>
  (now: number): Leadership => ({ leader: true, epoch, until: now + seconds * 1000 })

/** An election that yields these values, and then nothing more. */
function yields(...values: (Leadership | ((now: number) => Leadership))[]): Election {
  return {
    async *campaign(signal) {
      for (const value of values) yield typeof value === 'function' ? value(performance.now()) : value
      await new Promise(done => signal.addEventListener('abort', done))
    },
  }
}

/** A node with its agent and its service. */
class Node implements AsyncDisposable {
  isHealthy = true
  /** What its agent logged, and did to the interface. */
  readonly story: string[] = []
  readonly reasons: unknown[] = []
  readonly ended: Promise<void>
  readonly #ending = new AbortController()
  readonly #router: Router
  readonly #own: string

  constructor(router: Router, own: string, election?: Election, failure?: Error) {
    this.#router = router
    this.#own = own
    const agent = {
      vip: VIP,
      announcer: {
        local: { as: 64515, id: own.replace('127.', '10.'), address: own },
        peers: [{ as: 65000, address: '127.0.0.1', port: router.port }],
        nextHop: '203.0.113.11',
        drainTime: 1,
        gracefulShutdownTime: election ? 2 : 0,
      },
      health: { check: () => this.#check(), interval: 1, rise: 1, fall: 1 },
      ...(election && { election }),
      interface: {
        add: async () => {
          if (failure) throw failure
          this.story.push('add the VIP')
        },
        remove: async () => void this.story.push('remove the VIP'),
      },
      log: this.#log(),
    }
    this.ended = runAgent(agent, this.#ending.signal)
    this.ended.catch(() => {}) // a test that awaits it sees the error
  }
  async established(): Promise<void> {
    await expect.poll(() => this.#router.stateOf(this.#own), pollOptions).toBe('Established')
  }
  end(): Promise<void> {
    this.#ending.abort()
    return this.ended
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.end().catch(() => {})
  }

  async #check(): Promise<void> {
    if (!this.isHealthy) throw new Error('unhealthy')
  }
  #log(): Logger {
    const record = (fields: { detail?: unknown }, text: string): void => {
      if (text === 'withdrawn') this.reasons.push(fields.detail)
      if (loggedTexts.includes(text)) this.story.push(text)
    }
    return { debug: () => {}, info: record, warn: record, error: record }
  }
}
const loggedTexts = [
  'health gate up',
  'health gate down',
  'leading',
  'no longer leading',
  'route sent',
  'withdrawn',
  'session down',
]

/** Uses the route with the lowest MED, and the first of two with the same. */
class Router implements AsyncDisposable {
  /** MED by neighbour. */
  readonly table = new Map<string, number | undefined>()
  /** How often the last route was withdrawn. */
  gaps = 0
  port = 0
  readonly #sessions: readonly Session[]
  readonly #listener = new Listener({ address: '127.0.0.1', port: 0 })

  static async open(): Promise<Router> {
    const router = new Router()
    router.port = await router.#listener.listen()
    return router
  }
  private constructor() {
    this.#sessions = [A, B, C].map(address => this.#neighbour(address))
  }
  get best(): { from: string; med: number | undefined } | undefined {
    const [best] = [...this.table].sort(([, one = 0], [, other = 0]) => one - other)
    return best && { from: best[0], med: best[1] }
  }
  stateOf(address: string): string | undefined {
    return this.#sessions.find(({ config }) => config.peer.address === address)?.state
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sessions.map(session => session.stop()))
    await this.#listener.stop()
  }

  #neighbour(address: string): Session {
    const session = new Session({ local: { as: 65000, id: '10.0.5.1' }, peer: { as: 64515, address }, passive: true })
    session.on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      if (announced.length > 0) this.table.set(address, update.attributes.med)
      if (withdrawn.length > 0) this.#lose(address)
    })
    session.on('down', () => this.#lose(address))
    this.#listener.serve(session.start())
    return session
  }
  #lose(address: string): void {
    if (this.table.delete(address) && this.table.size === 0) this.gaps++
  }
}
