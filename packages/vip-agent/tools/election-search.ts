/**
 * Every schedule of two or three candidates for one Lease, to a time: a breadth-first search over the pure core of the
 * election. Time passes in steps; election-world.ts says what can happen in each. Never may two lead at once, and each new
 * leader has a higher epoch than those before.
 *
 * Two states are one if no later step can tell them apart: times count from now, versions and the times in records are
 * names, and epochs count from the lowest.
 */
import type { LeaseRecord, StoredLease } from '../src/election/lease-store.ts'
import { type Request, type Schedule, type World, Worlds } from './election-world.ts'

export interface Found {
  readonly states: number
  readonly transitions: number
  /** The sequence of events that leads to two leaders, or to an epoch that does not rise. */
  readonly counterexample: { readonly invariant: string; readonly events: readonly string[] } | undefined
}
interface Node {
  readonly world: World
  readonly parent: Node | undefined
  readonly event: string
}

export function searchElection(schedule: Schedule): Found {
  const worlds = new Worlds(schedule)
  const first = worlds.first()
  const seen = new Set<string>([keyOf(worlds, first)])
  let transitions = 0
  let front: Node[] = [{ world: first, parent: undefined, event: '' }]
  for (let at = 0; ; at++) {
    // Everything that can happen at this time, in each order.
    const all: Node[] = []
    for (let open = front; open.length > 0; ) {
      const next: Node[] = []
      for (const node of open) {
        all.push(node)
        for (const [event, world] of worlds.events(node.world)) {
          transitions++
          const child = { world: worlds.settled(world), parent: node, event }
          const broken = worlds.brokenBy(world)
          if (broken) return found(broken, child)
          if (isNew(child.world)) next.push(child)
        }
      }
      open = next
    }
    if (at === schedule.steps) return { states: seen.size, transitions, counterexample: undefined }
    front = []
    for (const node of all) {
      const world = worlds.later(node.world)
      const child = { world, parent: node, event: `${world.now / 1000} s` }
      const broken = worlds.brokenBy(world)
      if (broken) return found(broken, child)
      if (isNew(world)) front.push(child)
    }
  }

  function isNew(world: World): boolean {
    const key = keyOf(worlds, world)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  }
  function found(invariant: string, node: Node): Found {
    const events: string[] = []
    for (let at: Node | undefined = node; at?.parent; at = at.parent) events.unshift(at.event)
    return { states: seen.size, transitions, counterexample: { invariant, events } }
  }
}

// ---- when two states are one

function keyOf(worlds: Worlds, world: World): string {
  const { lease, candidates, last, now, left } = world
  const names = new Map<unknown, number>()
  const nameOf = (value: unknown): number => {
    const known = names.get(value)
    if (known !== undefined) return known
    names.set(value, names.size)
    return names.size - 1
  }
  const lowest = Math.min(lease?.epoch ?? Infinity, ...candidates.map(({ state }) => state.highest), last.epoch)
  const record = (one: LeaseRecord | StoredLease | undefined): unknown =>
    one && [
      one.holder,
      one.duration,
      one.epoch - lowest,
      nameOf(`t${one.acquiredAt.getTime()}`),
      nameOf(`t${one.renewedAt.getTime()}`),
      'version' in one && nameOf(`v${one.version}`),
    ]
  const requestKey = (one: Request): unknown => [
    one.type,
    'record' in one && record(one.record),
    'version' in one && nameOf(`v${one.version}`),
  ]
  // Our writes by which a candidate may still know a record as its own.
  const known = new Set<string>()
  for (const { state, requests, answers } of candidates) {
    const records = [state.observed?.lease, ...requests.map(one => 'record' in one && one.record)]
    for (const one of [lease, ...records, ...answers.map(one => 'lease' in one && one.lease)])
      if (one) known.add(mark(one))
  }
  return JSON.stringify([
    record(lease),
    last.epoch - lowest,
    candidates.findIndex(({ process }) => process === last.process),
    left,
    candidates.map(({ state, requests, answers, isAsleep, wokeAt }, i) => {
      const clock = worlds.clock(world, i)
      const { leading, observed, writes, timers } = state
      return [
        state.phase,
        leading && clock < leading.until && [leading.epoch - lowest, leading.until - clock],
        observed && [record(observed.lease), Math.max(0, observed.claimAt - clock)],
        state.highest - lowest,
        writes
          .filter(one => known.has(`${one.acquiredAt} ${one.renewedAt}`))
          .map(one => [
            nameOf(`t${one.acquiredAt}`),
            nameOf(`t${one.renewedAt}`),
            clock - one.sentAt,
            one.epoch - lowest,
          ]),
        [state.unconfirmed, state.mustLook, state.isRenewal, state.left, state.isIdentityInUse],
        state.request && [requestKey(state.request)],
        Object.entries(timers)
          .filter(([name]) => name !== 'watch')
          .sort()
          .map(([name, at]) => [name, Math.max(0, (at ?? 0) - clock)]),
        requests.map(one => [requestKey(one), one.id === state.request?.id]),
        answers.map(one => ('lease' in one ? record(one.lease) : 'failed')),
        isAsleep && worlds.boot(world, i) - clock - (state.clocks ? state.clocks.boot - state.clocks.now : 0),
        wokeAt === now,
      ]
    }),
  ])
}

function mark({ acquiredAt, renewedAt }: LeaseRecord): string {
  return `${acquiredAt.getTime()} ${renewedAt.getTime()}`
}
