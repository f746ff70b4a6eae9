/**
 * An agent and a router in virtual time, over a connection in memory: the order and the times of
 * what happens. All tests share this simulation, so they are in one file.
 */
import { duplexPair } from 'node:stream'
import { type Logger, Session } from '@softspoken/session'
import { routes } from '@softspoken/wire'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AgentOptions, runAgent } from './agent.ts'
import type { Election, Leadership } from './election/election.ts'

const VIP = '198.51.100.10/32'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Advances the clock; connections in memory need turns of the event loop in between. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 20; step++) {
    for (let turn = 0; turn < 4; turn++) await new Promise(done => setImmediate(done))
    await vi.advanceTimersByTimeAsync(50)
  }
}

const leads = (epoch: number, seconds = Number.POSITIVE_INFINITY): Leadership => ({
  leader: true,
  epoch,
  until: performance.now() + seconds * 1000,
})

/** Yields `leadership` every second. Undefined: it hangs, even if the signal is aborted. */
class TestElection implements Election {
  leadership: Leadership | undefined = leads(1)
  readonly #seconds: number
  constructor(seconds = 3) {
    this.#seconds = seconds
  }
  async *campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    while (!signal.aborted) {
      if (this.leadership === undefined) await new Promise(() => {})
      else if (this.leadership.leader) yield leads(this.leadership.epoch, this.#seconds)
      else yield this.leadership
      await new Promise(done => setTimeout(done, 1000))
    }
  }
}

/** An agent on a node, and what reached its router and its interface: `[seconds, what]`. */
class Run {
  isHealthy = true
  readonly story: [at: number, what: string][] = []
  readonly lines: string[] = []
  dials = 0
  /** When the router received a NOTIFICATION, and after how many entries of `story`. */
  notification: [at: number, after: number] | undefined
  end: 'resolved' | Error | undefined
  readonly #ending = new AbortController()
  readonly #from = performance.now()

  constructor(given: Partial<AgentOptions> & { add?: () => Promise<void>; remove?: () => Promise<void> } = {}) {
    const { add, remove, ...rest } = given
    const note = (_: object, text: string) => void this.lines.push(text)
    const log: Logger = { debug: note, info: note, warn: note, error: note }
    runAgent(
      {
        vip: VIP,
        announcer: {
          local: { as: 64515, id: '10.0.5.11' },
          peers: [{ as: 64515, address: '10.0.5.1' }], // iBGP: 5 s between two advertisements
          nextHop: '203.0.113.11',
          drainTime: 3,
          dial: () => this.#dial(),
        },
        health: { check: () => this.#check(), interval: 1, rise: 1, fall: 1 },
        interface: {
          add: async () => {
            this.#note('add')
            await add?.()
          },
          remove: async () => {
            this.#note('remove')
            await remove?.()
          },
        },
        log,
        ...rest,
      },
      this.#ending.signal,
    ).then(
      () => this.#ended('resolved'),
      error => this.#ended(error),
    )
  }
  stop(): void {
    this.#ending.abort()
  }
  get whats(): string[] {
    return this.story.map(([, what]) => what)
  }
  /** When it happened first. */
  at(what: string): number {
    const found = this.story.find(([, one]) => one === what)
    if (found === undefined) throw new Error(`'${what}' did not happen: ${this.whats}`)
    return found[0]
  }

  async #check(): Promise<void> {
    if (!this.isHealthy) throw new Error('unhealthy')
  }
  #ended(how: 'resolved' | Error): void {
    this.end = how
    this.#note('end')
  }
  #note(what: string): void {
    this.story.push([this.#now(), what])
  }
  #now(): number {
    return Math.round((performance.now() - this.#from) / 100) / 10
  }
  #dial() {
    this.dials++
    const [near, far] = duplexPair()
    const router = new Session({
      local: { as: 64515, id: '10.0.5.1' },
      peer: { as: 64515, address: '10.0.5.11' },
      passive: true,
    }).start()
    router.on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      if (announced.length > 0) this.#note(`MED ${update.attributes.med}`)
      if (withdrawn.length > 0) this.#note('withdrawn')
    })
    router.on('down', ({ received }) => {
      if (received) this.notification = [this.#now(), this.whats.length]
      void router.stop()
    })
    setImmediate(() => {
      near.emit('connect')
      router.accept(far)
    })
    return near
  }
}

