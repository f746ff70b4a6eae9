/** An agent and a router in virtual time, over a connection in memory: what happens when, and when something fails. */
import { duplexPair } from 'node:stream'
import { type Logger, Session } from '@softspoken/session'
import { routes } from '@softspoken/wire'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type AgentOptions, runAgent } from './agent.ts'
import type { Election, Leadership } from './election.ts'

const VIP = '198.51.100.10/32'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => void vi.useRealTimers())

/** Seconds go by; connections in memory need turns of the event loop in between. */
async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 20; step++) {
    for (let turn = 0; turn < 4; turn++) await new Promise(done => setImmediate(done))
    await vi.advanceTimersByTimeAsync(50)
  }
}

const leads = (epoch: number): Leadership => ({ leader: true, epoch })

/** Says the word that `word` holds, every second; undefined: hangs, whatever the signal says. */
class Words implements Election {
  readonly ttl = 3
  word: Leadership | undefined = leads(1)
  async *campaign(signal: AbortSignal): AsyncGenerator<Leadership> {
    while (!signal.aborted) {
      if (this.word === undefined) await new Promise(() => {})
      else yield this.word
      await new Promise(done => setTimeout(done, 1000))
    }
  }
}

/** An agent on a node, and what its router and its interface saw: `[seconds, what]`. */
class Run {
  isWell = true
  readonly story: [at: number, what: string][] = []
  readonly lines: string[] = []
  dials = 0
  /** When the router received a NOTIFICATION, and after how much of the story. */
  goodbye: [at: number, after: number] | undefined
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
      why => this.#ended(why),
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
    if (!this.isWell) throw new Error('not well')
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
      if (received) this.goodbye = [this.#now(), this.whats.length]
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
  it('that is well for three ttl is announced throughout, without a gap', async () => {
    const run = new Run({ election: new Words() })
    await pass(12)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    run.stop()
    await pass(10)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove', 'end'])
    expect(run.end).toBe('resolved')
  })

  it('with a new epoch tells the router its new MED, and keeps the address', async () => {
    const election = new Words()
    const run = new Run({ election })
    await pass(6)
    election.word = leads(4)
    await pass(6)
    expect(run.whats).toEqual(['add', 'MED 999999', 'MED 999996'])
    run.stop()
    await pass(10)
  })

  it('that fails is withdrawn at once, and keeps the address for drainTime', async () => {
    const run = new Run()
    await pass(3)
    run.isWell = false
    await pass(6)
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove'])
    expect(run.at('remove') - run.at('withdrawn')).toBeCloseTo(3, 0)
    run.stop()
    await pass(10)
  })

  it('that another follows is withdrawn at once, and keeps the address for drainTime', async () => {
    const election = new Words()
    const run = new Run({ election })
    await pass(3)
    election.word = { leader: false }
    await pass(6)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove'])
    expect(run.at('remove') - run.at('withdrawn')).toBeCloseTo(3, 0)
    run.stop()
    await pass(10)
  })

  it('that leads again within drainTime never lost the address', async () => {
    const election = new Words()
    const run = new Run({ election })
    await pass(6)
    election.word = { leader: false }
    await pass(2)
    election.word = leads(2)
    await pass(8)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'MED 999998'])
    run.stop()
    await pass(10)
  })

  it('that ends removes the address after the drain and the Cease', async () => {
    const run = new Run()
    await pass(3)
    run.stop()
    await pass(10)
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove', 'end'])
    expect(run.at('remove') - run.at('withdrawn')).toBeGreaterThanOrEqual(3)
    expect(run.goodbye).toEqual([run.at('remove'), run.whats.indexOf('remove')])
  })
})

