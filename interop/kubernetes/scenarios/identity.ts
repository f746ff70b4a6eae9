/** The VIP is an address of the node for its clients only; and what a client in the nodes' own subnet needs. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { execInNamespace } from '../exec.ts'
import { VIP } from '../lab.ts'
import { API_ADDRESS, address, address6, ip, type Namespace, nodes } from '../network.ts'
import type { Scenario } from '../scenario.ts'
import { LATE, until } from '../until.ts'

const VIP6 = '2001:db8:100::100'
const MEGABYTE = 1_000_000

const destinations = {
  '-4': [...Object.values(address), '203.0.113.20', '203.0.113.130', '192.0.2.1'],
  '-6': [...Object.values(address6), API_ADDRESS, '2001:db8:113::20', '2001:db8:113:1::2', '2001:db8:ffff::1'],
}

export const identity: readonly Scenario[] = [
  {
    title: 'the VIP is never the source of what a node sends',
    mode: 'all-nodes',
    vips: [VIP, VIP6],
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      for (const node of nodes) {
        await until(() => lab.vipsOn(node).length === lab.vips.length, LATE, `${node} has the VIPs`)
        for (const family of ['-4', '-6'] as const)
          for (const destination of destinations[family]) {
            const chosen = ip('-n', node, family, 'route', 'get', destination)
            assert.match(chosen, / src \S+/, `${node} to ${destination}`)
            assert.ok(!lab.vips.some(vip => chosen.includes(`src ${vip} `)), `${node}: ${chosen}`)
          }
      }
      // What a connection of a program uses, such as that of etcd to its peer.
      const { stdout } = await execInNamespace('n1', [
        'curl',
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{local_ip}',
        url(address.n2),
      ])
      assert.equal(stdout, address.n1)
    },
  },
  {
    title: 'a client in the subnet gets 1 MB behind a strict router by the reply rule only',
    mode: 'leader',
    vips: [VIP, VIP6],
    async run(lab) {
      lab.startAgent()
      await lab.steady()
      await until(() => lab.routesOf(lab.vips).every(next => next === lab.active), 10 + LATE, 'both routes')
      const strict =
        'table inet strict { chain forward { type filter hook forward priority 0; ct state invalid drop; }; }'
      execFileSync('ip', ['netns', 'exec', 'rt', 'nft', strict])
      const [onRouter = '', ...onNode] = recipe()
      assert.equal(onNode.length, 2)
      run('rt', onRouter, { INTERFACE: 'br0' })
      for (const vip of lab.vips) assert.ok((await download(vip, 3)) < MEGABYTE, `${vip} without the rule`)
      for (const node of nodes) for (const [at, commands] of onNode.entries()) run(node, commands, variables[at] ?? {})
      for (const vip of lab.vips) assert.equal(await download(vip), MEGABYTE, `${vip} with the rule`)
      for (const vip of lab.vips) assert.equal(await download(vip), MEGABYTE, `${vip} again`)
    },
  },
]

/** How many octets of it a client in the nodes' subnet gets within some seconds. */
async function download(vip: string, seconds = 3 + LATE): Promise<number> {
  const command = [
    'curl',
    '-s',
    '--max-time',
    `${seconds}`,
    '-o',
    '/dev/null',
    '-w',
    '%{size_download}',
    `${url(vip)}megabyte`,
  ]
  return Number((await execInNamespace('l2', command)).stdout)
}
function url(host: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:8080/`
}

/** The commands of docs/clients-in-the-subnet.md, without their variables: for the router, and for a node in each family. */
function recipe(): readonly string[] {
  const page = readFileSync(new URL('../../../docs/clients-in-the-subnet.md', import.meta.url), 'utf8')
  return [...page.matchAll(/```sh\n(?:VIP=.*\n)?([^`]*)```/g)].map(([, commands]) => commands ?? '')
}
const variables = [
  { VIP, SUBNET: '203.0.113.0/25', ROUTER: address.rt, INTERFACE: 'eth0' },
  { VIP: VIP6, SUBNET: '2001:db8:113::/64', ROUTER: address6.rt, INTERFACE: 'eth0' },
]
function run(namespace: Namespace, commands: string, env: NodeJS.ProcessEnv): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'sh', '-e'], { input: commands, env: { ...process.env, ...env } })
}
