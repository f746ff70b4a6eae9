/**
 * Two VIP agents with one election, and a router that has a session with each. First the service of the leader fails, then the
 * next leader is stopped.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpCheck } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { leaseDirectory, leaseElection, profiles, VipAgent } from '@softspoken/vip-agent'
import { describeNotification, routes } from '@softspoken/wire'
import { Service } from './service.ts'
import { secondsSince, type Timeline } from './timeline.ts'

type NodeName = 'node-1' | 'node-2'
const vip = '198.51.100.10/32'
/** Seconds between two advertisements of a prefix by one speaker (RFC 4271 §9.2.1.1). */
const ADVERTISEMENT_INTERVAL = 5

export async function handOver(timeline: Timeline): Promise<void> {
  const { begin, note, step } = timeline
  begin('Two VIP agents with one Lease in a directory, and a router (AS 65000).')
  const folder = mkdtempSync(join(tmpdir(), 'softspoken-demo-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const table = new RouteTable(note)

  const one = await Node.start('node-1', folder, table, note)
  await step('node-1 leads, and the router has its route', () => one.leads && table.best === 'node-1')
  const advertisedAt = performance.now()
  const two = await Node.start('node-2', folder, table, note)
  await step('node-2 is ready and waits', () => two.standsBy)
  await sleep(1000)

  note('service', 'fails on node-1')
  one.service.healthy = false
  const failedAt = performance.now()
  await step('node-2 leads, and the router has its route', () => two.leads && table.best === 'node-2')
  note('router', `uses node-2 ${secondsSince(failedAt)} after the service failed`)
  await sleep(1000)

  note('service', 'recovers on node-1')
  one.service.healthy = true
  await step('node-1 is ready and waits', () => one.standsBy)
  // Before that, the router would get its next route later, and node-2 does not wait for that.
  await step(
    `the last advertisement of node-1 is ${ADVERTISEMENT_INTERVAL} s ago`,
    () => performance.now() - advertisedAt > ADVERTISEMENT_INTERVAL * 1000,
  )

  note('node-2', 'stops: releases the Lease, and waits for the next leader')
  const stoppedAt = performance.now()
  const stopped = two.agent.stop('upgrade')
  await step('the router prefers node-1 to node-2', () => table.size === 2 && table.best === 'node-1')
  await step('node-2 withdraws its route after that', () => table.size === 1 && table.best === 'node-1')
  note('router', `uses node-1 alone ${secondsSince(stoppedAt)} after the stop`)
  await stopped
  await step('the router had a route all the time', () => table.emptyAt < stoppedAt)

  note('node-1', 'stops: no other node leads: it withdraws after two looks')
  await one.agent.stop('upgrade')
  await step('the router has no route', () => table.size === 0)
  for (const { service } of [one, two]) service.stop()
}

/** A node: its service, its agent, and the router's session with it. */
class Node {
  readonly service: Service
  readonly agent: VipAgent

  static async start(name: NodeName, folder: string, table: RouteTable, note: Timeline['note']): Promise<Node> {
    const session = new Session({
      local: { as: 65000, id: '10.0.5.1' },
      peer: { as: 64515, address: '127.0.0.1' },
      passive: true,
    })
    session.on('update', ({ update }) => {
      const { announced, withdrawn } = routes(update)
      if (withdrawn.length > 0) table.remove(name)
      if (announced.length > 0) table.set(name, update.attributes.med ?? 0)
    })
    session.on('down', ({ received }) => {
      table.remove(name)
      note('router', `${name}: ${received ? describeNotification(received) : 'no NOTIFICATION'}`)
    })
    // A port for each, because both connect from 127.0.0.1, and a session is chosen by the address of the peer.
    const listener = new Listener({ address: '127.0.0.1', port: 0 }).serve(session.start())
    const port = await listener.listen()
    const service = await Service.start()
    return new Node(name, folder, port, service, note)
  }

  private constructor(name: NodeName, folder: string, port: number, service: Service, note: Timeline['note']) {
    const number = name === 'node-1' ? 1 : 2
    this.service = service
    this.agent = new VipAgent({
      vips: [vip],
      mode: 'leader',
      election: leaseElection(leaseDirectory(join(folder, 'lease')), { identity: name, ...profiles.fast }),
      health: { check: httpCheck(service.url), interval: 1, rise: 1, fall: 1 },
      // No root here, so that no address is added, and none is required. In production one of the two is given.
      address: 'none',
      requireAddress: false,
      announcer: {
        local: { as: 64515, id: `10.0.5.1${number}` },
        peers: [{ as: 65000, address: '127.0.0.1', port }],
        nextHop: `203.0.113.1${number}`,
        advertisementInterval: ADVERTISEMENT_INTERVAL,
        drainTime: 1,
      },
      log: { debug() {}, info() {}, warn() {}, error() {} },
    })
    this.agent.on('serving', ({ reason }) => {
      if (reason !== 'stopping') note(name, reason === undefined ? 'serves' : `does not serve: ${reason}`)
    })
    this.agent.on('role', ({ role, epoch }) => {
      if (role === 'leader') note(name, `leads, epoch ${epoch}`)
    })
  }

  get leads(): boolean {
    return this.agent.status().role === 'leader'
  }
  get standsBy(): boolean {
    const { role, serves, holder } = this.agent.status()
    return role === 'waiting' && serves.reason === undefined && holder !== undefined
  }
}

/** The router's routes to the VIP: it uses the one with the lowest MED. */
class RouteTable {
  readonly #meds = new Map<NodeName, number>()
  readonly #note: Timeline['note']
  /** When it had no route last, in time of `performance.now()`. */
  emptyAt = performance.now()

  constructor(note: Timeline['note']) {
    this.#note = note
  }
  get size(): number {
    return this.#meds.size
  }
  get best(): NodeName | undefined {
    return this.#preferred()[0]?.[0]
  }
  set(node: NodeName, med: number): void {
    if (this.size === 0) this.emptyAt = performance.now()
    this.#meds.set(node, med)
    this.#show()
  }
  remove(node: NodeName): void {
    if (!this.#meds.delete(node)) return
    if (this.size === 0) this.emptyAt = performance.now()
    this.#show()
  }
  #preferred(): [NodeName, number][] {
    return [...this.#meds].sort(([, one], [, other]) => one - other)
  }
  #show(): void {
    const [best, ...others] = this.#preferred().map(([node, med]) => `${node} (MED ${med})`)
    this.#note('router', best === undefined ? 'has no route' : `uses ${[best, ...others].join(' before ')}`)
  }
}
