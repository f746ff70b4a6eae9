/** The drill of docs/recipes/drill.md, with ARP. */
import assert from 'node:assert/strict'
import { addNodes, allowNodes } from '../../cordon.ts'
import { Drill } from '../../drill.ts'
import { type NodeName, nodes } from '../../network.ts'
import { LATE, pause, until } from '../../until.ts'
import type { SegmentScenario } from '../scenario.ts'
import { macOf, VIPS } from '../segment-lab.ts'

export const drills: readonly SegmentScenario[] = [
  {
    title: 'the drill of the recipe passes with ARP',
    profile: 'default',
    options: ['--drain-on-cordon', 'true'],
    async run(lab) {
      await addNodes(lab.api)
      await allowNodes(lab.api)
      lab.startAgent()
      const first = await lab.steady()
      const names = { '198.51.100.10': VIPS[0], 'node-1': first }
      const drill = new Drill(lab.keys.file('admin.conf'), names, ['BIRD', 'FRR', 'Linux router'])
      const loop = drill.loop('l2')
      try {
        const neighbour = async () => /lladdr (\S+)/.exec(await drill.run('MAC address', 'l2'))?.[1]
        const has = async (node: NodeName) => (await drill.run('address', node)).includes(VIPS[0])
        assert.equal(await drill.holder(), first)
        assert.equal(await drill.run('the API', 'l2'), 'ok')
        assert.equal(await neighbour(), macOf(first))
        for (const node of nodes) assert.equal(await has(node), node === first, node)

        assert.match(await drill.run('drain', 'api'), new RegExp(`node/${first} drained`))
        await until(async () => ![first, undefined].includes(await drill.holder()), 15 + LATE, 'another holder')
        const next = await drill.holder()
        await until(async () => lab.macs[(await neighbour()) ?? ''] === next, LATE, 'its MAC address')
        assert.equal(await has(first), false)
        await pause(2)
        assert.ok(loop.lines.length <= 2, `without an answer: ${loop.lines}`)

        assert.match(await drill.run('back', 'api'), new RegExp(`node/${first} uncordoned`))
        await pause(12)
        assert.equal(await drill.holder(), next)
        drill.assertComplete()
        return { failed: loop.lines.length }
      } finally {
        loop.end()
      }
    },
  },
]