describe('a leader', () => {
  it('a leader with a healthy service is announced without a gap', async () => {
    const run = new Run({ election: new TestElection() })
    await pass(12)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    run.stop()
    await pass(10)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove', 'end'])
    expect(run.end).toBe('resolved')
  })

  it('a leader with a new epoch sends its new MED and keeps the VIP', async () => {
    const election = new TestElection()
    const run = new Run({ election })
    await pass(6)
    election.leadership = leads(4)
    await pass(6)
    expect(run.whats).toEqual(['add', 'MED 999999', 'MED 999996'])
    run.stop()
    await pass(10)
  })

  it('a failing service is withdrawn at once; the VIP stays for drainTime', async () => {
    const run = new Run()
    await pass(3)
    run.isHealthy = false
    await pass(6)
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove'])
    expect(run.at('remove') - run.at('withdrawn')).toBeCloseTo(3, 0)
    run.stop()
    await pass(10)
  })

  it('a lost election withdraws at once; the VIP stays for drainTime', async () => {
    const election = new TestElection()
    const run = new Run({ election })
    await pass(3)
    election.leadership = { leader: false }
    await pass(6)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove'])
    expect(run.at('remove') - run.at('withdrawn')).toBeCloseTo(3, 0)
    run.stop()
    await pass(10)
  })

  it('a leader that leads again within drainTime keeps the VIP', async () => {
    const election = new TestElection()
    const run = new Run({ election })
    await pass(6)
    election.leadership = { leader: false }
    await pass(2)
    election.leadership = leads(2)
    await pass(8)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'MED 999998'])
    run.stop()
    await pass(10)
  })

  it('an agent that ends removes the VIP after the drain and the Cease', async () => {
    const run = new Run()
    await pass(3)
    run.stop()
    await pass(10)
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove', 'end'])
    expect(run.at('remove') - run.at('withdrawn')).toBeGreaterThanOrEqual(3)
    expect(run.notification).toEqual([run.at('remove'), run.whats.indexOf('remove')])
  })
})

describe('an election that fails', () => {
  it('an election that hangs is withdrawn when it ends; the agent can end', async () => {
    const election = new TestElection()
    const run = new Run({ election })
    await pass(3)
    election.leadership = undefined
    await pass(8)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove'])
    run.stop()
    await pass(7)
    expect(run.end).toBe('resolved')
  })
  it('an election that hangs does not delay the withdrawal at the end', async () => {
    const election = new TestElection(Number.POSITIVE_INFINITY)
    const run = new Run({ election }) // its last value counts on
    await pass(3)
    election.leadership = undefined
    await pass(3)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    run.stop()
    await pass(10)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove', 'end'])
  })
  const endings: [string, Election, string][] = [
    ['ends by itself', { async *campaign() {} }, 'the election ended before its signal was aborted'],
    [
      'ends after a value',
      {
        async *campaign() {
          yield leads(1)
        },
      },
      'the election ended before its signal was aborted',
    ],
    [
      'throws at once',
      {
        campaign() {
          throw new Error('no API server')
        },
      },
      'no API server',
    ],
    [
      'throws after a value',
      {
        async *campaign() {
          yield leads(1)
          throw new Error('no API server')
        },
      },
      'no API server',
    ],
    [
      'throws again when it ends',
      {
        async *campaign() {
          try {
            yield leads(1)
            await Promise.reject(new Error('no API server'))
          } finally {
            await Promise.reject(new Error('no API server, still'))
          }
        },
      },
      'no API server',
    ],
  ]
  it.each(endings)('an election that %s ends the agent, without route and VIP', async (_, election, message) => {
    const run = new Run({ election })
    await pass(12)
    expect(String(run.end)).toContain(message)
    const last = run.whats.filter(what => /^(add|remove|MED|withdrawn)/.test(what)).at(-1)
    expect(last).toBeOneOf([undefined, 'remove'])
  })
  it('an election that fails to end ends the agent, without route and VIP', async () => {
    const run = new Run({
      election: {
        async *campaign() {
          try {
            for (;;) {
              yield leads(1)
              await new Promise(done => setTimeout(done, 1000))
            }
          } finally {
            await Promise.reject(new Error('no API server'))
          }
        },
      },
    })
    await pass(3)
    run.isHealthy = false
    await pass(12)
    expect(String(run.end)).toContain('no API server')
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove', 'end'])
  })
  it('an election that never pauses does not keep the agent from ending', async () => {
    const run = new Run({
      election: {
        async *campaign(signal) {
          while (!signal.aborted) yield leads(1)
        },
      },
    })
    await pass(2)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    run.stop()
    await pass(10)
    expect(run.end).toBe('resolved')
  })
})

