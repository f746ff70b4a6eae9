import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { address, address6, ip, type NodeName, nodes } from '../network.ts'
import { NODE_AS, ROUTER_AS, routers } from '../router.ts'
import { pause, until } from '../until.ts'
import { assertBudget, countOf } from './budget.ts'
import {
  isClaim,
  measure,
  measureRolling,
  measureStart,
  type SegmentFault,
  type SegmentOutcome,
  twoHoldersSince,
} from './measure.ts'
import { macOf, type SegmentLab, VIPS } from './segment-lab.ts'

export interface SegmentScenario {
  /** Subject, verb, outcome. */
  readonly title: string
  /** More options of the program. */
  readonly options?: readonly string[]
  /** Rejects if the outcome is not the expected one. No agent runs yet. Resolves with figures to print. */
  run(lab: SegmentLab): Promise<unknown>
}

const LEASE = 5 // seconds, of the profile `fast`
const CHECKS = 3 // seconds: three health checks

/** The fault of a node moves both VIPs: the longest time to the client's entry, and the longest gap. */
function fault(
  title: string,
  name: SegmentFault,
  most: { readonly entryAfter: number; readonly gap?: number },
): SegmentScenario {
  return {
    title,
    async run(lab) {
      lab.startAgent()
      const outcome = await measure(lab, name)
      assertMoved(outcome, most)
      return outcome
    },
  }
}

function assertMoved(
  outcome: SegmentOutcome,
  { entryAfter, gap = Number.POSITIVE_INFINITY }: { readonly entryAfter: number; readonly gap?: number },
): void {
  const text = JSON.stringify(outcome)
  assert.ok(
    (outcome.entryAfter ?? Number.POSITIVE_INFINITY) <= entryAfter,
    `the entry changed in ${entryAfter} s: ${text}`,
  )
  assert.ok(outcome.gap <= gap, `${gap} s without an answer: ${text}`)
  assert.equal(outcome.twoHolders, 0, `one holder at a time: ${text}`)
}

