/**
 * kube-vip's manifests as people have them, in which only the image is another: each one runs, or is refused with its own field
 * and the cure. SOFTSPOKEN_KUBE_VIP_MANIFESTS may name a folder with more of them.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfiguration } from '../../tools/configuration.ts'
import { printed } from '../../tools/deploy-manifests.ts'
import { checkOptions } from './rehearsal.ts'

const samples = fileURLToPath(new URL('samples/kube-vip', import.meta.url))
const { SOFTSPOKEN_KUBE_VIP_MANIFESTS: others } = process.env

interface Variable {
  readonly name: string
  readonly value?: string
}
interface PodSpec {
  readonly containers: readonly [{ readonly args: readonly string[]; readonly env: readonly Variable[] }]
}

/** The warnings, or the sentence of the error. The Pod is on the node 10.0.5.11, with a ServiceAccount. */
async function outcomeOf(file: string): Promise<readonly string[] | string> {
  const { spec } = parse(readFileSync(file, 'utf8')) as { spec: PodSpec & { template?: { spec: PodSpec } } }
  const [{ args, env }] = (spec.template?.spec ?? spec).containers
  expect(args).toEqual(['manager'])
  const variables = Object.fromEntries(env.map(({ name, value = 'node-1' }) => [name, value]))
  try {
    const { options, given, warnings } = await readConfiguration([], variables)
    return [...warnings, ...(await checkOptions(options, given, true))]
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What our image prints: in it `/kube-vip` is our program, and the first word after its name is the command. */
async function outcomeOfCommand(command: string) {
  const [, words = ''] = /\b(manifest .*)/.exec(command) ?? []
  return printed(words.split(' '))
}

describe("kube-vip's manifest", () => {
  it('in BGP mode with an election runs, and each difference is a warning', async () => {
    expect(await outcomeOf(join(samples, 'bgp-pod.yaml'))).toEqual([
      'port: not used, because an address is announced, with all its ports',
      expect.stringMatching(/^prometheus_server: not used/),
      expect.stringMatching(/^svc_enable: not used, because this program announces no Services; Cilium, MetalLB/),
      'dns_mode: not used, because names are not looked up',
    ])
  })
  it('whose router id is the VIP is refused with the cure', async () => {
    expect(await outcomeOf(join(samples, 'router-id-is-the-vip.yaml'))).toBe(
      "bgp_routerid: 198.51.100.10 is a VIP, which moves from node to node; use the node's own address, or routerId: auto",
    )
  })
  it('in ARP mode runs without a router', async () => {
    expect(await outcomeOf(join(samples, 'arp-daemonset.yaml'))).toEqual([])
  })
})

describe("kube-vip's command", () => {
  const [bgp = '', services = '', arp = ''] = readFileSync(join(samples, 'commands.txt'), 'utf8').split('\n').slice(1)
  it('for BGP prints a Pod with the same meaning', async () => {
    const { code, out, err } = await outcomeOfCommand(bgp)
    expect([code, err]).toEqual([0, expect.stringMatching(/^--bgpRouterID: each node needs one of its own[^\n]*\n$/)])
    const [{ args }] = (parse(out).spec as PodSpec).containers
    const { options } = await readConfiguration(
      args.slice(1).map(arg => arg.replace('$(NODE_NAME)', 'node-1')),
      {},
    )
    expect(options).toMatchObject({
      ...{ prefix: ['198.51.100.10/32'], localAs: 64515, routerId: '10.0.5.11', interface: ['lo'] },
      ...{ peer: ['10.0.5.1', '10.0.5.2'], peerAs: 65000, mode: 'leader', replaceAddress: true },
      ...{ kubeconfig: '/etc/kubernetes/admin.conf', apiServer: 'https://127.0.0.1:6443' },
    })
  })
  it('for ARP prints a Pod with NET_RAW, on the interface, with the same durations', async () => {
    const { code, out, err } = await outcomeOfCommand(arp)
    expect([code, err]).toEqual([0, ''])
    expect(parse(out).spec.containers[0].securityContext.capabilities.add).toEqual(['NET_ADMIN', 'NET_RAW'])
    expect((parse(out).spec as PodSpec).containers[0].args).toEqual(
      expect.arrayContaining([
        ...['--prefix=203.0.113.100/32', '--arp=true', '--mode=leader', '--interface=eth0'],
        ...['--lease-duration=5', '--renew-deadline=3', '--retry-period=1'],
      ]),
    )
  })
  it('for Services is refused, and says which programs have them', async () => {
    expect(await outcomeOfCommand(services)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(
        /^--services: this program announces no Services; Cilium, MetalLB, or .*; leave it out\n$/,
      ),
    })
  })
  it('for Services and without that flag prints a DaemonSet with a ServiceAccount', async () => {
    const { code, out, err } = await outcomeOfCommand(services.replace(' --services', ''))
    expect([code, err]).toEqual([0, ''])
    expect(parse(out).spec.template.spec).toMatchObject({ serviceAccountName: 'softspoken' })
    expect(parse(out).spec.template.spec).toHaveProperty('affinity.nodeAffinity')
  })
})

describe.skipIf(others === undefined)('of the folder with more of them', () => {
  const files = others === undefined ? [] : readdirSync(others)
  const expected: Readonly<Record<string, RegExp>> = {
    'bgp-static-pod.yaml':
      /^bgp_routerid: 192\.168\.1\.100 is a VIP, .*; use the node's own address, or routerId: auto$/,
  }
  it.each(files.filter(name => name.endsWith('.yaml')))('%s runs, or is refused with its own field', async name => {
    const outcome = await outcomeOf(join(others ?? '', name))
    if (typeof outcome === 'string') expect(outcome).toMatch(expected[name] ?? 'no sentence is expected')
    else expect(outcome.filter(warning => !/^\w+: not used, because/.test(warning))).toEqual([])
  })
  it('each command prints a manifest, or is refused with its own flag', async () => {
    const commands = files.includes('commands.txt') ? readFileSync(join(others ?? '', 'commands.txt'), 'utf8') : ''
    for (const command of commands.split('\n').filter(line => / manifest /.test(line) && !line.startsWith('#'))) {
      const { code, out, err } = await outcomeOfCommand(command)
      if (code === 0) expect(parse(out)).toHaveProperty('kind')
      else expect([code, out, err]).toEqual([2, '', expect.stringMatching(/^--services: [^\n]*\n$/)])
    }
  })
})
