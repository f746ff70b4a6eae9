/** What the labs share: the nodes' own programs, and their agents. */
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Agent } from './agent.ts'
import type { ApiServer } from './api.ts'
import { type Answer, parseAnswer } from './client/answers.ts'
import { execInNamespace } from './exec.ts'
import { makeKeys } from './keys.ts'
import { API_ADDRESS, type Namespace, type NodeName, nodes, start } from './network.ts'
import { until } from './until.ts'

/** What happened, and when, in milliseconds since the epoch. */
export interface Moment<what> {
  readonly at: number
  readonly what: what
}

/** Of a switch on a node. */
export type Position = 'on' | 'off' | 'hang' | 'slow' | '401'

/** A line of `ip monitor`. */
interface Change {
  readonly at: number
  readonly line: string
}
interface LeaseEvent {
  readonly object: {
    readonly metadata?: { readonly name?: string }
    readonly spec?: { readonly holderIdentity?: string }
  }
}

export abstract class NodesLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'lab-'))
  readonly keys = makeKeys(join(this.folder, 'keys'))
  readonly agents = new Map<NodeName, Agent>()
  /** The holder of the Lease, as an administrator's watch sees it; `at` is when its event arrived. Empty: it was released. */
  readonly leaseHolders: Moment<string>[] = []
  readonly #children: ChildProcess[] = []
  api!: ApiServer

  protected abstract startOne(node: NodeName): void

  /** Starts the agent of a node; of all nodes by default. */
  startAgent(...which: NodeName[]): void {
    for (const node of which.length > 0 ? which : nodes) this.startOne(node)
  }
  agent(node: NodeName): Agent {
    const agent = this.agents.get(node)
    if (agent === undefined) throw new Error(`no agent was started on ${node}`)
    return agent
  }
  /** How often the agent of a node, with those before it, was ready to lead, or to serve in standby and all-nodes mode. */
  timesReady(node: NodeName): number {
    return this.agent(node).log.match(/"msg":"(ready to lead|serving)"/g)?.length ?? 0
  }
  async untilReady(node: NodeName, times = 1): Promise<void> {
    await until(() => this.timesReady(node) >= times, 40, `${node} is ready for the ${times}. time`)
  }
  /** Ends the agent of a node in order, and starts it again. Resolves when it is ready. */
  async restart(node: NodeName): Promise<void> {
    await this.agent(node).kill('SIGTERM')
    const times = this.timesReady(node)
    this.startOne(node)
    await this.untilReady(node, times + 1)
  }

  /** Turns the service or the API server of a node on or off, or lets it hang. */
  async switch(node: NodeName, what: 'service' | 'api', position: Position): Promise<void> {
    await execInNamespace(node, ['curl', '--silent', `http://127.0.0.1:8079/${what}/${position}`])
  }

  /** Starts the service and the API server of a node, and resolves when they listen. */
  protected startNode(node: NodeName): Promise<void> {
    return new Promise(done => this.readLines(node, program('node-program.ts', node, API_ADDRESS), () => done()))
  }
  /** A client that asks `url` every 50 ms. */
  startClient(namespace: Namespace, url: string, onAnswer: (answer: Answer) => void): void {
    this.readLines(namespace, program('probe-program.ts', url), line => onAnswer(parseAnswer(line)))
  }
  /** What `ip monitor` prints in a namespace. `at` is when it has read the change from the kernel. */
  protected monitor(namespace: Namespace, what: readonly string[], onChange: (change: Change) => void): void {
    this.readLines(namespace, ['ip', '-ts', '-oneline', 'monitor', ...what], text => {
      // [2026-11-26T11:22:33.123456] 203.0.113.100 dev eth0 lladdr 02:00:5e:00:00:02 STALE
      const [, time = '', fraction, line = ''] = /^\[([^\].]+)(\.\d+)\] (.*)$/.exec(text) ?? []
      if (time) onChange({ at: Date.parse(`${time}Z`) + Number(fraction) * 1000, line })
    })
  }
  protected watchLease(): void {
    const { file } = this.keys
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases?watch=1'
    const command = [
      ...['curl', '--silent', '--no-buffer', '--cacert', file('ca.crt'), '--cert', file('admin.crt')],
      ...['--key', file('admin.key'), `https://[${API_ADDRESS}]:6443${path}`],
    ]
    this.readLines('api', command, line => {
      const { metadata, spec } = (JSON.parse(line) as LeaseEvent).object
      const holder = spec?.holderIdentity ?? ''
      if (metadata?.name === 'plndr-cp-lock' && holder !== this.leaseHolders.at(-1)?.what)
        this.leaseHolders.push({ at: Date.now(), what: holder })
    })
  }
  /** Starts a command that ends with the lab. */
  protected readLines(namespace: Namespace, command: readonly string[], onLine: (line: string) => void): void {
    const child = start(namespace, command, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#children.push(child)
    if (child.stdout !== null) createInterface(child.stdout).on('line', onLine)
  }
  protected endChildren(): void {
    for (const child of this.#children) child.kill()
  }
}

/** The command of a program of this folder. */
function program(name: string, ...args: string[]): readonly string[] {
  return ['node', '--import', 'tsx', fileURLToPath(new URL(name, import.meta.url)), ...args]
}
