import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { address, address6, ip, type NodeName, nodes, start, sysctl } from '../../network.ts'
import { NODE_AS, ROUTER_AS, routers } from '../../router.ts'
import { pause, until } from '../../until.ts'
import { twoHoldersSince } from '../measure.ts'
import type { SegmentScenario } from '../scenario.ts'
import { VIPS } from '../segment-lab.ts'

/** What a node is set to, and what changes around a holder. */
export const changes: readonly SegmentScenario[] = [
  {
    title: 'nodes that forward, with the ARP settings of kube-proxy (strictARP), hold and move the VIPs',
    async run(lab) {
      for (const node of nodes) sysctl(node, ...kubernetesNode)
      lab.startAgent()
      const holder = await lab.steady()
      const isRouter = () => ip('-n', 'l2', '-6', 'neigh', 'show', VIPS[1]).includes(' router ')
      assert.ok(isRouter(), 'the entry is a router')
      lab.agent(holder).child.kill('SIGTERM')
      await until(() => lab.movedFrom(holder), 5, 'the VIPs moved')
      assert.ok(isRouter(), 'the flag did not change')
      await lab.steady()
      assert.ok(isRouter(), 'the kernel answers with the same flag')
    },
  },
  {
    title: 'ARP and BGP at once move the neighbour entries and the routes to one node',
    async run(lab) {
      const router = routers.bird(join(lab.folder, 'bird'), 240)
      const routesTo = (node: NodeName | undefined) =>
        node !== undefined &&
        VIPS.every(vip => {
          const [family, next] = vip.includes(':') ? (['-6', address6] as const) : (['-4', address] as const)
          return ip('-n', 'rt', family, 'route', 'show', vip).includes(`via ${next[node]} `)
        })
      try {
        for (const node of nodes) lab.startAgentWith(node, ...bgp(node))
        const holder = await lab.steady()
        await until(() => routesTo(holder), 20, 'the router uses the holder')
        await pause(6) // the advertisement interval
        const at = Date.now()
        lab.agent(holder).child.kill('SIGTERM')
        await until(() => lab.movedFrom(holder) && routesTo(lab.nodeOf(VIPS[0])), 20, 'entries and routes moved')
        const seconds = (Date.now() - at) / 1000
        await pause(2)
        for (const vip of VIPS) assert.equal(twoHoldersSince(lab, vip, at), 0)
        return { seconds }
      } finally {
        await router.stop()
      }
    },
  },
  {
    title: 'SIGTERM resets the idle connections of the VIPs, so that no client waits for a keep-alive',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      const ends = VIPS.map(connectIdle)
      for (const { connected } of ends) await connected
      const at = Date.now()
      lab.agent(holder).child.kill('SIGTERM')
      const seen = await Promise.all(ends.map(({ ended }) => ended))
      assert.deepEqual(
        seen.map(({ code }) => code),
        ['ECONNRESET', 'ECONNRESET'],
      )
      return seen.map(end => (end.at - at) / 1000)
    },
  },
  {
    title: 'a holder whose MAC address changes announces the new one',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12) // a burst starts at most every 10 s
      const mac = '02:00:5e:00:00:77'
      const at = Date.now()
      ip('-n', holder, 'link', 'set', 'eth0', 'address', mac)
      await until(() => VIPS.every(vip => lab.entryOf(vip) === mac), 3, "the client's entries have the new one")
      const seconds = (Date.now() - at) / 1000
      for (const vip of VIPS) assert.deepEqual(lab.nodesWith(vip), [holder])
      assert.ok(lab.capture.since(at).every(frame => frame.mac === mac))
      return { seconds }
    },
  },
  {
    title: 'VIPs that another program removes are added and announced again',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12)
      const at = Date.now()
      ip('-n', holder, 'address', 'delete', `${VIPS[0]}/32`, 'dev', 'eth0')
      await until(() => lab.nodesWith(VIPS[0]).includes(holder), 3, 'the VIP is there again')
      await until(() => lab.capture.since(at).some(({ vip }) => vip === VIPS[0]), 3, 'it is announced')
      await lab.steady()
      return { failed: lab.failedSince(at).length }
    },
  },
  {
    title: 'etcd that pauses ends the holding, and one node has the VIPs after it',
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      const at = Date.now()
      lab.api.pauseEtcd()
      await until(() => VIPS.every(vip => lab.nodesWith(vip).length === 0), 6, 'no node has a VIP')
      await pause(6)
      assert.ok(
        VIPS.every(vip => lab.nodesWith(vip).length === 0),
        'still none',
      )
      lab.api.resumeEtcd()
      const resumed = Date.now()
      await lab.steady()
      for (const vip of VIPS) assert.equal(twoHoldersSince(lab, vip, at), 0)
      return { seconds: (Date.now() - resumed) / 1000 }
    },
  },
]

/** A client connects and then sends nothing. `ended` resolves with what ended the connection, or with `none` after 10 s. */
function connectIdle(vip: string) {
  const program = `
    const socket = require('node:net').connect(8080, '${vip}', () => console.log('connected'))
    const end = code => { console.log(code); process.exit() }
    socket.on('error', error => end(error.code)).on('end', () => end('FIN'))
    setTimeout(end, 10000, 'none')`
  const child = start('l2', ['node', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout!)
  const connected = once(lines, 'line')
  const ended = connected.then(() => once(lines, 'line')).then(([code]) => ({ code: `${code}`, at: Date.now() }))
  return { connected, ended }
}

/** As a node of a cluster has them. */
const kubernetesNode = [
  ...['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'],
  ...['net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2', 'net.ipv4.conf.all.rp_filter=1'],
]

/** Options of BGP, in addition to ARP. */
function bgp(node: NodeName): readonly string[] {
  return [
    ...['--local-as', `${NODE_AS}`, '--router-id', address[node], '--local-address', address[node]],
    ...['--next-hop', address[node], address6[node], '--peer', address.rt, '--peer-as', `${ROUTER_AS}`],
  ]
}
