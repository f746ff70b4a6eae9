/** Two VIP agents with one election, and a router that has a session with each: one agent stops, and the other takes over. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Listener, Session } from '@softspoken/session'
import { leaseDirectory, leaseElection, profiles, VipAgent } from '@softspoken/vip-agent'
import { routes } from '@softspoken/wire'
import type { Timeline } from './timeline.ts'

const vip = '198.51.100.10/32'
const silent = { debug() {}, info() {}, warn() {}, error() {} }

export async function handOver(timeline: Timeline): Promise<void> {
  const { note, step } = timeline
  timeline.begin('Two VIP agents in leader mode, with a Lease in a directory, and a router (AS 65000).')
  const folder = await mkdtemp(join(tmpdir(), 'softspoken-demo-'))
  const table = new RouteTable(note)
  const nodes = await Promise.all(['node-1', 'node-2'].map(name => Node.start(name, join(folder, 'lease'), table)))
  const [first, second] = nodes as [Node, Node] // of the two names

  for (const { name, agent } of nodes)
    agent.on('role', ({ role, epoch }) =>
      note('agent', `${name} ${role === 'leader' ? `leads, epoch ${epoch}` : 'does not lead'}`),
    )
  await step('one agent leads, and the router has its route', () => table.best !== undefined)
  const leader = first.agent.status().role === 'leader' ? first : second
  const other = leader === first ? second : first
  await step('the other agent waits', () => other.isEstablished && other.agent.status().holder === leader.name)

  note('agent', `${leader.name} stops: releases the Lease, waits for the next leader, withdraws, drains, sends Cease`)
  const stopped = leader.agent.stop('maintenance')
  await step(`${other.name} leads, and the router uses it`, () => table.best === other.name)
  await step(`${leader.name} has withdrawn its route`, () => table.size === 1)
  await stopped
  await step('the router had a route all the time', () => table.gaps === 0)
  await rm(folder, { recursive: true }) // the other agent ends with this process
}

/** The router's routes to the VIP: it uses the one with the lowest MED. */
class RouteTable {
  readonly #meds = new Map<string, number>()
  readonly #note: Timeline['note']
  /** How often it had no route any more. */
  gaps = 0
  constructor(note: Timeline['note']) {
    this.#note = note
  }
  get size(): number {
    return this.#meds.size
  }
  get best(): string | undefined {
    return [...this.#meds].sort(([, one], [, other]) => one - other)[0]?.[0]
  }
  add(node: string, med: number): void {
    this.#meds.set(node, med)
    this.#note('router', `${vip} from ${node}, MED ${med}: uses ${this.best}`)
  }
  remove(node: string): void {
    if (!this.#meds.delete(node)) return
    if (this.size === 0) this.gaps++
    this.#note('router', `${vip} from ${node} is gone: uses ${this.best ?? 'no node'}`)
  }
}

/** An agent, and the router's session with it. Each has a port of its own, because all addresses are 127.0.0.1. */
class Node {
  readonly name: string
  readonly agent: VipAgent
  readonly #session: Session

  static async start(name: string, lease: string, table: RouteTable): Promise<Node> {
    const session = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1' },
      passive: true,
    })
    session.on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      if (withdrawn.length > 0) table.remove(name)
      if (announced.length > 0) table.add(name, update.attributes.med ?? 0)
    })
    session.on('down', () => table.remove(name))
    const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(session.start())
    return new Node(name, lease, session, await listener.listen())
  }
  private constructor(name: string, lease: string, session: Session, port: number) {
    this.name = name
    this.#session = session
    const number = name.at(-1)
    this.agent = new VipAgent({
      vips: [vip],
      announcer: {
        local: { as: 64515, id: `10.0.5.1${number}` },
        peers: [{ as: 65000, address: '127.0.0.1', port }],
        nextHop: `203.0.113.1${number}`,
        drainTime: 1,
      },
      mode: 'leader',
      election: leaseElection(leaseDirectory(lease), { identity: name, ...profiles.fast }),
      log: silent,
    })
  }
  get isEstablished(): boolean {
    return this.#session.state === 'Established'
  }
}
