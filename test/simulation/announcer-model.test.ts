/**
 * Compares an announcer with a model of it, after any sequence of calls, leases, resets, refreshes and pauses. All times are
 * whole seconds, and the two are compared at each second: a message that is late, early, needless or missing fails there.
 */
import type { Announcement, Announcer } from '@softspoken/announcer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lab, type Router } from './lab.ts'

const prefixes = ['198.51.100.10/32', '198.51.100.11/32', '2001:db8::10/128', '2001:db8::11/128']

interface ModelRoute {
  med: number
  readonly ttl: number | undefined
  until: number
  /** `withdrawn` has not been emitted for it. */
  isActive: boolean
}

/** What one router must have received. */
interface Peer {
  readonly interval: number
  readonly carries: (prefix: string) => boolean
  readonly advertised: Map<string, number>
  readonly advertisedAt: Map<string, number>
  /** It has requested its routes again. */
  isRefreshing: boolean
  /** How many of the UPDATEs that it received have been checked. */
  checked: number
}

class Model {
  now = 0
  readonly announced = new Map<string, ModelRoute>()
  readonly peers: readonly Peer[]
  withdrawals = 0

  constructor(kinds: readonly Pick<Peer, 'interval' | 'carries'>[]) {
    const memory = () => ({ advertised: new Map(), advertisedAt: new Map(), isRefreshing: false, checked: 0 })
    this.peers = kinds.map(kind => ({ ...kind, ...memory() }))
  }
  get desired(): ReadonlyMap<string, number> {
    const active = [...this.announced].filter(([, { until }]) => this.now < until)
    return new Map(active.map(([prefix, { med }]) => [prefix, med]))
  }
  /** `withdrawn` is emitted once for each lease that has run out. */
  expireLeases(): void {
    for (const route of this.announced.values())
      if (route.isActive && this.now >= route.until) {
        route.isActive = false
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

/** Runs one step on the model and on the announcer, and compares both. */
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
    if (model.announced.has(prefix)) {
      expect(call).toThrow('is announced already')
      return
    }
    announcements.set(prefix, call())
    const until = ttl === undefined ? Number.POSITIVE_INFINITY : model.now + ttl
    model.announced.set(prefix, { med, ttl, until, isActive: true })
  })
}

function withdraw(prefix: string): Command {
  return command(`withdraw(${prefix})`, (model, { announcements }) => {
    announcements.get(prefix)?.withdraw()
    if (model.announced.get(prefix)?.isActive) model.withdrawals++
    model.announced.delete(prefix)
  })
}

function renew(prefix: string): Command {
  return command(`renew(${prefix})`, (model, { announcements }) => {
    const announcement = announcements.get(prefix)
    const route = model.announced.get(prefix)
    if (announcement === undefined || route === undefined) return
    if (route.ttl === undefined) {
      expect(() => announcement.renew()).toThrow('given to announce() for renew()')
      return
    }
    expect(announcement.renew()).toBe(true)
    route.until = model.now + route.ttl
    route.isActive = true
  })
}

function update(prefix: string, med: number): Command {
  return command(`update(${prefix}, ${med})`, (model, { announcements }) => {
    const announcement = announcements.get(prefix)
    const route = model.announced.get(prefix)
    if (route === undefined) {
      if (announcement) expect(() => announcement.update({ med })).toThrow('is withdrawn')
      return
    }
    announcement!.update({ med }) // where there is a route, it was announced
    route.med = med
  })
}

function reset(which: number): Command {
  return command(`reset(${which})`, ({ peers }, { routers }) => {
    routers[which]!.reset()
    const peer = peers[which]!
    for (const memory of [peer.advertised, peer.advertisedAt]) memory.clear()
    peer.isRefreshing = false
  })
}

