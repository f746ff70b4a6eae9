/** A second BGP speaker on a node, with the address from which the agent dials. A router keeps one session for it. */
import assert from 'node:assert/strict'
import { DialCapture } from '../capture.ts'
import { VIP } from '../lab.ts'
import { nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { SecondSpeaker } from '../second-speaker.ts'
import { LATE, pause, until } from '../until.ts'
import { SHORT_WAIT } from './router.ts'

export const secondSpeaker: readonly Scenario[] = [
  {
    title: 'a second speaker that comes later takes no session from the leader',
    mode: 'leader',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const leader = await lab.steady()
      const at = Date.now()
      await using speaker = new SecondSpeaker(leader, lab.folder, VIP)
      await pause(10)
      assert.equal(await speaker.isEstablished(), false)
      assert.equal(await lab.router.sessions(), 3)
      assert.equal(lab.routesSince(at).length, 0, 'the route did not move')
      await lab.assertAnswered(at)
    },
  },
  {
    title: 'beside an older speaker the agent warns, and dials no faster than its back-off',
    mode: 'leader',
    options: SHORT_WAIT,
    async run(lab) {
      await using speaker = new SecondSpeaker('n1', lab.folder, VIP)
      await until(() => speaker.isEstablished(), 10 + LATE, 'the session of the second speaker')
      using capture = await DialCapture.start()
      lab.startAgent()
      await until(() => lab.active !== undefined, 20 + LATE, 'a leader')
      await until(() => capture.of('n1').length >= 2, 40 + LATE, 'two dials')
      assert.notEqual(lab.active, 'n1')
      assert.match(lab.agent('n1').log, /"level":40.*already has a connection to the peer/)
      assert.ok(await speaker.isEstablished(), 'the second speaker keeps its session')
      assert.ok(nodes.every(node => lab.agent(node).running))
      const [first, second] = capture.of('n1')
      const wait = second!.at - first!.at
      assert.ok(wait >= 0.75 * 30, `the second dial came after ${wait} s`)
      return { wait }
    },
  },
]
