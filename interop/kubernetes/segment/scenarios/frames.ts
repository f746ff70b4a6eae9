import assert from 'node:assert/strict'
import { nodes } from '../../network.ts'
import { pause } from '../../until.ts'
import { assertBudget, countOf } from '../budget.ts'
import { isClaim, twoHoldersSince } from '../measure.ts'
import type { SegmentScenario } from '../scenario.ts'
import { VIPS } from '../segment-lab.ts'

/** What is sent, and how much. */
export const frames: readonly SegmentScenario[] = [
  {
    title: 'the first holder probes, claims, and the client learns its MAC address',
    profile: 'default',
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
    title: 'in 75 s a holder sends no more frames than its budget, and the other nodes none',
    profile: 'default',
    async run(lab) {
      const at = Date.now()
      lab.startAgent()
      const holder = await lab.steady()
      const first = lab.capture.since(at)[0]?.at ?? at
      await pause(75 - (Date.now() - first) / 1000)
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
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12)
      const at = Date.now()
      for (let times = 0; times < 8; times++) {
        lab.cut(holder)
        await pause(0.3) // less than what counts as a loss of carrier
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
