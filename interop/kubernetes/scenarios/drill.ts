/** The drill of docs/recipes/drill.md, with BGP. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { addNodes, allowNodes } from '../cordon.ts'
import { Drill } from '../drill.ts'
import { VIP } from '../lab.ts'
import { address, type NodeName, nodes } from '../network.ts'
import type { RouterName } from '../router.ts'
import type { Scenario } from '../scenario.ts'
import type { Mode } from '../softspoken.ts'
import { LATE, pause, until } from '../until.ts'

export const drills: readonly Scenario[] = [drill('bird', 'standby'), drill('frr', 'leader')]

function drill(router: RouterName, mode: Mode): Scenario {
  const [own, other] = router === 'bird' ? ['BIRD', 'FRR'] : ['FRR', 'BIRD']
  return {
    title: `the drill of the recipe passes with ${own} in ${mode} mode`,
    ...{ router, mode, profile: 'default', options: ['--drain-on-cordon', 'true'] },
    async run(lab) {
      await addNodes(lab.api)
      await allowNodes(lab.api)
      lab.startAgent()
      const first = await lab.steady()
      const names = { '198.51.100.10': VIP, 'node-1': first, birdc: `birdc -s ${join(lab.folder, 'bird', 'bird.ctl')}` }
      const drill = new Drill(lab.keys.file('admin.conf'), names, [other, 'MAC address'])
      const loop = drill.loop('cl')
      try {
        const hop = async () => nextHop(await drill.run(own, 'rt'))
        const has = async (node: NodeName) => (await drill.run('address', node)).includes(VIP)
        assert.equal(await drill.holder(), first)
        assert.equal(await drill.run('the API', 'cl'), 'ok')
        assert.equal(await hop(), first)
        assert.ok((await drill.run('Linux router', 'rt')).includes(address[first]))
        for (const node of nodes)
          if (mode === 'standby') await until(() => has(node), LATE, `the address of ${node}`)
          else assert.equal(await has(node), node === first, node)

        assert.match(await drill.run('drain', 'api'), new RegExp(`node/${first} drained`))
        let next: NodeName | undefined
        await until(
          async () => ![first, undefined].includes((next = await drill.holder())),
          15 + LATE,
          'another holder',
        )
        await until(async () => (await hop()) === next, 6 + LATE, 'its route')
        await until(async () => !(await has(first)), 5 + LATE, `${first} lets go`)
        await pause(2)
        const lost = loop.lines.length
        assert.ok(lost <= 1, `without an answer: ${loop.lines}`)

        assert.match(await drill.run('back', 'api'), new RegExp(`node/${first} uncordoned`))
        if (mode === 'standby') await until(() => has(first), 20 + LATE, `${first} is a standby again`)
        else await pause(12)
        assert.equal(await drill.holder(), next)
        assert.equal(loop.lines.length, lost, `without an answer: ${loop.lines}`)
        drill.assertComplete()
      } finally {
        loop.end()
      }
    },
  }
}

/** Of the best route: BIRD has `*` in its first line, FRR before the next hop. */
function nextHop(text: string): NodeName | undefined {
  const best = text.slice(text.indexOf('*'))
  const [found] = /203\.0\.113\.\d+/.exec(best) ?? []
  return nodes.find(node => address[node] === found)
}
