/**
 * An announcer beside a model of it, through any sequence of calls, leases, resets, refreshes and pauses. All times are
 * whole seconds, and the two are compared at each: so what is late, early, needless or missing is seen at its second.
 */
import type { Announcement, Announcer } from '@softspoken/announcer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lab, type Router } from './lab.ts'

const prefixes = ['198.51.100.10/32', '198.51.100.11/32', '2001:db8::10/128', '2001:db8::11/128']

interface Wish {
  med: number
  readonly ttl: number | undefined
  until: number
  /** Listeners have not been told that it is gone. */
  stands: boolean
}

/** What one router must know of us. */
interface Peer {
  readonly interval: number
  readonly carries: (prefix: string) => boolean
  readonly knows: Map<string, number>
  readonly advertisedAt: Map<string, number>
  /** It has asked for all of it again. */
  asking: boolean
  /** How much of what it heard has been judged. */
  seen: number
}

class Model {
  now = 0
  readonly wishes = new Map<string, Wish>()
  readonly peers: readonly Peer[]
  withdrawals = 0

  constructor(kinds: readonly Pick<Peer, 'interval' | 'carries'>[]) {
    const memory = () => ({ knows: new Map(), advertisedAt: new Map(), asking: false, seen: 0 })
    this.peers = kinds.map(kind => ({ ...kind, ...memory() }))
  }
  get desired(): ReadonlyMap<string, number> {
    const standing = [...this.wishes].filter(([, { until }]) => this.now < until)
    return new Map(standing.map(([prefix, { med }]) => [prefix, med]))
  }
  /** Each lease that has run out is told once. */
  lapse(): void {
    for (const wish of this.wishes.values())
      if (wish.stands && this.now >= wish.until) {
        wish.stands = false
        this.withdrawals++
      }
  }
}

class Real {
  readonly lab = new Lab()
  readonly routers: readonly Router[]
  readonly announcer: Announcer
  readonly announcements = new Map<string, Announcement>()
  withdrawals = 0

  constructor() {
    const { lab } = this
    this.routers = [
      lab.router({ address: '192.0.2.254', as: 65000 }),
      lab.router({ address: '192.0.2.253', as: 65001 }),
      lab.router({ address: '2001:db8:1::fe', localAddress: '2001:db8:1::1', families: ['ipv6-unicast'] }),
    ]
    this.announcer = lab.announcer({ maxPrefixes: prefixes.length, backOff: { protocolInitial: 30 } })
    this.announcer.on('withdrawn', () => this.withdrawals++)
  }
}

const isIpv6 = (prefix: string) => prefix.includes(':')
const kinds = [
  { interval: 30, carries: (prefix: string) => !isIpv6(prefix) },
  { interval: 5, carries: (prefix: string) => !isIpv6(prefix) },
  { interval: 30, carries: isIpv6 },
]

type Command = fc.AsyncCommand<Model, Real, false>

/** Does something to the model and to the announcer; then both must agree. */
function command(name: string, act: (model: Model, real: Real) => void | Promise<void>): Command {
  return {
    check: () => true,
    async run(model, real) {
      await act(model, real)
      await real.lab.pass(0)
      agree(model, real)
    },
    toString: () => name,
  }
}

function announce(prefix: string, med: number, ttl: number | undefined): Command {
  return command(`announce(${prefix}, ${med}, ${ttl})`, (model, { announcer, announcements }) => {
    const call = () => announcer.announce(prefix, { med, ...(ttl !== undefined && { ttl }) })
    if (model.wishes.has(prefix)) {
      expect(call).toThrow('is announced already')
      return
    }
    announcements.set(prefix, call())
    const until = ttl === undefined ? Number.POSITIVE_INFINITY : model.now + ttl
    model.wishes.set(prefix, { med, ttl, until, stands: true })
  })
}

function withdraw(prefix: string): Command {
  return command(`withdraw(${prefix})`, (model, { announcements }) => {
    announcements.get(prefix)?.withdraw()
    if (model.wishes.get(prefix)?.stands) model.withdrawals++
    model.wishes.delete(prefix)
  })
}

function renew(prefix: string): Command {
  return command(`renew(${prefix})`, (model, { announcements }) => {
    const announcement = announcements.get(prefix)
    const wish = model.wishes.get(prefix)
    if (announcement === undefined || wish === undefined) return
    if (wish.ttl === undefined) {
      expect(() => announcement.renew()).toThrow('no lease')
      return
    }
    expect(announcement.renew()).toBe(true)
    wish.until = model.now + wish.ttl
    wish.stands = true
  })
}

function update(prefix: string, med: number): Command {
  return command(`update(${prefix}, ${med})`, (model, { announcements }) => {
    const announcement = announcements.get(prefix)
    const wish = model.wishes.get(prefix)
    if (wish === undefined) {
      if (announcement) expect(() => announcement.update({ med })).toThrow('is withdrawn')
      return
    }
    announcement!.update({ med }) // where there is a wish, it was announced
    wish.med = med
  })
}

function reset(which: number): Command {
  return command(`reset(${which})`, ({ peers }, { routers }) => {
    routers[which]!.reset()
    const peer = peers[which]!
    for (const memory of [peer.knows, peer.advertisedAt]) memory.clear()
    peer.asking = false
  })
}

function refresh(which: number): Command {
  return command(`refresh(${which})`, ({ peers }, { routers, announcer }) => {
    if (announcer.sessions[which]!.state !== 'Established') return
    routers[which]!.refresh(which === 2 ? 'ipv6-unicast' : 'ipv4-unicast')
    peers[which]!.asking = true
  })
}

