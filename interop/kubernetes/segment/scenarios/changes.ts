import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { addNodes, allowNodes, cordon } from '../../cordon.ts'
import { address, address6, ip, type NodeName, nodes, start, sysctl } from '../../network.ts'
import { NODE_AS, ROUTER_AS, routers } from '../../router.ts'
import { LATE, pause, until } from '../../until.ts'
import { twoHoldersSince } from '../measure.ts'
import type { SegmentScenario } from '../scenario.ts'
import { macOf, VIPS } from '../segment-lab.ts'

/** What a node is set to, and what changes around a holder. */
export const changes: readonly SegmentScenario[] = [
  {
    title: 'nodes that forward, with the ARP settings of kube-proxy (strictARP), hold and move the VIPs',
    profile: 'default',
    async run(lab) {
      for (const node of nodes) sysctl(node, ...kubernetesNode)
      lab.startAgent()
      const holder = await lab.steady()
      const isRouter = () => ip('-n', 'l2', '-6', 'neigh', 'show', VIPS[1]).includes(' router ')
      assert.ok(isRouter(), 'the entry is a router')
      lab.agent(holder).child.kill('SIGTERM')
      await until(() => lab.movedFrom(holder), 5 + LATE, 'the VIPs moved')
      assert.ok(isRouter(), 'the flag did not change')
      await lab.steady()
      assert.ok(isRouter(), 'the kernel answers with the same flag')
    },
  },
  {
    title: 'ARP and BGP at once move the neighbour entries and the routes to one node',
    profile: 'default',
    async run(lab) {
      const router = routers.bird(join(lab.folder, 'bird'), { holdTime: 240 })
      const routesTo = (node: NodeName | undefined) =>
        node !== undefined &&
        VIPS.every(vip => {
          const [family, next] = vip.includes(':') ? (['-6', address6] as const) : (['-4', address] as const)
          return ip('-n', 'rt', family, 'route', 'show', vip).includes(`via ${next[node]} `)
        })
      try {
        for (const node of nodes) lab.startAgentWith(node, ...bgp(node))
        const holder = await lab.steady()
        await until(() => routesTo(holder), 20 + LATE, 'the router uses the holder')
        await pause(6) // the advertisement interval
        const at = Date.now()
        lab.agent(holder).child.kill('SIGTERM')
        await until(() => lab.movedFrom(holder) && routesTo(lab.nodeOf(VIPS[0])), 20 + LATE, 'entries and routes moved')
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
    title: 'a cordoned holder hands the VIPs over, and the last node takes them again after 11 s',
    options: ['--drain-on-cordon', 'true'],
    async run(lab) {
      await addNodes(lab.api)
      await allowNodes(lab.api)
      lab.startAgent('n1', 'n2')
      const holder = await lab.steady()
      const at = Date.now()
      await cordon(lab.api, holder, true)
      await until(() => lab.movedFrom(holder), 15 + LATE, 'the VIPs moved')
      const last = await lab.steady()
      await cordon(lab.api, last, true)
      await until(() => VIPS.every(vip => lab.nodesWith(vip).length === 0), 15 + LATE, `${last} has let the VIPs go`)
      const gone = lab.holdings.at(-1)!.at
      await lab.steady()
      const seconds = (lab.holdings.at(-1)!.at - gone) / 1000
      assert.ok(seconds > 9 && seconds < 13 + LATE, `the VIPs were away for ${seconds} s`)
      for (const vip of VIPS) assert.equal(twoHoldersSince(lab, vip, at), 0)
      return { seconds }
    },
  },
  {
    title: 'an old VIP of another program is answered on its node while ours come and go',
    async run(lab) {
      const old = '203.0.113.50' // as Keepalived adds it
      ip('-n', 'n1', 'address', 'add', `${old}/32`, 'dev', 'eth0')
      const answers: (NodeName | '-')[] = []
      lab.startClient('l2', `http://${old}:8080/`, ({ what }) => answers.push(what ?? '-'))
      const endAll = async (): Promise<void> => {
        await Promise.all(nodes.map(node => lab.agent(node).kill('SIGTERM')))
      }
      await until(() => answers.at(-1) === 'n1', 10 + LATE, 'the old VIP is answered')
      answers.length = 0
      lab.startAgent()
      const holder = await lab.steady()
      await lab.agent(holder).kill()
      await until(() => lab.movedFrom(holder), 15 + LATE, 'the VIPs moved')
      lab.startAgent(holder)
      await endAll() // the rollback
      await until(() => VIPS.every(vip => lab.nodesWith(vip).length === 0), LATE, 'no node has a VIP')
      lab.startAgent()
      await lab.steady()
      await endAll()
      // On a busy machine a request may take too long; an address that moves or is defended would cost seconds.
      const failed = answers.join('').match(/-+/g) ?? []
      assert.ok(
        failed.every(({ length }) => length < 10),
        `${failed}`,
      )
      assert.deepEqual(new Set(answers.filter(answer => answer !== '-')), new Set(['n1']))
      assert.ok(ip('-n', 'l2', 'neigh', 'show', old).includes(macOf('n1')), 'its entry has not changed')
      return { requests: answers.length, failed: failed.join('').length }
    },
  },
  {
    title: 'SIGTERM resets the idle connections of the VIPs, so that no client waits for a keep-alive',
    profile: 'default',
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
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12) // a burst starts at most every 10 s
      const mac = '02:00:5e:00:00:77'
      const at = Date.now()
      ip('-n', holder, 'link', 'set', 'eth0', 'address', mac)
      await until(() => VIPS.every(vip => lab.entryOf(vip) === mac), LATE, "the client's entries have the new one")
      const seconds = (Date.now() - at) / 1000
      for (const vip of VIPS) assert.deepEqual(lab.nodesWith(vip), [holder])
      assert.ok(lab.capture.since(at).every(frame => frame.mac === mac))
      return { seconds }
    },
  },
  {
    title: 'VIPs that another program removes are added and announced again',
    profile: 'default',
    async run(lab) {
      lab.startAgent()
      const holder = await lab.steady()
      await pause(12)
      const at = Date.now()
      const isAnnounced = () => lab.capture.since(at).some(({ vip }) => vip === VIPS[0])
      // A renewal of its lifetime, once a second, may add it before the agent has looked: nothing has changed then.
      let times = 0
      for (; times < 3 && !isAnnounced(); times++) {
        const changes = lab.holdings.length
        ip('-n', holder, 'address', 'delete', `${VIPS[0]}/32`, 'dev', 'eth0')
        await until(() => lab.holdings.length >= changes + 2, LATE, 'the VIP was away, and is there again')
        await until(isAnnounced, LATE, 'it is announced').catch(() => {})
      }
      assert.ok(isAnnounced(), 'it is announced')
      await lab.steady()
      return { times, failed: lab.failedSince(at).length }
    },
  },
  {
    title: 'etcd that pauses ends the holding, and one node has the VIPs after it',
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      const at = Date.now()
      lab.api.pauseEtcd()
      await until(() => VIPS.every(vip => lab.nodesWith(vip).length === 0), 6 + LATE, 'no node has a VIP')
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
