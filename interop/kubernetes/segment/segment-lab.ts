/**
 * Three nodes that hold the VIPs by ARP and neighbor discovery, a client on their segment, and a real API server. The client's
 * neighbour table, the client's requests and a host that only listens say what came of it.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Agent } from '../agent.ts'
import { ApiServer } from '../api.ts'
import { execInNamespace } from '../exec.ts'
import { makeKeys } from '../keys.ts'
import type { Moment, Position } from '../lab.ts'
import { readLease } from '../lease.ts'
import { API_ADDRESS, ip, makeNetwork, makeSegmentHosts, type NodeName, nodes, setLink, start } from '../network.ts'
import { environment } from '../softspoken.ts'
import { until } from '../until.ts'
import { SegmentCapture } from './heard.ts'
import { monitor } from './monitor.ts'

/** In the subnet of the segment. */
export const VIPS = ['203.0.113.100', '2001:db8:113::100'] as const
export type Vip = (typeof VIPS)[number]

/** One at a time in a container: its namespaces have fixed names. */
export class SegmentLab implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'lab-'))
  readonly keys = makeKeys(join(this.folder, 'keys'))
  readonly agents = new Map<NodeName, Agent>()
  /** The MAC address in the client's entry of each VIP, as it changed; undefined if there is no entry, or none with one. */
  readonly entries: Moment<{ readonly vip: Vip; readonly mac: string | undefined }>[] = []
  /** The node that answered the client at each VIP, or undefined if none did. `at` is when the request was sent. */
  readonly answers: Readonly<Record<Vip, Moment<NodeName | undefined>[]>> = { [VIPS[0]]: [], [VIPS[1]]: [] }
  /** The kernel of a node has the VIP from now on, or has it no more. */
  readonly holdings: Moment<{ readonly node: NodeName; readonly vip: Vip; readonly has: boolean }>[] = []
  /** The holder of the Lease, as an administrator's watch sees it; `at` is when its event arrived. */
  readonly holders: Moment<string>[] = []
  readonly #options: readonly string[]
  readonly #children: ChildProcess[] = []
  readonly #ends: (() => void)[] = []
  readonly macs: Readonly<Record<string, NodeName>>
  api!: ApiServer
  capture!: SegmentCapture

  /** @param options More options of the program. */
  static async create(options: readonly string[] = []): Promise<SegmentLab> {
    const lab = new SegmentLab(options)
    try {
      await lab.#start()
      return lab
    } catch (error) {
      await lab[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: readonly string[]) {
    this.#options = options
    makeNetwork()
    makeSegmentHosts()
    this.macs = Object.fromEntries(nodes.map(node => [macOf(node), node]))
  }

  async #start(): Promise<void> {
    this.api = await ApiServer.start(this.keys, join(this.folder, 'api'))
    await this.api.grant()
    for (const node of nodes) {
      const path = fileURLToPath(new URL('../node-program.ts', import.meta.url))
      const child = start(node, ['node', '--import', 'tsx', path, node, API_ADDRESS], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      this.#children.push(child)
      await once(child.stdout!, 'data')
      this.#ends.push(
        monitor(node, 'address', ({ at, line }) => {
          const vip = VIPS.find(each => line.includes(` ${each}/`))
          const has = !line.startsWith('Deleted ')
          const before = this.holdings.findLast(({ what }) => what.node === node && what.vip === vip)?.what.has ?? false
          if (vip && has !== before) this.holdings.push({ at, what: { node, vip, has } })
        }),
      )
    }
    this.#ends.push(
      monitor('l2', 'neigh', ({ at, line }) => {
        const [, deleted, vip, mac] = /^(Deleted )?(\S+) dev eth0 (?:lladdr (\S+))?/.exec(line) ?? []
        const known = VIPS.find(each => each === vip)
        const now = deleted === undefined ? mac : undefined
        if (known && this.entryOf(known) !== now) this.entries.push({ at, what: { vip: known, mac: now } })
      }),
    )
    this.capture = await SegmentCapture.start(VIPS)
    for (const vip of VIPS) this.#ask(vip)
    this.#watchLease()
  }

  #ask(vip: Vip): void {
    const probe = fileURLToPath(new URL('../probe-program.ts', import.meta.url))
    const url = `http://${vip.includes(':') ? `[${vip}]` : vip}:8080/`
    const child = start('l2', ['node', '--import', 'tsx', probe, url], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(child)
    createInterface(child.stdout!).on('line', line => {
      const [at, result] = line.split(' ')
      this.answers[vip].push({ at: Number(at), what: nodes.find(node => node === result) })
    })
  }

  #watchLease(): void {
    const { file } = this.keys
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?watch=1'
    const child = start(
      'api',
      [
        ...['curl', '--silent', '--no-buffer', '--cacert', file('ca.crt'), '--cert', file('admin.crt')],
        ...['--key', file('admin.key'), `https://[${API_ADDRESS}]:6443${path}`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    this.#children.push(child)
    createInterface(child.stdout!).on('line', line => {
      const { metadata, spec } = (JSON.parse(line) as LeaseEvent).object
      const holder = spec?.holderIdentity ?? ''
      if (metadata?.name === 'plndr-cp-lock' && holder !== this.holders.at(-1)?.what)
        this.holders.push({ at: Date.now(), what: holder })
    })
  }

  /** Starts the agent of a node; of all nodes by default. */
  startAgent(...which: NodeName[]): void {
    for (const node of which.length > 0 ? which : nodes) this.startAgentWith(node)
  }
  startAgentWith(node: NodeName, ...options: string[]): void {
    const command = [
      ...['node', 'packages/softspoken/dist/softspoken.cjs', 'announce', '--mode', 'leader', '--arp', 'true'],
      ...VIPS.flatMap(vip => ['--prefix', `${vip}/${vip.includes(':') ? 128 : 32}`]),
      ...['--health', 'http://127.0.0.1:8080/healthz', '--health-interval', '1', '--health-rise', '1'],
      ...['--kubeconfig', this.keys.file('agent.conf'), '--node-name', node, '--lease-profile', 'fast'],
      ...this.#options,
      ...options,
    ]
    const settings = { mode: 'leader', profile: 'fast', vips: VIPS, options: [] } as const
    this.agents.set(node, new Agent(node, command, this.folder, environment(node, settings, this.folder)))
  }
  agent(node: NodeName): Agent {
    const agent = this.agents.get(node)
    if (agent === undefined) throw new Error(`no agent was started on ${node}`)
    return agent
  }

  /** Turns the service or the API server of a node on or off, or lets it hang. */
  async switch(node: NodeName, what: 'service' | 'api', position: Position): Promise<void> {
    await execInNamespace(node, ['curl', '--silent', `http://127.0.0.1:8079/${what}/${position}`])
  }
  /** Cuts the cable of a node to the segment, or restores it. */
  cut(node: NodeName, up = false): void {
    setLink(node, 'segment', up)
  }

  entryOf(vip: Vip): string | undefined {
    return this.entries.findLast(({ what }) => what.vip === vip)?.what.mac
  }
  /** The node whose MAC address the client's entry of the VIP has. */
  nodeOf(vip: Vip): NodeName | undefined {
    return this.macs[this.entryOf(vip) ?? '']
  }
  /** The client's entries of both VIPs have the MAC address of one node, which is another one. */
  movedFrom(node: NodeName): boolean {
    const [one, other] = VIPS.map(vip => this.nodeOf(vip))
    return one !== undefined && one === other && one !== node
  }
  /** The nodes whose kernel has the VIP. */
  nodesWith(vip: Vip): readonly NodeName[] {
    return nodes.filter(node => this.holdings.findLast(({ what }) => what.node === node && what.vip === vip)?.what.has)
  }
  failedSince(at: number): readonly Moment<NodeName | undefined>[] {
    return VIPS.flatMap(vip => this.answers[vip].filter(answer => answer.at >= at && answer.what === undefined))
  }

  /** One node has the Lease and the VIPs, the client's entries have its MAC address, and it answered the last requests. */
  async steady(seconds = 60): Promise<NodeName> {
    let holder: string | undefined
    await until(
      async () => {
        holder = (await readLease(this.api))?.spec.holderIdentity
        return VIPS.every(vip => {
          const last = this.answers[vip].slice(-20)
          const has = this.nodesWith(vip)
          return (
            this.nodeOf(vip) === holder &&
            has.length === 1 &&
            has[0] === holder &&
            last.length === 20 &&
            last.every(({ what }) => what === holder)
          )
        })
      },
      seconds,
      () =>
        `a steady segment (holder ${holder}, ${VIPS.map(vip => `${vip}: on ${this.nodesWith(vip)}, entry ${this.nodeOf(vip) ?? this.entryOf(vip)}, answer ${this.answers[vip].at(-1)?.what}`).join('; ')})`,
    )
    return nodes.find(node => node === holder)!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents.values()) await agent.kill()
    for (const end of this.#ends) end()
    for (const child of this.#children) child.kill()
    this.capture?.[Symbol.dispose]()
    await this.api?.stop()
    for (const namespace of ['rt', 'api', 'cl', 'l2', 'l3', 'tap', ...nodes]) ip('netns', 'delete', namespace)
  }
}

interface LeaseEvent {
  readonly object: {
    readonly metadata?: { readonly name?: string }
    readonly spec?: { readonly holderIdentity?: string }
  }
}

export function macOf(namespace: NodeName | 'l3'): string {
  const [, mac = ''] = /link\/ether (\S+)/.exec(ip('-n', namespace, 'link', 'show', 'eth0')) ?? []
  return mac
}
