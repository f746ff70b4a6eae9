import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { overwriteLease } from '../../lease.ts'
import { ip, type NodeName, nodes, sysctl } from '../../network.ts'
import { LATE, pause, until } from '../../until.ts'
import { assertBudget } from '../budget.ts'
import { isClaim } from '../measure.ts'
import type { SegmentScenario } from '../scenario.ts'
import { macOf, VIPS } from '../segment-lab.ts'

/** Other hosts of the segment that have a VIP, or say so. */
export const conflicts: readonly SegmentScenario[] = [
  {
    title: 'a foreign host that has a VIP blocks the first claim, unless claimInUse is true',
    async run(lab) {
      const foreign = foreignHost()
      const at = Date.now()
      lab.startAgent()
      const isNamed = () => nodes.some(node => lab.agent(node).log.includes(foreign))
      await until(isNamed, 20 + LATE, 'the log names its MAC address')
      await pause(12)
      const frames = lab.capture.since(at).filter(({ mac }) => lab.macs[mac] !== undefined)
      assert.deepEqual(
        frames.filter(({ kind }) => isClaim(kind)),
        [],
        'no node claimed',
      )
      assert.ok(frames.length > 0, 'a node probed')
      for (const vip of VIPS) assert.deepEqual(lab.nodesWith(vip), [], 'no node has it')
      for (const agent of lab.agents.values()) await agent.kill('SIGTERM')
      for (const node of nodes) lab.startAgentWith(node, '--claim-in-use', 'true')
      await until(() => VIPS.every(vip => lab.nodesWith(vip).length === 1), 20 + LATE, 'a node has the VIPs')
      await until(
        () => VIPS.every(vip => lab.nodeOf(vip) !== undefined),
        5 + LATE,
        "the client's entries have its MAC address",
      )
      return { probes: frames.length }
    },
  },
  {
    title: 'a foreign host that claims a VIP later is defended against, at most every 10 s',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12) // the burst of its claim is over
      const at = Date.now()
      const foreign = foreignHost()
      await until(
        () => VIPS.every(vip => lab.capture.since(at).some(frame => frame.vip === vip && frame.mac === foreign)),
        5 + LATE,
        'it claims',
      )
      await until(
        () => VIPS.every(vip => lab.nodeOf(vip) === holder),
        LATE,
        "the client's entries are the holder's again",
      )
      await pause(25)
      const counts = assertBudget(lab, holder, at, 0)
      assert.equal(
        lab.capture.since(at).filter(({ mac, kind }) => isClaim(kind) && lab.macs[mac] !== holder && mac !== foreign)
          .length,
        0,
      )
      for (const vip of VIPS) assert.deepEqual(lab.nodesWith(vip), [holder], 'it keeps the VIP')
      return counts
    },
  },
  {
    title: 'a node whose dead agent left the VIPs for ever, and named no MAC address, is taken over',
    async run(lab) {
      const dead = 'n1'
      addVips(dead)
      announceBy(dead)
      await overwriteLease(lab.api, { holderIdentity: dead, leaseDurationSeconds: 5, leaseTransitions: 7, ...now() })
      await until(() => VIPS.every(vip => lab.nodeOf(vip) === dead), 10 + LATE, 'the client uses the dead node')
      const at = Date.now()
      lab.startAgent('n2', 'n3')
      await until(() => lab.movedFrom(dead), 20 + LATE, 'the client uses another node')
      const seconds = (Date.now() - at) / 1000
      await pause(15)
      assert.ok(lab.movedFrom(dead), 'it still does')
      const late = lab.entries.filter(entry => entry.at > at && lab.macs[entry.what.mac ?? ''] === dead)
      assert.deepEqual(late, [], 'the entries did not go back')
      for (const vip of VIPS)
        assert.ok(
          lab.answers[vip].slice(-20).every(({ what }) => what === lab.nodeOf(vip)),
          'the new node answers',
        )
      return { seconds }
    },
  },
  {
    title: 'a thousand foreign claims cost no more frames than the budget, and end no leadership',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12)
      const at = Date.now()
      const foreign = foreignHost()
      for (let times = 0; times < 100; times++) {
        announceBy('l3', 10)
        await pause(0.1)
      }
      const claims = () => lab.capture.since(at).filter(({ mac }) => mac === foreign).length
      await until(() => claims() > 1000, LATE, 'a thousand foreign claims')
      await until(
        () => VIPS.every(vip => lab.nodeOf(vip) === holder),
        11 + LATE,
        "the client's entries are the holder's again",
      )
      await lab.steady()
      assert.deepEqual(lab.leaseHolders.at(-1)?.what, holder)
      return { claims: claims(), ...assertBudget(lab, holder, at, 0) }
    },
  },
]

/** A host of the segment gets the VIPs, and its kernel announces them. Returns its MAC address. */
function foreignHost(): string {
  addVips('l3')
  announceBy('l3')
  return macOf('l3')
}
function addVips(namespace: NodeName | 'l3'): void {
  for (const vip of VIPS)
    ip('-n', namespace, 'address', 'add', vip.includes(':') ? `${vip}/128` : `${vip}/32`, 'dev', 'eth0')
}
/** By the kernel (arp_notify and ndisc_notify), which does so when the MAC address is set. */
function announceBy(namespace: NodeName | 'l3', times = 1): void {
  const notify = ['net.ipv4.conf.eth0.arp_notify=1', 'net.ipv6.conf.eth0.ndisc_notify=1']
  sysctl(namespace, ...notify)
  const line = `link set eth0 address ${macOf(namespace)}\n`
  execFileSync('ip', ['-n', namespace, '-batch', '-'], { input: line.repeat(times) })
}
/** The times of a Lease that is renewed now. */
function now() {
  const time = new Date().toISOString().replace('Z', '000Z')
  return { acquireTime: time, renewTime: time }
}
