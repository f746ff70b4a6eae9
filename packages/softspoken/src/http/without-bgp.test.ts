/** The pages of an agent with ARP and without BGP. */
import { EventEmitter } from 'node:events'
import type { AgentEvents, AgentStatus, VipAgent } from '@softspoken/vip-agent'
import { expect, it } from 'vitest'
import { statusText } from '../commands/status-text.ts'
import { siteOf } from './site.ts'
import { withoutBgp } from './without-bgp.ts'

const VIP = '203.0.113.100/32'
const holding: AgentStatus = {
  ...{ mode: 'leader', role: 'leader', epoch: 7, serves: {}, address: { interface: 'eth0', present: true } },
  ...{ leases: { election: 8 }, arp: { holds: true, conflicts: 1, framesSent: 10 } },
}
const blocked: AgentStatus = {
  ...holding,
  address: { interface: 'eth0', present: false },
  arp: {
    ...{ holds: false, conflicts: 0, framesSent: 2, blockedBy: '02:00:5e:00:00:02' },
    why: { reason: 'address-in-use', detail: 'another node has the VIP, with the MAC address 02:00:5e:00:00:02' },
  },
}

function site(status: AgentStatus) {
  const fake = Object.assign(new EventEmitter<AgentEvents>(), { status: () => status })
  const agent = fake as unknown as VipAgent // its status and its events are read, and nothing else
  const paths = siteOf(withoutBgp(agent, [VIP]), { gates: {}, routes: {}, agent: { agent, nodeName: 'n1' } }, () => 0)
  return { fake, answer: async (path: string) => await paths.get(path)!() } // all of them are paths of the site
}

it('a holder is ready, and its VIPs are announced', async () => {
  const { answer } = site(holding)
  expect((await answer('/readyz')).status).toBe(200)
  const report = JSON.parse(String((await answer('/status')).body))
  expect(report).toMatchObject({ announcements: [VIP], withheld: {}, peers: [], agent: { arp: { holds: true } } })
  expect(statusText(report)).toMatch(/203\.0\.113\.100\/32 +claimed/)
})
it('a blocked node is not ready, and says which MAC address has the VIP', async () => {
  const { answer } = site(blocked)
  const ready = await answer('/readyz')
  expect([ready.status, String(ready.body)]).toEqual([
    503,
    `not ready: ${VIP} is withheld, another node has the VIP, with the MAC address 02:00:5e:00:00:02\n`,
  ])
  const report = JSON.parse(String((await answer('/status')).body))
  expect(statusText(report)).toContain('Blocked: 203.0.113.100/32 is on another host, with the MAC address 02:00:5e')
})
it('/metrics has those of the segment, and /events the conflicts', async () => {
  const { answer, fake } = site(holding)
  fake.emit('conflict', { mac: '02:00:5e:00:00:02', blocked: false })
  const metrics = String((await answer('/metrics')).body)
  for (const line of ['softspoken_arp_holds 1', 'softspoken_arp_blocked 0', 'softspoken_arp_conflicts_total 1'])
    expect(metrics).toContain(`${line}\n`)
  expect(String((await answer('/events')).body)).toContain('02:00:5e:00:00:02 claims the VIP, too')
})
