/** Three nodes with an agent each, a router, a client, an API server; and what the router and the client saw. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Agent } from './agent.ts'
import { ApiServer } from './api.ts'
import { execInNamespace } from './exec.ts'
import { type Keys, makeKeys } from './keys.ts'
import { address, ip, makeNetwork, type Namespace, type NodeName, nodes, start } from './network.ts'
import { type LabRouter, type RouterName, routers } from './router.ts'
import { until } from './until.ts'

export const VIP = '198.51.100.100'

/** What happened, and when, in milliseconds since the epoch. */
export interface Moment<what> {
  readonly at: number
  readonly what: what
}

export interface LabOptions {
  readonly router?: RouterName
  /** The hold time that the router proposes. Default 240 s, so that it decides nothing. */
  readonly holdTime?: number
  /** The VIP is on `lo` of every node from the start, for an agent that adds it to no interface. */
  readonly addVip?: boolean
  /** The command of the agent on this node. */
  readonly command: (node: NodeName, lab: KubernetesLab) => readonly string[]
}

/** One at a time in a container: its namespaces have fixed names. */
export class KubernetesLab implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'lab-'))
  readonly keys: Keys
  readonly agents = new Map<NodeName, Agent>()
  /** The next hops of the VIP in the router's kernel, as they came; undefined: no route. */
  readonly routes: Moment<NodeName | undefined>[] = []
  /** The node that answered the client, or undefined if none did. `at` is when the request was sent. */
  readonly answers: Moment<NodeName | undefined>[] = []
  readonly #options: LabOptions
  readonly #others: ChildProcess[] = []
  api!: ApiServer
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
    this.#options = options
    this.keys = makeKeys(join(this.folder, 'keys'))
    makeNetwork()
    if (options.addVip) for (const node of nodes) ip('-n', node, 'address', 'add', `${VIP}/32`, 'dev', 'lo')
  }

  async #start(): Promise<void> {
    const { router = 'bird', holdTime = 240 } = this.#options
    this.api = await ApiServer.start(this.keys, join(this.folder, 'api'))
    for (const node of nodes) await this.#program(node, 'node-program.ts', node, address.api)
    this.router = routers[router](join(this.folder, router), holdTime)
    const monitor = this.#lines('rt', ['ip', 'monitor', 'route'], line => {
      if (!line.replace(/^Deleted /, '').startsWith(VIP)) return
      const [, via] = /via (?:inet6 )?(\S+)/.exec(line) ?? []
      this.routes.push({ at: Date.now(), what: line.startsWith('Deleted') ? undefined : nodeAt(via) })
    })
    this.#others.push(monitor)
    const probe = fileURLToPath(new URL('probe-program.ts', import.meta.url))
    this.#others.push(
      this.#lines('cl', ['node', '--import', 'tsx', probe, `http://${VIP}:8080/`], line => {
        const [at, result] = line.split(' ')
        this.answers.push({ at: Number(at), what: nodes.find(node => node === result) })
      }),
    )
  }

  /** Starts the agent of a node; of all nodes by default. */
  startAgent(...which: NodeName[]): void {
    for (const node of which.length > 0 ? which : nodes)
      this.agents.set(node, new Agent(node, this.#options.command(node, this), this.folder))
  }

  agent(node: NodeName): Agent {
    const agent = this.agents.get(node)
    if (agent === undefined) throw new Error(`no agent was started on ${node}`)
    return agent
  }

  /** Turns the service or the API server of a node on or off, or lets it hang. */
  async switch(node: NodeName, what: 'service' | 'api', position: 'on' | 'off' | 'hang'): Promise<void> {
    await execInNamespace(node, ['curl', '--silent', `http://127.0.0.1:8079/${what}/${position}`])
  }

  /** The node that the router uses. */
  get active(): NodeName | undefined {
    const [, via] = /via (?:inet6 )?(\S+)/.exec(ip('-n', 'rt', 'route', 'show', VIP)) ?? []
    return nodeAt(via)
  }

  /** The nodes that have the VIP on an interface. */
  get holders(): readonly NodeName[] {
    return nodes.filter(node => ip('-n', node, '-4', 'address', 'show').includes(`${VIP}/32`))
  }

  /** All sessions are established, the router uses a node, and that node answered the last twenty requests. */
  async steady(seconds = 60): Promise<NodeName> {
    await until(
      async () => {
        const active = this.active
        const last = this.answers.slice(-20)
        return (
          active !== undefined &&
          last.length === 20 &&
          last.every(({ what }) => what === active) &&
          (await this.router.sessions()) >= nodes.filter(node => this.agents.get(node)?.running).length
        )
      },
      seconds,
      `a steady lab (active ${this.active}, holders ${this.holders}, last answer ${this.answers.at(-1)?.what})`,
    )
    return this.active!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.agents.values()) await agent.kill()
    for (const child of this.#others) child.kill()
    this.router?.stop()
    await this.api?.stop()
    for (const namespace of ['rt', 'api', 'cl', 'l2', ...nodes]) ip('netns', 'delete', namespace)
  }

  /** Starts a program of this folder in a namespace, and resolves once it has printed a line. */
  async #program(namespace: Namespace, name: string, ...args: string[]): Promise<void> {
    const path = fileURLToPath(new URL(name, import.meta.url))
    const child = start(namespace, ['node', '--import', 'tsx', path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#others.push(child)
    if (child.stdout !== null) await once(child.stdout, 'data')
  }

  #lines(namespace: Namespace, command: readonly string[], onLine: (line: string) => void): ChildProcess {
    const child = start(namespace, command, { stdio: ['ignore', 'pipe', 'inherit'] })
    if (child.stdout !== null) createInterface(child.stdout).on('line', onLine)
    return child
  }
}

function nodeAt(text: string | undefined): NodeName | undefined {
  return nodes.find(node => address[node] === text)
}
