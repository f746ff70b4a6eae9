import { join } from 'node:path'
import { Agent } from '../agent.ts'
import { ApiServer } from '../api.ts'
import type { Answer } from '../client/answers.ts'
import { readLease } from '../lease.ts'
import { ip, makeNetwork, makeSegmentHosts, type NodeName, nodes, setLink } from '../network.ts'
import { type Moment, NodesLab } from '../nodes-lab.ts'
import { environment, type Profile } from '../softspoken.ts'
import { until } from '../until.ts'
import { SegmentCapture } from './heard.ts'

/** In the subnet of the segment. */
export const VIPS = ['203.0.113.100', '2001:db8:113::100'] as const
export type Vip = (typeof VIPS)[number]

export interface SegmentLabOptions {
  /** Default: `fast`, 5/3/1. If nothing may move, `default`: a machine that is busy for 3 s ends a lease of `fast`. */
  readonly profile?: Profile
  /** More options of the program. */
  readonly options?: readonly string[]
}

/** One at a time in a container: its namespaces have fixed names. */
export class SegmentLab extends NodesLab implements AsyncDisposable {
  /** The MAC address in the client's entry of each VIP, as it changed; undefined if there is no entry, or none with one. */
  readonly entries: Moment<{ readonly vip: Vip; readonly mac: string | undefined }>[] = []
  readonly answers: Readonly<Record<Vip, Answer[]>> = { [VIPS[0]]: [], [VIPS[1]]: [] }
  /** The kernel of a node has the VIP from now on, or has it no more. */
  readonly holdings: Moment<{ readonly node: NodeName; readonly vip: Vip; readonly has: boolean }>[] = []
  readonly #options: SegmentLabOptions
  readonly macs: Readonly<Record<string, NodeName>>
  capture!: SegmentCapture

  static async create(options: SegmentLabOptions = {}): Promise<SegmentLab> {
    const lab = new SegmentLab(options)
    try {
      await lab.#start()
      return lab
    } catch (error) {
      await lab[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: SegmentLabOptions) {
    super()
    this.#options = options
    makeNetwork()
    makeSegmentHosts()
    this.macs = Object.fromEntries(nodes.map(node => [macOf(node), node]))
  }

  async #start(): Promise<void> {
    this.api = await ApiServer.start(this.keys, join(this.folder, 'api'))
    await this.api.grant()
    for (const node of nodes) await this.startNode(node)
    this.#watchAddresses()
    this.monitor('l2', ['neigh'], ({ at, line }) => {
      const [, deleted, vip, mac] = /^(Deleted )?(\S+) dev eth0 (?:lladdr (\S+))?/.exec(line) ?? []
      const known = VIPS.find(each => each === vip)
      const now = deleted === undefined ? mac : undefined
      if (known && this.entryOf(known) !== now) this.entries.push({ at, what: { vip: known, mac: now } })
    })
    this.capture = await SegmentCapture.start(VIPS)
    for (const vip of VIPS) {
      const url = `http://${vip.includes(':') ? `[${vip}]` : vip}:8080/`
      this.startClient('l2', url, answer => this.answers[vip].push(answer))
    }
    this.watchLease()
  }

  /** One program hears all nodes, so what it prints is in the order in which it happened. */
  #watchAddresses(): void {
    for (const [at, node] of nodes.entries()) ip('-n', 'tap', 'netns', 'set', node, `${at + 1}`)
    // [nsid 1]Deleted 2: eth0    inet 203.0.113.100/32 scope host dynamic eth0\       valid_lft …
    this.monitor('tap', ['address', 'all-nsid'], ({ at, line }) => {
      const [, number, deleted] = /^\[nsid (\d)\](Deleted )?/.exec(line) ?? []
      const node = nodes[Number(number) - 1]
      const vip = VIPS.find(each => line.includes(` ${each}/`))
      if (node === undefined || vip === undefined) return
      const has = deleted === undefined
      const before = this.holdings.findLast(({ what }) => what.node === node && what.vip === vip)?.what.has ?? false
      if (has !== before) this.holdings.push({ at, what: { node, vip, has } })
    })
  }

  protected startOne(node: NodeName): void {
    this.startAgentWith(node)
  }
  startAgentWith(node: NodeName, ...options: string[]): void {
    const { profile = 'fast', options: more = [] } = this.#options
    const command = [
      ...['node', 'packages/softspoken/dist/softspoken.cjs', 'announce', '--mode', 'leader', '--arp', 'true'],
      ...VIPS.flatMap(vip => ['--prefix', `${vip}/${vip.includes(':') ? 128 : 32}`]),
      ...['--health', 'http://127.0.0.1:8080/healthz', '--health-interval', '1', '--health-rise', '1'],
      ...['--kubeconfig', this.keys.file('agent.conf'), '--node-name', node],
      ...(profile === 'fast' ? ['--lease-profile', 'fast'] : []),
      ...more,
      ...options,
    ]
    const settings = { mode: 'leader', profile, vips: VIPS, options: [] } as const
    this.agents.set(node, new Agent(node, command, this.folder, environment(node, settings, this.folder)))
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
  failedSince(at: number): readonly Answer[] {
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
    this.endChildren()
    this.capture?.[Symbol.dispose]()
    await this.api?.stop()
    for (const namespace of ['rt', 'api', 'cl', 'l2', 'l3', 'tap', ...nodes]) ip('netns', 'delete', namespace)
  }
}

export function macOf(namespace: NodeName | 'l3'): string {
  const [, mac = ''] = /link\/ether (\S+)/.exec(ip('-n', namespace, 'link', 'show', 'eth0')) ?? []
  return mac
}
