import { join } from 'node:path'
import { Agent } from './agent.ts'
import { ApiServer, request } from './api.ts'
import { type Answer, describeLost, lostOf } from './client/answers.ts'
import { readLease } from './lease.ts'
import { address, address6, ip, makeNetwork, type NodeName, nodes, setLink } from './network.ts'
import { type Moment, NodesLab } from './nodes-lab.ts'
import { tell } from './preload/tell.ts'
import { type LabRouter, type RouterName, routers } from './router.ts'
import { type AgentSettings, environment, type Preload, softspoken } from './softspoken.ts'
import { pause, until } from './until.ts'

export const VIP = '198.51.100.100'

export interface LabOptions {
  readonly router?: RouterName
  /** The hold time that the router proposes. Default 240 s, so that it decides nothing. */
  readonly holdTime?: number
  readonly agent: AgentSettings
  /** The agents may use the Lease from the start. Default: true. */
  readonly granted?: boolean
  /** The router has a kernel table per node (RouterSettings). Default: false. */
  readonly hasTables?: boolean
  /** etcd can be slow (`api.latency`). Default: false. */
  readonly hasLatency?: boolean
}

/** One at a time in a container: its namespaces have fixed names. */
export class KubernetesLab extends NodesLab implements AsyncDisposable {
  /** The next hops of the VIP in the router's kernel, as they came; undefined: no route. */
  readonly routes: Moment<NodeName | undefined>[] = []
  readonly answers: Answer[] = []
  readonly #options: LabOptions
  router!: LabRouter

  static async create(options: LabOptions): Promise<KubernetesLab> {
    const lab = new KubernetesLab(options)
    try {
      await lab.#start()
      return lab
    } catch (error) {
      await lab[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(options: LabOptions) {
    super()
    this.#options = options
    makeNetwork()
  }

  async #start(): Promise<void> {
    const { granted = true, hasLatency = false } = this.#options
    this.api = await ApiServer.start(this.keys, join(this.folder, 'api'), { hasLatency })
    if (granted) await this.api.grant()
    for (const node of nodes) await this.startNode(node)
    this.startRouter()
    this.watchLease()
    this.monitor('rt', ['route'], ({ at, line }) => {
      if (!line.replace(/^Deleted /, '').startsWith(`${VIP} `)) return
      const [, via] = /via (?:inet6 )?(\S+)/.exec(line) ?? []
      this.routes.push({ at, what: line.startsWith('Deleted') ? undefined : nodeAt(via) })
    })
    this.startClient('cl', `http://${VIP}:8080/`, answer => this.answers.push(answer))
  }

  startRouter(): void {
    const { router = 'bird', holdTime = 240, hasTables = false } = this.#options
    this.router = routers[router](join(this.folder, router), { holdTime, hasTables })
  }
  /** The router crashes, and starts again. */
  async restartRouter(): Promise<void> {
    await this.router.stop('SIGKILL')
    this.startRouter()
  }

  get vips(): readonly string[] {
    return this.#options.agent.vips
  }

  protected startOne(node: NodeName): void {
    this.startAgentWith(node, {})
  }
  /** Starts the agent of a node with settings of its own. */
  startAgentWith(node: NodeName, own: Partial<AgentSettings>): void {
    const settings = { ...this.#options.agent, ...own }
    const { folder = this.folder, wrap = command => command } = settings
    const env = environment(node, settings, this.#switches(node))
    this.agents.set(node, new Agent(node, wrap(softspoken(node, this, settings)), folder, env))
  }

  /** To a module that was imported by the agent of a node: `clock`, the seconds by which it is wrong; `hang`. */
  tell(node: NodeName, what: Preload, value = ''): void {
    tell(this.#switches(node), what, value)
  }
  #switches(node: NodeName): string {
    return join(this.folder, `switches-${node}`)
  }

  /** Sends a request with the agents' token from a node to its own API server. */
  requestAt(node: NodeName, method: string, path: string, body?: unknown): ReturnType<ApiServer['request']> {
    // The certificate has the name `kubernetes`, and not the loopback's address.
    const credentials = ['--connect-to', 'kubernetes:6443:127.0.0.1:6443', '--oauth2-bearer', this.keys.token]
    return request(node, 'kubernetes', this.keys, credentials, method, path, body)
  }

  /** Cuts the cable of a node to a network, or restores it. */
  cut(node: NodeName, network: 'segment' | 'management', up = false): void {
    setLink(node, network, up)
  }

  /** In seconds: the agent sets 5 with an election, and 30 is the default to a router of another AS. */
  get advertisementInterval(): number {
    return this.#options.agent.mode === 'all-nodes' ? 30 : 5
  }

  /** The node that the router uses for the first VIP. */
  get active(): NodeName | undefined {
    return this.routesOf(this.vips.slice(0, 1))[0]
  }

  /** The router uses another node than this one. */
  movedFrom(node: NodeName): boolean {
    const { active } = this
    return active !== undefined && active !== node
  }

  /** The node that the router uses for each of these VIPs. */
  routesOf(vips: readonly string[]): readonly (NodeName | undefined)[] {
    return vips.map(vip => {
      const family = vip.includes(':') ? '-6' : '-4'
      const [, via] = /via (?:inet6? )?(\S+)/.exec(ip('-n', 'rt', family, 'route', 'show', vip)) ?? []
      return nodeAt(via)
    })
  }

  /** The nodes that have the first VIP on an interface. */
  get holders(): readonly NodeName[] {
    return nodes.filter(node => this.vipsOn(node).includes(this.vips[0] ?? ''))
  }

  /** The VIPs that are on an interface of this node. */
  vipsOn(node: NodeName): readonly string[] {
    const list = ip('-n', node, '-oneline', 'address', 'show')
    return this.vips.filter(vip => list.includes(` ${vip}/`))
  }

  /** Rejects if a request of the client since then was lost (`lostOf`). */
  async assertAnswered(at: number): Promise<void> {
    await pause(1) // longer than the client waits for an answer
    const lost = lostOf(
      this.answers.filter(answer => answer.at >= at),
      this.routes,
    )
    if (lost.length > 0) throw new Error(`${lost.length} requests were not answered: ${describeLost(lost)}`)
  }
  routesSince(at: number): readonly Moment<NodeName | undefined>[] {
    return this.routes.filter(route => route.at >= at)
  }

  /** All sessions are established, the router uses a node, and that node answered the last twenty requests. */
  async steady(seconds = 60): Promise<NodeName> {
    await until(
      async () => {
        const active = this.active
        const last = this.answers.slice(-20)
        const election = this.#options.agent.mode !== 'all-nodes'
        return (
          active !== undefined &&
          (!election || (await readLease(this.api))?.spec.holderIdentity === active) &&
          last.length === 20 &&
          last.every(({ what }) => what === active) &&
          (await this.router.sessions()) >= nodes.filter(node => this.agents.get(node)?.running).length
        )
      },
      seconds,
      () => `a steady lab (active ${this.active}, holders ${this.holders}, last answer ${this.answers.at(-1)?.what})`,
    )
    return this.active!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents.values()) await agent.kill()
    this.endChildren()
    await this.router?.stop()
    await this.api?.stop()
    for (const namespace of ['rt', 'api', 'cl', 'l2', ...nodes]) ip('netns', 'delete', namespace)
  }
}

function nodeAt(text: string | undefined): NodeName | undefined {
  return nodes.find(node => address[node] === text || address6[node] === text)
}