describe('an interface that fails', () => {
  const never = () => new Promise<void>(() => {})
  const refuse = () => Promise.reject(new Error('Operation not permitted'))

  it('a remove() that fails ends the agent with its error', async () => {
    const run = new Run({ remove: refuse })
    await pass(3)
    run.isHealthy = false
    await pass(12)
    expect(String(run.end)).toContain('Operation not permitted')
  })
  it('a remove() that fails at the end rejects, after the withdrawal', async () => {
    const run = new Run({ remove: refuse })
    await pass(3)
    run.stop()
    await pass(12)
    expect(String(run.end)).toContain('Operation not permitted')
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove', 'end'])
  })
  it('an add() that never answers announces nothing and ends the agent', async () => {
    const run = new Run({ add: never })
    await pass(20)
    expect(String(run.end)).toContain('interface.add() did not end within 5 s')
    expect(run.whats).toEqual(['add', 'remove', 'end'])
  })
  it('a remove() that never answers does not keep the agent from ending', async () => {
    const run = new Run({ remove: never })
    await pass(3)
    run.stop()
    await pass(12)
    expect(String(run.end)).toContain('interface.remove() did not end within 5 s')
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove', 'end'])
  })
  it('after a slow add() the next value of the election announces', async () => {
    const run = new Run({ election: new TestElection(), add: () => new Promise(done => setTimeout(done, 2500)) })
    await pass(8)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    expect(run.at('MED 999999') - run.at('add')).toBeGreaterThanOrEqual(3.4)
    run.stop()
    await pass(10)
  })
  it('after a slow add() nothing is announced if the service has failed', async () => {
    const run = new Run({ add: () => new Promise(done => setTimeout(done, 3000)) })
    await pass(1)
    run.isHealthy = false
    await pass(12)
    expect(run.whats).toEqual(['add', 'remove'])
    run.stop()
    await pass(10)
  })
})

describe('a value of the election', () => {
  it('a value from before a failed check announces nothing after it', async () => {
    const election = new TestElection(Number.POSITIVE_INFINITY)
    const run = new Run({
      election,
      add: () => new Promise(done => setTimeout(done, 4000)),
    })
    await pass(1)
    run.isHealthy = false
    election.leadership = { leader: false }
    await pass(2)
    run.isHealthy = true
    await pass(8)
    expect(run.whats).toEqual(['add', 'remove'])
    run.stop()
    await pass(10)
    expect(run.end).toBe('resolved')
  })
})

describe('a log that throws', () => {
  it.each(['withdrawn', 'leading', 'no longer leading', 'route sent', 'session established', 'health gate down'])(
    'a log that throws at "%s" changes nothing',
    async text => {
      const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
      const fail = (_: object, given: string) => {
        if (given === text) throw new Error('the disk is full')
      }
      const election = new TestElection()
      const run = new Run({ election, log: { debug: fail, info: fail, warn: fail, error: fail } })
      await pass(3)
      run.isHealthy = false
      await pass(6)
      expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove'])
      run.stop()
      await pass(10)
      expect(run.end).toBe('resolved')
      warn.mockRestore()
    },
  )
})

describe('options that are not allowed', () => {
  it.each([
    [{ log: true }, 'log: true is not allowed, it must be an object with the methods debug, info, warn and error'],
    [{ log: {} }, 'log.debug: undefined is not allowed, it must be a method'],
    [{ log: undefined }, 'log: undefined is not allowed'],
    [{ interface: { add: 1 } }, 'interface.add: undefined is not allowed, it must be a method'],
    [{ election: {} }, 'election.campaign: undefined is not allowed, it must be a method'],
    [{ vip: '198.51.100.0/24' }, '198.51.100.0/24'],
    [{ elections: {} }, 'elections: no such option, did you mean election?'],
  ])('the agent with %j fails before it dials or checks', async (given, message) => {
    let checks = 0
    const health = { check: async () => void checks++ }
    const run = new Run({ health, ...given } as Partial<AgentOptions>)
    await pass(1)
    expect(String(run.end)).toContain(message)
    expect([run.dials, checks]).toEqual([0, 0])
  })
})