function refresh(which: number): Command {
  return command(`refresh(${which})`, ({ peers }, { routers, announcer }) => {
    if (announcer.sessions[which]!.state !== 'Established') return
    routers[which]!.refresh(which === 2 ? 'ipv6-unicast' : 'ipv4-unicast')
    peers[which]!.isRefreshing = true
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

/** The process is stopped; all timers that became due meanwhile run late, one after the other. */
function stop(seconds: number): Command {
  return command(`stop(${seconds})`, async (model, { lab, routers }) => {
    const before = routers.map(({ types }) => types.length)
    lab.clock.suspend(seconds)
    model.now += seconds
    await lab.pass(0)
    model.peers.forEach(({ advertised }, at) => {
      const withdraws = [...advertised.keys()].some(prefix => !model.desired.has(prefix))
      if (withdraws) expect(routers[at]!.types[before[at]!], 'the withdrawal comes first').toBe('update')
    })
  })
}

/** The same, but renew() runs first. If the lease has run out by then, the route is withdrawn before it is announced again. */
function stopAndRenew(seconds: number, prefix: string): Command {
  return command(`stopAndRenew(${seconds}, ${prefix})`, async (model, real) => {
    const route = model.announced.get(prefix)
    if (route?.ttl === undefined) return
    real.lab.clock.suspend(seconds)
    model.now += seconds
    model.expireLeases()
    const before = model.desired
    real.announcements.get(prefix)!.renew() // where there is a route, it was announced
    route.until = model.now + route.ttl
    route.isActive = true
    await real.lab.pass(0)
    agree(model, real, before)
  })
}

/**
 * The announcer has sent exactly what the model has to every established peer, as early as allowed. `before` has the routes
 * that were desired before this step.
 */
function agree(model: Model, { announcer, routers, withdrawals }: Real, before = model.desired): void {
  model.expireLeases()
  expect(withdrawals, 'withdrawn is emitted once for each end').toBe(model.withdrawals)
  const { now } = model
  const status = announcer.status()
  expect(status.announcements).toEqual([...model.desired.keys()])
  model.peers.forEach((peer, at) => {
    const { advertised, advertisedAt, interval, carries } = peer
    const desired = new Map([...model.desired].filter(([prefix]) => carries(prefix)))
    const { received, table } = routers[at]!
    const news = received.slice(peer.checked)
    for (const { at: receivedAt, withdrawn } of news) {
      expect(receivedAt, 'nothing comes between two whole seconds').toBe(now)
      for (const prefix of withdrawn) {
        expect(before.has(prefix), 'a desired route is not withdrawn').toBe(false)
        expect(advertised.delete(prefix), 'a withdrawn route was advertised').toBe(true)
      }
    }
    const mayAdvertise = (prefix: string) => now - (advertisedAt.get(prefix) ?? Number.NEGATIVE_INFINITY) >= interval
    // All routes are sent again or none: a refresh waits until the interval allows the last of them (RFC 7313 §4).
    const again = peer.isRefreshing && [...advertised.keys()].every(mayAdvertise) ? [...advertised.keys()] : []
    if (peer.isRefreshing && [...advertised.keys()].every(mayAdvertise)) peer.isRefreshing = false
    const announced = news.flatMap(({ announced, attributes: { med } }) => announced.map(prefix => ({ prefix, med })))
    for (const { prefix, med } of announced) {
      expect(med, 'an advertised route is desired').toBe(desired.get(prefix))
      expect(advertised.get(prefix) !== med || again.includes(prefix), 'no advertisement is needless').toBe(true)
      expect(mayAdvertise(prefix), 'no advertisement is early').toBe(true)
      advertised.set(prefix, med!)
      advertisedAt.set(prefix, now)
    }
    peer.checked = received.length
    expect(new Set(Object.keys(table))).toEqual(new Set(advertised.keys()))
    if (status.peers[at]!.state !== 'Established') {
      expect(status.peers[at]!.sent).toEqual([])
      return
    }
    for (const prefix of advertised.keys()) expect(desired.has(prefix), 'no withdrawal waits').toBe(true)
    for (const prefix of again) expect(advertisedAt.get(prefix), 'a refresh waits no longer').toBe(now)
    for (const [prefix, med] of desired)
      if (advertised.get(prefix) !== med)
        expect(mayAdvertise(prefix), 'a route waits only for the interval').toBe(false)
    const { sent, queued } = status.peers[at]!
    expect(sent).toEqual([...desired.keys()].filter(prefix => advertised.has(prefix)))
    const changes = Object.entries(queued).map(([prefix, { sent, next }]) => [prefix, sent.med, next.med])
    const waiting = [...desired].filter(([prefix, med]) => advertised.has(prefix) && advertised.get(prefix) !== med)
    expect(changes).toEqual(waiting.map(([prefix, med]) => [prefix, advertised.get(prefix), med]))
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