describe('an election that fails', () => {
  it('and hangs is withdrawn when its word is over; the agent ends when it is told to', async () => {
    const election = new Words()
    const run = new Run({ election })
    await pass(3)
    election.word = undefined
    await pass(8)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove'])
    run.stop()
    await pass(7)
    expect(run.end).toBe('resolved')
  })
  it('and hangs keeps no withdrawal from the router when the agent ends', async () => {
    const election = new Words()
    const run = new Run({ election: { campaign: signal => election.campaign(signal) } }) // without a ttl, its word stands
    await pass(3)
    election.word = undefined
    await pass(3)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    run.stop()
    await pass(10)
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove', 'end'])
  })
  const endings: [string, Election, string][] = [
    ['ends by itself', { async *campaign() {} }, 'the election ended before it was told to'],
    [
      'ends after a word',
      {
        async *campaign() {
          yield leads(1)
        },
      },
      'the election ended before it was told to',
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
      'throws after a word',
      {
        async *campaign() {
          yield leads(1)
          throw new Error('no API server')
        },
      },
      'no API server',
    ],
    [
      'throws when it lets go, after that',
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
  it.each(endings)(
    'and %s ends the agent with its reason, withdrawn and without the address',
    async (_, election, why) => {
      const run = new Run({ election })
      await pass(12)
      expect(String(run.end)).toContain(why)
      const last = run.whats.filter(what => /^(add|remove|MED|withdrawn)/.test(what)).at(-1)
      expect(last).toBeOneOf([undefined, 'remove'])
    },
  )
  it('and cannot let go ends the agent with its reason, without route and address', async () => {
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
    run.isWell = false
    await pass(12)
    expect(String(run.end)).toContain('no API server')
    expect(run.whats).toEqual(['add', 'MED 999999', 'withdrawn', 'remove', 'end'])
  })
  it('and says its words without a pause does not keep the agent from ending', async () => {
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

  it('at the removal ends the agent with its reason', async () => {
    const run = new Run({ remove: refuse })
    await pass(3)
    run.isWell = false
    await pass(12)
    expect(String(run.end)).toContain('Operation not permitted')
  })
  it('at the end makes the agent fail, after the router was told', async () => {
    const run = new Run({ remove: refuse })
    await pass(3)
    run.stop()
    await pass(12)
    expect(String(run.end)).toContain('Operation not permitted')
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove', 'end'])
  })
  it('and never answers at add() announces nothing, and ends the agent with its reason', async () => {
    const run = new Run({ add: never })
    await pass(20)
    expect(String(run.end)).toContain('interface.add() did not end within 5 s')
    expect(run.whats).toEqual(['add', 'remove', 'end'])
  })
  it('and never answers at remove() does not keep the agent from ending', async () => {
    const run = new Run({ remove: never })
    await pass(3)
    run.stop()
    await pass(12)
    expect(String(run.end)).toContain('interface.remove() did not end within 5 s')
    expect(run.whats).toEqual(['add', 'MED 1000000', 'withdrawn', 'remove', 'end'])
  })
  it('and takes long at add() is announced by the next word of the election', async () => {
    const run = new Run({ election: new Words(), add: () => new Promise(done => setTimeout(done, 2500)) })
    await pass(8)
    expect(run.whats).toEqual(['add', 'MED 999999'])
    expect(run.at('MED 999999') - run.at('add')).toBeGreaterThanOrEqual(3.4)
    run.stop()
    await pass(10)
  })
  it('and takes long at add() announces nothing once the service is not well', async () => {
    const run = new Run({ add: () => new Promise(done => setTimeout(done, 3000)) })
    await pass(1)
    run.isWell = false
    await pass(12)
    expect(run.whats).toEqual(['add', 'remove'])
    run.stop()
    await pass(10)
  })
})

describe('a word of the election', () => {
  it('from before the service failed announces nothing after it', async () => {
    const election = new Words()
    const run = new Run({
      election: { campaign: signal => election.campaign(signal) },
      add: () => new Promise(done => setTimeout(done, 4000)),
    })
    await pass(1)
    run.isWell = false
    election.word = { leader: false }
    await pass(2)
    run.isWell = true
    await pass(8)
    expect(run.whats).toEqual(['add', 'remove'])
    run.stop()
    await pass(10)
    expect(run.end).toBe('resolved')
  })
})

describe('a log that throws', () => {
  it.each(['withdrawn', 'leading', 'leading no more', 'route sent', 'session established', 'health gate down'])(
    'at "%s" changes nothing',
    async text => {
      const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
      const fail = (_: object, given: string) => {
        if (given === text) throw new Error('the disk is full')
      }
      const election = new Words()
      const run = new Run({ election, log: { debug: fail, info: fail, warn: fail, error: fail } })
      await pass(3)
      run.isWell = false
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
    [{ log: true }, 'log.debug is not allowed'],
    [{ log: undefined }, 'log.debug is not allowed'],
    [{ interface: { add: 1 } }, 'interface.add is not allowed'],
    [{ election: {} }, 'election.campaign is not allowed'],
    [{ election: { ttl: 1, campaign: () => [] } }, 'election.ttl: 1 is not allowed, it must be from 2 to 3600'],
    [{ election: { ttl: Number.NaN, campaign: () => [] } }, 'election.ttl: NaN is not allowed'],
    [{ vip: '198.51.100.0/24' }, '198.51.100.0/24'],
  ])('%j: the agent fails before it dials or checks', async (given, why) => {
    let checks = 0
    const health = { check: async () => void checks++ }
    const run = new Run({ health, ...given } as Partial<AgentOptions>)
    await pass(1)
    expect(String(run.end)).toContain(why)
    expect([run.dials, checks]).toEqual([0, 0])
  })
})
