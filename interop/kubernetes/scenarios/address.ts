import assert from 'node:assert/strict'
import { VIP } from '../lab.ts'
import { address, ip, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { pause, until } from '../until.ts'

export const addresses: readonly Scenario[] = [
  {
    title: 'the VIP is never the source of what a node sends',
    mode: 'all-nodes',
    vips: [VIP, '2001:db8:100::100'],
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      for (const node of nodes) {
        assert.match(ip('-n', node, 'route', 'get', address.rt), new RegExp(`src ${address[node]}`))
        assert.ok(!ip('-n', node, '-6', 'route', 'get', '2001:db8:113:1::2').includes('2001:db8:100::100'))
      }
    },
  },
  {
    title: 'a VIP that is on an interface in another form is refused and left alone',
    mode: 'leader',
    async run(lab) {
      ip('-n', 'n1', 'address', 'add', `${VIP}/24`, 'dev', 'eth0')
      lab.startAgent('n1')
      const agent = lab.agent('n1')
      await until(() => !agent.running, 10, 'the agent ends')
      assert.equal(agent.child.exitCode, 2)
      assert.match(agent.log, /eth0 has it as \/24/)
      assert.match(ip('-n', 'n1', 'address', 'show', 'dev', 'eth0'), new RegExp(`${VIP}/24`))
    },
  },
  {
    title: 'a VIP that another program removes is added again, three times at most',
    mode: 'leader',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      for (let time = 1; time <= 3; time++) {
        ip('-n', leader, 'address', 'delete', `${VIP}/32`, 'dev', 'lo')
        await until(() => lab.holders.includes(leader), 3, `added again, time ${time}`)
      }
      ip('-n', leader, 'address', 'delete', `${VIP}/32`, 'dev', 'lo')
      await until(() => lab.movedFrom(leader), 10, 'another node leads')
      assert.match(lab.agent(leader).log, /address-removed/)
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
      await until(() => !lab.holders.includes(leader), 8, 'the VIP is gone')
      const vipGone = (Date.now() - at) / 1000
      await until(() => child.signalCode !== null, 10, 'the kernel ended it')
      return { vipGone, ended: (Date.now() - at) / 1000 }
    },
  },
]