export const segmentScenarios: readonly SegmentScenario[] = [
  {
    title: 'the first holder probes, claims, and the client learns its MAC address',
    async run(lab) {
      const at = Date.now()
      lab.startAgent()
      const holder = await lab.steady()
      const frames = lab.capture.since(at)
      for (const vip of VIPS) {
        const own = frames.filter(frame => frame.vip === vip)
        const claim = own.findIndex(({ kind }) => isClaim(kind))
        assert.equal(claim, 2, `two probes come first: ${JSON.stringify(own)}`)
        assert.ok(own.every(({ mac }) => lab.macs[mac] === holder))
      }
      return { holder, frames: frames.length }
    },
  },
  {
    title: 'a killed holder whose kernel still answers loses the VIPs within the lease and 1.5 s',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      const outcome = await measure(lab, 'kill')
      for (const vip of VIPS) {
        const kept = lab.holdings.filter(({ what }) => what.node === holder && what.vip === vip)
        assert.deepEqual(
          kept.map(({ what }) => what.has),
          [true, false],
          'only its own kernel removed it',
        )
      }
      assertMoved(outcome, { entryAfter: LEASE + 1.5 })
      return outcome
    },
  },
  fault('a stopped holder (SIGSTOP) loses the VIPs within the lease and 1.5 s', 'stop', { entryAfter: LEASE + 1.5 }),
  fault('SIGTERM hands the VIPs over with under 0.1 s without an answer', 'term', { entryAfter: 1, gap: 0.1 }),
  fault('a holder whose service fails loses the VIPs within its checks and 0.5 s', 'health', {
    entryAfter: CHECKS + 0.5,
  }),
  fault('a holder whose API server refuses loses the VIPs within the lease and 1.5 s', 'apidown', {
    entryAfter: LEASE + 1.5,
  }),
  fault('a holder whose cable is cut releases the VIPs', 'link', { entryAfter: LEASE + 1.5 }),
  {
    title: 'from the Lease to the first frame it takes under 10 ms after SIGTERM',
    async run(lab) {
      lab.startAgent()
      const outcomes = []
      for (let times = 0; times < 3; times++) outcomes.push(await measure(lab, 'term'))
      const late = outcomes.map(
        ({ leaseAfter = 0, frameAfter = Number.POSITIVE_INFINITY, entryAfter = Number.POSITIVE_INFINITY }) => ({
          frame: frameAfter - leaseAfter,
          entry: entryAfter - frameAfter,
        }),
      )
      assert.ok(Math.min(...late.map(({ frame }) => frame)) < 0.01, JSON.stringify(late))
      return late
    },
  },
  {
    title: 'a rolling restart, the holder last, moves the VIPs with under 0.1 s without an answer',
    async run(lab) {
      lab.startAgent()
      const outcome = await measureRolling(lab)
      assertMoved(outcome, { entryAfter: 60, gap: 0.1 })
      return outcome
    },
  },
  {
    title: 'agents that all start at once make one holder',
    async run(lab) {
      const outcomes = [await measureStart(lab), await measureStart(lab)]
      for (const { twoHolders } of outcomes) assert.equal(twoHolders, 0)
      return outcomes
    },
  },
  {
    title: 'a foreign host that has a VIP blocks the first claim, unless claimInUse is true',
    async run(lab) {
      const foreign = foreignHost()
      const at = Date.now()
      lab.startAgent()
      await until(() => nodes.some(node => /address-in-use/.test(lab.agent(node).log)), 20, 'a reason in the log')
      await pause(12)
      const frames = lab.capture.since(at).filter(({ mac }) => lab.macs[mac] !== undefined)
      assert.deepEqual(
        frames.filter(({ kind }) => isClaim(kind)),
        [],
        'no node claimed',
      )
      assert.ok(frames.length > 0, 'a node probed')
      for (const vip of VIPS) assert.deepEqual(lab.nodesWith(vip), [], 'no node has it')
      assert.ok(
        nodes.some(node => lab.agent(node).log.includes(foreign)),
        'the log names its MAC address',
      )
      for (const agent of lab.agents.values()) await agent.kill('SIGTERM')
      for (const node of nodes) lab.startAgentWith(node, '--claim-in-use', 'true')
      await until(() => VIPS.every(vip => lab.nodesWith(vip).length === 1), 20, 'a node has the VIPs')
      await until(
        () => VIPS.every(vip => lab.nodeOf(vip) !== undefined),
        5,
        "the client's entries have its MAC address",
      )
      return { probes: frames.length }
    },
  },
  {
    title: 'a foreign host that claims a VIP later is defended against, at most every 10 s',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12) // the burst of its claim is over
      const at = Date.now()
      const foreign = foreignHost()
      await until(
        () => VIPS.every(vip => lab.capture.since(at).some(frame => frame.vip === vip && frame.mac === foreign)),
        5,
        'it claims',
      )
      await until(() => VIPS.every(vip => lab.nodeOf(vip) === holder), 2, "the client's entries are the holder's again")
      await pause(25)
      const counts = assertBudget(lab, holder, at, 0)
      assert.equal(
        (await lab.capture.since(at)).filter(
          ({ mac, kind }) => isClaim(kind) && lab.macs[mac] !== holder && mac !== foreign,
        ).length,
        0,
      )
      for (const vip of VIPS) assert.deepEqual(lab.nodesWith(vip), [holder], 'it keeps the VIP')
      return counts
    },
  },
  {
    title: 'ARP and BGP at once move the neighbour entries and the routes to one node',
    async run(lab) {
      const router = routers.bird(join(lab.folder, 'bird'), 240)
      const routesTo = (node: NodeName | undefined) =>
        node !== undefined &&
        VIPS.every(vip => {
          const [family, next] = vip.includes(':') ? (['-6', address6] as const) : (['-4', address] as const)
          return ip('-n', 'rt', family, 'route', 'show', vip).includes(`via ${next[node]} `)
        })
      try {
        for (const node of nodes) lab.startAgentWith(node, ...bgp(node))
        const holder = await lab.steady()
        await until(() => routesTo(holder), 20, 'the router uses the holder')
        await pause(6) // the advertisement interval
        const at = Date.now()
        lab.agent(holder).child.kill('SIGTERM')
        await until(() => lab.movedFrom(holder) && routesTo(lab.nodeOf(VIPS[0])), 20, 'entries and routes moved')
        const seconds = (Date.now() - at) / 1000
        await pause(2)
        for (const vip of VIPS) assert.equal(twoHoldersSince(lab, vip, at), 0)
        return { seconds }
      } finally {
        await router.stop()
      }
    },
  },
  {
    title: 'in 75 s a holder sends no more frames than its budget, and the other nodes none',
    async run(lab) {
      const at = Date.now()
      lab.startAgent()
      const holder = await lab.steady()
      await pause(75 - (Date.now() - at) / 1000)
      const counts = countOf(lab, holder, at)
      // One claim: two probes, a burst of four, and one a minute.
      assert.deepEqual(counts, [
        { vip: VIPS[0], announced: 10, probes: 2 },
        { vip: VIPS[1], announced: 5, probes: 2 },
      ])
      for (const node of nodes.filter(name => name !== holder))
        assert.deepEqual(
          countOf(lab, node, at).map(({ announced, probes }) => announced + probes),
          [0, 0],
        )
      return counts
    },
  },
  {
    title: 'a cable that comes and goes costs no more frames than the budget',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12)
      const at = Date.now()
      for (let times = 0; times < 8; times++) {
        lab.cut(holder)
        await pause(0.5) // less than what counts as a loss of carrier
        lab.cut(holder, true)
        await pause(1)
      }
      await lab.steady()
      await pause(5)
      for (const vip of VIPS) assert.equal(twoHoldersSince(lab, vip, at), 0)
      return nodes.map(node => assertBudget(lab, node, at, 1))
    },
  },
]

/** Options of BGP, in addition to ARP. */
function bgp(node: NodeName): readonly string[] {
  return [
    ...['--local-as', `${NODE_AS}`, '--router-id', address[node], '--local-address', address[node]],
    ...['--next-hop', address[node], address6[node], '--peer', address.rt, '--peer-as', `${ROUTER_AS}`],
  ]
}

/** A host of the segment gets the VIPs, and its kernel announces them (arp_notify and ndisc_notify). Returns its MAC address. */
function foreignHost(): string {
  for (const vip of VIPS) ip('-n', 'l3', 'address', 'add', vip.includes(':') ? `${vip}/64` : `${vip}/25`, 'dev', 'eth0')
  const notify = ['net.ipv4.conf.eth0.arp_notify=1', 'net.ipv6.conf.eth0.ndisc_notify=1']
  execFileSync('ip', ['netns', 'exec', 'l3', 'sysctl', '-qw', ...notify])
  const mac = macOf('l3')
  ip('-n', 'l3', 'link', 'set', 'eth0', 'address', mac)
  return mac
}
