/** A router that rejects the route, or restarts. */
import assert from 'node:assert/strict'
import { DialCapture } from '../capture.ts'
import { execInNamespace } from '../exec.ts'
import type { KubernetesLab } from '../lab.ts'
import { readLease } from '../lease.ts'
import { type NodeName, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

/** Seconds that pass between two dials in every case (docs/defaults.md); the first SYN may have been sent a little late. */
const SHORTEST_INTERVAL = 5 - 0.25

/** The first wait after a session that was lost early: 60 s by default, 30 s at least. */
export const SHORT_WAIT = ['--back-off', 'protocolInitial=30'] as const

export const router: readonly Scenario[] = [
  {
    title: 'a router that filters the route changes no leader, and the status says sent',
    mode: 'leader',
    profile: 'default',
    options: ['--http', '127.0.0.1:9179'],
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      using capture = await DialCapture.start()
      const before = await readLease(lab.api)
      await lab.router.setPolicy?.({ n1: 'filters', n2: 'filters', n3: 'filters' })
      await until(() => lab.active === undefined, LATE, 'the router has no route')
      await pause(16) // longer than a Lease
      const after = await readLease(lab.api)
      assert.equal(after?.spec.holderIdentity, leader)
      assert.equal(after?.spec.leaseTransitions, before?.spec.leaseTransitions)
      assert.equal(await lab.router.sessions(), 3)
      assert.match(await page(leader, 'metrics'), /^softspoken_bgp_route_sent\{.*\} 1$/m)
      const status = await page(leader, 'status')
      assert.match(status, /"sent"/i)
      assert.doesNotMatch(status, /"accepted": *"(yes|no)"/, 'BGP does not acknowledge routes')
      await lab.router.setPolicy?.({})
      const at = Date.now()
      await until(() => lab.active === leader, LATE, 'the route again')
      assert.ok(
        nodes.every(node => capture.of(node).length === 0),
        'no session was opened again',
      )
      return { again: (Date.now() - at) / 1000 }
    },
  },
  {
    title: 'a router that ends the session over the route makes another node lead',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      using capture = await DialCapture.start()
      const at = Date.now()
      await lab.router.setPolicy?.({ [leader]: 'limits' })
      await until(() => lab.movedFrom(leader), 10 + LATE, 'another node leads')
      const seconds = (Date.now() - at) / 1000
      const next = lab.active
      await pause(10)
      assert.equal(lab.active, next)
      assert.match(lab.agent(leader).log, /Maximum Number of Prefixes Reached/i)
      assert.equal(capture.of(leader).length, 0, 'it does not dial a router that has just refused its route')
      return { seconds }
    },
  },
  {
    title: 'after a crash of the router one node leads again, with few dials',
    mode: 'leader',
    options: SHORT_WAIT,
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      using capture = await DialCapture.start()
      await lab.restartRouter()
      const node = await lab.steady(90)
      const lease = await readLease(lab.api)
      assert.equal(lease?.spec.holderIdentity, node)
      assertPolite(capture, lab)
    },
  },
]

/** Each node dialled, and never twice within the shortest interval. */
function assertPolite(capture: DialCapture, lab: KubernetesLab): void {
  for (const node of lab.agents.keys()) {
    assert.ok(capture.of(node).length > 0, `${node} dialled again`)
    const interval = capture.shortestInterval(node)
    assert.ok(interval >= SHORTEST_INTERVAL, `${node} dialled twice within ${interval} s`)
  }
}

async function page(node: NodeName, path: string): Promise<string> {
  const url = `http://127.0.0.1:9179/${path}`
  return (await execInNamespace(node, ['curl', '--silent', '--max-time', '2', url])).stdout
}