function pass(seconds: number): Command {
  return command(`pass(${seconds})`, async (model, real) => {
    for (let i = 0; i < seconds; i++) {
      await real.lab.pass(1)
      model.now++
      agree(model, real)
    }
  })
}

/** The process is stopped; all that fell due comes late, and in one go. */
function stop(seconds: number): Command {
  return command(`stop(${seconds})`, async (model, { lab, routers }) => {
    const before = routers.map(({ types }) => types.length)
    lab.clock.suspend(seconds)
    model.now += seconds
    await lab.pass(0)
    model.peers.forEach(({ knows }, at) => {
      const gone = [...knows.keys()].some(prefix => !model.desired.has(prefix))
      if (gone) expect(routers[at]!.types[before[at]!], 'the withdrawal comes first').toBe('update')
    })
  })
}

/** The same, but the first to run is a renewal that may come too late: then the route goes before it comes back. */
function stopAndRenew(seconds: number, prefix: string): Command {
  return command(`stopAndRenew(${seconds}, ${prefix})`, async (model, real) => {
    const wish = model.wishes.get(prefix)
    if (wish?.ttl === undefined) return
    real.lab.clock.suspend(seconds)
    model.now += seconds
    model.lapse()
    const before = model.desired
    real.announcements.get(prefix)!.renew() // where there is a wish, it was announced
    wish.until = model.now + wish.ttl
    wish.stands = true
    await real.lab.pass(0)
    agree(model, real, before)
  })
}

/** The announcer has told every peer that is up exactly what the model says, as early as it may, and no more. `before` is what was wanted until a moment ago. */
function agree(model: Model, { announcer, routers, withdrawals }: Real, before = model.desired): void {
  model.lapse()
  expect(withdrawals, 'listeners are told of each end once').toBe(model.withdrawals)
  const { now } = model
  const status = announcer.status()
  expect(status.announcements).toEqual([...model.desired.keys()])
  model.peers.forEach((peer, at) => {
    const { knows, advertisedAt, interval, carries } = peer
    const desired = new Map([...model.desired].filter(([prefix]) => carries(prefix)))
    const { heard, table } = routers[at]!
    const news = heard.slice(peer.seen)
    for (const { at: heardAt, withdrawn } of news) {
      expect(heardAt, 'nothing comes between two whole seconds').toBe(now)
      for (const prefix of withdrawn) {
        expect(before.has(prefix), 'what is wanted is not withdrawn').toBe(false)
        expect(knows.delete(prefix), 'what is withdrawn was known').toBe(true)
      }
    }
    const mayAdvertise = (prefix: string) => now - (advertisedAt.get(prefix) ?? Number.NEGATIVE_INFINITY) >= interval
    // All of it again or none of it: the last of them must wait no more (RFC 7313 §4).
    const again = peer.asking && [...knows.keys()].every(mayAdvertise) ? [...knows.keys()] : []
    if (peer.asking && [...knows.keys()].every(mayAdvertise)) peer.asking = false
    const announced = news.flatMap(({ announced, attributes: { med } }) => announced.map(prefix => ({ prefix, med })))
    for (const { prefix, med } of announced) {
      expect(med, 'what is announced is wanted').toBe(desired.get(prefix))
      expect(knows.get(prefix) !== med || again.includes(prefix), 'no announcement is needless').toBe(true)
      expect(mayAdvertise(prefix), 'no announcement is early').toBe(true)
      knows.set(prefix, med!)
      advertisedAt.set(prefix, now)
    }
    peer.seen = heard.length
    expect(new Set(Object.keys(table))).toEqual(new Set(knows.keys()))
    if (status.peers[at]!.state !== 'Established') {
      expect(status.peers[at]!.sent).toEqual([])
      return
    }
    for (const prefix of knows.keys()) expect(desired.has(prefix), 'no withdrawal waits').toBe(true)
    for (const prefix of again) expect(advertisedAt.get(prefix), 'a refresh waits no longer').toBe(now)
    for (const [prefix, med] of desired)
      if (knows.get(prefix) !== med) expect(mayAdvertise(prefix), 'only what the interval forbids waits').toBe(false)
    const sent = [...desired].filter(([prefix, med]) => knows.get(prefix) === med)
    expect(status.peers[at]!.sent).toEqual(sent.map(([prefix]) => prefix))
  })
}

const prefix = fc.constantFrom(...prefixes)
const med = fc.integer({ min: 0, max: 2 })
const which = fc.constantFrom(0, 1, 2)
const ttl = fc.option(fc.integer({ min: 2, max: 40 }), { nil: undefined })
const commands = fc.commands<Model, Real, false>(
  [
    fc.tuple(prefix, med, ttl).map(given => announce(...given)),
    prefix.map(withdraw),
    prefix.map(renew),
    fc.tuple(prefix, med).map(given => update(...given)),
    which.map(reset),
    which.map(refresh),
    fc.integer({ min: 1, max: 35 }).map(pass),
    fc.integer({ min: 1, max: 60 }).map(stop),
    fc.tuple(fc.integer({ min: 1, max: 60 }), prefix).map(given => stopAndRenew(...given)),
  ],
  { maxCommands: 40, size: 'max' },
)

test('after any events each peer has the desired routes, on time (RFC 4271 §9.2.1.1)', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(commands, async sequence => {
      const real = new Real()
      await real.lab.pass(0)
      await fc.asyncModelRun(() => ({ model: new Model(kinds), real }), sequence)
    }),
    { numRuns: 150 },
  )
})
