import assert from 'node:assert/strict'
import { type KubernetesLab, VIP } from '../lab.ts'
import { address, ip } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, pause, until } from '../until.ts'

export const addresses: readonly Scenario[] = [
  {
    title: 'a VIP that is the address of the node itself is refused with one sentence',
    mode: 'leader',
    vips: [address.n1],
    async run(lab) {
      for (const options of [[], ['--replace-address', 'true'], ['--address', 'none']]) {
        lab.startAgentWith('n1', { options, routerId: '192.0.2.1' })
        assert.match(await refusal(lab), /must be another address than the only one of this node$/)
      }
      assert.match(ip('-n', 'n1', 'address', 'show', 'dev', 'eth0'), new RegExp(`${address.n1}/25`))
    },
  },
  {
    title: 'a VIP on an interface of a follower is refused, or replaced on request',
    mode: 'leader',
    profile: 'default',
    async run(lab) {
      lab.startAgent('n2', 'n3')
      await lab.steady()
      const at = Date.now()
      ip('-n', 'n1', 'address', 'add', `${VIP}/24`, 'dev', 'eth0')
      lab.startAgent('n1')
      assert.match(await refusal(lab), /eth0 has it as \/24/)
      assert.match(ip('-n', 'n1', 'address', 'show', 'dev', 'eth0'), new RegExp(`${VIP}/24`))
      lab.startAgentWith('n1', { options: ['--replace-address', 'true'] })
      await until(() => !lab.holders.includes('n1'), 5 + LATE, 'the VIP is off the interface')
      await lab.steady()
      assert.match(ip('-n', 'n1', 'address', 'show', 'dev', 'eth0'), new RegExp(`${address.n1}/25`))
      assert.equal(lab.routesSince(at).length, 0, 'the route did not move')
      await lab.assertAnswered(at)
    },
  },
  {
    title: 'a VIP that another program removes is added again, three times at most',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      let times = 0
      for (; !lab.movedFrom(leader); times++) {
        ip('-n', leader, 'address', 'delete', `${VIP}/32`, 'dev', 'lo')
        await until(() => lab.holders.includes(leader) || lab.movedFrom(leader), 10 + LATE, 'added again, or moved')
      }
      // A renewal of its lifetime may add it before the agent has looked: nothing has changed then.
      assert.ok(times >= 4 && times <= 6, `another node leads after ${times} times`)
      assert.match(lab.agent(leader).log, /address-removed/)
      return { times }
    },
  },
  {
    title: 'the kernel removes the VIP of a stopped process, and ends the process',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      await pause(2)
      const at = Date.now()
      const { child } = lab.agent(leader)
      child.kill('SIGSTOP')
      await until(() => !lab.holders.includes(leader), 8 + LATE, 'the VIP is gone')
      const vipGone = (Date.now() - at) / 1000
      await until(() => child.signalCode !== null, 10 + LATE, 'the kernel ended it')
      return { vipGone, ended: (Date.now() - at) / 1000 }
    },
  },
]

/** The last line that the agent on n1 wrote before it refused to start. */
async function refusal(lab: KubernetesLab): Promise<string> {
  const agent = lab.agent('n1')
  await until(() => !agent.running, 10 + LATE, 'the agent ends')
  assert.equal(agent.child.exitCode, 2)
  return agent.log.trim().split('\n').at(-1) ?? ''
}
