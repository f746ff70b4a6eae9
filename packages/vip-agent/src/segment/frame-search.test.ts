/** The most frames of the claim on the segment; `npx --yes pnpm@12 prove:frames` has a sequence for each. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { frameGraph, type InputName, inputs, type Sent } from '../../tools/frame-graph.ts'
import { framesOf, graphOf, mostOf, type RowName, rows, spans, type Witness } from '../../tools/frame-search.ts'
import { BURST_INTERVAL, FRAMES, mostFrames, PROBES, REFRESH_INTERVAL } from './budget.ts'
import { segmentStep } from './step.ts'

/** Faults in the shipped code. */
const fault = vi.hoisted(() => ({ burstInterval: 10_000, frameAfterEnd: false }))
vi.mock(import('./budget.ts'), async original =>
  Object.defineProperty({ ...(await original()) }, 'BURST_INTERVAL', { get: () => fault.burstInterval }),
)
vi.mock(import('./step.ts'), async original => {
  const { segmentStep, ...others } = await original()
  return {
    ...others,
    segmentStep: (state, input, now) => {
      const [next, actions] = segmentStep(state, input, now)
      const isLate = fault.frameAfterEnd && input.type === 'let-go'
      return [next, isLate ? [...actions, { type: 'announce' }] : actions]
    },
  }
})
afterEach(() => {
  Object.assign(fault, { burstInterval: 10_000, frameAfterEnd: false })
})

const page = readFileSync(new URL('../../../../docs/leases.md', import.meta.url), 'utf8')
const protocols = ['arp', 'ndp'] as const
const all = Object.keys(rows) as RowName[] // its own keys
const changing: RowName = 'the same, and the node becomes and ceases to be the leader at any time'
/** Each of them has its rows' inputs, and takes some seconds. */
const graphs = new Map<RowName, ReturnType<typeof graphOf>>()
function graph(row: RowName) {
  const name = 'during' in rows[row] && rows[row].during.length > 3 ? changing : row
  const known = graphs.get(name) ?? graphOf(name, false)
  graphs.set(name, known)
  return known
}

describe('the most frames for one VIP', { timeout: 120_000 }, () => {
  it.each(all)('docs/leases.md has them: %s', row => {
    const isLarge = rows[row].during.length > 3 // then only prove:frames has the minute
    const found = protocols.map(protocol =>
      mostOf(graph(row), rows[row], framesOf(protocol), { within: isLarge ? [10_000] : spans }),
    )
    const [, , ...cells] = page
      .split('\n')
      .find(line => line.startsWith(`| ${row} |`))!
      .split(/ *\| */)
    const published = isLarge ? [[cells[0]], [cells[2]]] : [cells.slice(0, 2), cells.slice(2, 4)]
    expect(found.map(all => all.map(({ frames }) => String(frames)))).toEqual(published)
  })
  it('the shipped code sends them', () => {
    for (const protocol of protocols) {
      const [found] = mostOf(graph(changing), rows[changing], framesOf(protocol), { keep: true, within: [10_000] })
      expect(replay(found!.witness(), protocol)).toBe(found!.frames)
    }
  })
  it('mostFrames() is never less, with any number of claims', () => {
    for (const protocol of protocols) {
      const perClaim = FRAMES[protocol] + PROBES.count
      const weight = (sent: Sent) => framesOf(protocol)(sent) - sent.claims * perClaim
      const [most] = mostOf(graph(changing), rows[changing], weight, { within: [10_000] })
      expect(most?.frames).toBeLessThanOrEqual(mostFrames(10_000, 0, protocol))
    }
  })
  it('bursts that may follow each other sooner are found', () => {
    const { during, ...row } = rows['a node takes over, and nothing else happens']
    const flapping = [...during, 'the address is gone'] as const
    const most = () => {
      const flaps = frameGraph({ claimInUse: true, claimDelay: 0 }, flapping, false)
      return mostOf(flaps, { ...row, during: flapping }, framesOf('arp')).map(({ frames }) => frames)
    }
    const [tenSeconds, minute] = most()
    fault.burstInterval = 5000
    const found = most()
    expect(found[0]).toBeGreaterThan(tenSeconds!)
    expect(found[1]).toBeGreaterThan(minute!)
  })
})

describe('a node that does not hold the VIPs sends no frame', { timeout: 120_000 }, () => {
  const holds: readonly InputName[] = [
    'time passes',
    'the address is there',
    'the address is gone',
    'the leadership ends',
  ]
  const carrier: readonly InputName[] = ['carrier is gone', 'carrier is there']
  const config = { claimInUse: true, claimDelay: 0 }

  it('after any sequence of inputs only a holder with carrier announces', () => {
    expect(
      frameGraph(config, [...holds, ...carrier, 'it claims after a release'], false).states.length,
    ).toBeGreaterThan(5000)
  })
  it('after any sequence of inputs only a candidate with carrier probes', () => {
    const claims: InputName[] = ['time passes', 'the leadership ends', 'it claims after a lease that ended']
    expect(frameGraph(config, [...claims, ...carrier], false).states.length).toBeGreaterThan(100)
  })
  it('a frame after the end of the leadership is found', () => {
    fault.frameAfterEnd = true
    expect(() => frameGraph(config, [...holds, 'it claims after a release'], false)).toThrow('announce while idle')
  })
})

function replay({ from, events }: Witness, protocol: keyof typeof FRAMES): number {
  const isLongSince = from.lastBurstAt < -BURST_INTERVAL
  let state = { ...from, lastAnnouncementAt: isLongSince ? -REFRESH_INTERVAL : from.lastBurstAt }
  let frames = 0
  let epoch = state.claim?.epoch ?? 1
  for (const { at, input } of events)
    for (const event of inputs[input]) {
      const [next, actions] = segmentStep(state, event.type === 'claim' ? { ...event, epoch: ++epoch } : event, at)
      state = next
      for (const { type } of actions) frames += type === 'probe' ? 1 : type === 'announce' ? FRAMES[protocol] : 0
    }
  return frames
}
