/** Nodes move from another agent to ours, one by one, on the same Lease. */
import assert from 'node:assert/strict'
import { type KubernetesLab, VIP } from '../lab.ts'
import { readLease } from '../lease.ts'
import { address, type NodeName, nodes } from '../network.ts'
import { OtherAgent } from '../other-agent.ts'
import { NODE_AS, ROUTER_AS } from '../router.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

export const rolling: readonly Scenario[] = [
  {
    title: 'nodes that move from another agent on the same Lease have one holder and no gap',
    mode: 'standby',
    profile: 'default',
    async run(lab) {
      const others = new Map(nodes.map(node => [node, new OtherAgent(node, lab, VIP)]))
      try {
        const leader = await lab.steady()
        const before = (await readLease(lab.api))?.spec.leaseTransitions ?? 0
        const at = Date.now()
        for (const node of [...nodes.filter(name => name !== leader), leader]) {
          await others.get(node)?.stop()
          lab.startAgent(node)
          await lab.untilReady(node)
          await until(async () => (await lab.router.sessions()) === 3, LATE, `the session of ${node} again`)
          await until(() => lab.vipsOn(node).length === 1, 10 + LATE, `the standby ${node} has the VIP`)
          await pause(2)
          assert.equal([...others.values()].filter(({ leads }) => leads).length, node === leader ? 0 : 1)
        }
        const last = await lab.steady()
        assert.equal((await readLease(lab.api))?.spec.leaseTransitions, before + 1, 'the Lease moved once')
        assert.deepEqual(
          lab.leaseHolders.flatMap(holder => (holder.at > at && holder.what ? [holder.what] : [])),
          [last],
        )
        assert.ok(
          lab.routesSince(at).every(({ what }) => what !== undefined),
          'there was always a route',
        )
        await lab.assertAnswered(at)
      } finally {
        for (const other of others.values()) await other.stop()
      }
    },
  },
  {
    title: 'nodes that keep the variables of kube-vip move from another agent with one holder',
    mode: 'leader',
    async run(lab) {
      const others = new Map(nodes.map(node => [node, new OtherAgent(node, lab, VIP)]))
      try {
        const leader = await lab.steady()
        for (const node of [...nodes.filter(name => name !== leader), leader]) {
          await others.get(node)?.stop()
          lab.startAgentWith(node, { wrap: () => withVariablesOfKubeVip(node, lab) })
          await lab.untilReady(node)
          await until(async () => (await lab.router.sessions()) === 3, LATE, `the session of ${node} again`)
          await pause(2)
          await until(() => lab.holders.length === 1, LATE, 'one node has the VIP')
        }
        const last = await lab.steady()
        const at = Date.now()
        await lab.agent(last).kill('SIGTERM')
        await until(() => lab.movedFrom(last), 10 + LATE, 'another node has the route')
        return { seconds: (Date.now() - at) / 1000 }
      } finally {
        for (const other of others.values()) await other.stop()
      }
    },
  },
]

/** As a manifest of kube-vip has them, with the argument of its container. */
function withVariablesOfKubeVip(node: NodeName, { keys }: KubernetesLab): readonly string[] {
  const variables = {
    ...{ vip_interface: 'lo', address: VIP, vip_subnet: '32', port: '6443', cp_enable: 'true' },
    ...{ cp_namespace: 'kube-system', vip_leasename: 'plndr-cp-lock', vip_leaderelection: 'true', vip_nodename: node },
    ...{ vip_leaseduration: '15', vip_renewdeadline: '10', vip_retryperiod: '2' },
    ...{ bgp_enable: 'true', bgp_as: NODE_AS, bgp_routerid: address[node], bgp_sourceip: address[node] },
    ...{ bgp_peers: `${address.rt}:${ROUTER_AS}::false`, prometheus_server: ':2112' },
    ...{ k8s_config_file: keys.file('agent.conf'), vip_loglevel: '4' },
    ...{ control_plane_health_check_address: 'http://127.0.0.1:8080/healthz' },
    control_plane_health_check_period_seconds: 1,
  }
  const words = Object.entries(variables).map(entry => entry.join('='))
  return ['env', ...words, 'node', 'packages/softspoken/dist/softspoken.cjs', 'manager']
}
