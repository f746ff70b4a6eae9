/** Two VIP agents, each a process of its own, for one virtual IP, and a router that uses one of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Configurations, configureAll } from './for-each-daemon.ts'
import type { Lab } from './lab.ts'
import { openbgpd } from './openbgpd.ts'
import type { Route, Router } from './router.ts'
import { waitFor } from './wait-for.ts'

const program = fileURLToPath(new URL('../../examples/vip-agent/src/main.ts', import.meta.url))

const VIP = '198.51.100.10/32'

/** The routers accept an agent soon after its session ended, because the next pair of agents has the same addresses. */
export const configurations = {
  ...configureAll({ passive: ['host', 'otherHost'] }),
  exabgp: 'has no best path: it passes on all routes',
  bird: ({ own, host, otherHost }) => `
    router id ${own};
    protocol device {}
    protocol kernel { ipv4 { export where source = RTS_BGP; }; }
    template bgp agent { local ${own} as 65001; passive; error wait time 1, 2; ipv4 { import all; export none; }; }
    protocol bgp one from agent { neighbor ${host} as 65010; }
    protocol bgp two from agent { neighbor ${otherHost} as 65010; }
  `,
  gobgp: ({ own, host, otherHost }) =>
    `
    [global.config]
      as = 65001
      router-id = "${own}"` +
    [host, otherHost]
      .map(
        address => `
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${address}"
        peer-as = 65010
      [neighbors.timers.config]
        idle-hold-time-after-reset = 1
      [neighbors.transport.config]
        passive-mode = true`,
      )
      .join(''),
} satisfies Configurations

/** The faults of the agent that the router uses. */
export const faults = {
  killed: { text: 'killed (SIGKILL)', inject: ({ child }: Agent) => void child.kill('SIGKILL') },
  frozen: { text: 'frozen (SIGSTOP)', inject: ({ child }: Agent) => void child.kill('SIGSTOP') },
  unhealthy: { text: 'its service fails', inject: (agent: Agent) => void (agent.isHealthy = false) },
  drained: { text: 'drained (SIGTERM)', inject: ({ child }: Agent) => void child.kill('SIGTERM') },
} as const
export type Fault = keyof typeof faults
export const everyFault = Object.keys(faults) as Fault[]

export interface Agent {
  readonly address: string
  readonly child: ChildProcess
  /** Whether its health endpoint answers 200. */
  isHealthy: boolean
}

export interface Mode {
  readonly leader: boolean
  /** Seconds. */
  readonly holdTime: number
}

export class AgentPair implements AsyncDisposable {
  readonly #router: Router
  readonly #folder: string
  readonly #service: Server
  readonly #agents: Agent[] = []

  /** Resolves when the router has a session with both agents, and both have passed their health check. */
  static async start(lab: Lab, router: Router, mode: Mode): Promise<AgentPair> {
    const folder = await mkdtemp(join(tmpdir(), 'failover-'))
    const service: Server = createServer((asked, answer) => {
      const agent = pair.#agents.find(({ address }) => asked.url === `/${address}`)
      answer.writeHead(agent?.isHealthy ? 200 : 503).end()
    })
    const pair = new AgentPair(router, folder, service.listen(0, '127.0.0.1'))
    await once(service, 'listening')
    await Promise.all([lab.host, lab.otherHost].map(address => pair.#start(address, mode)))
    await waitFor(() => pair.#states(), {
      until: states => states.every(state => state === 'Established'),
      within: 60,
      what: 'both sessions',
    })
    return pair
  }

  private constructor(router: Router, folder: string, service: Server) {
    this.#router = router
    this.#folder = folder
    this.#service = service
  }

  /** The agent that the router uses, and the other one. */
  async roles(): Promise<{ readonly active: Agent; readonly other: Agent }> {
    const { nextHop } = await waitFor(() => this.best(), { within: 30, what: 'a route' })
    const [active, other] = [...this.#agents].sort(one => (one.address === nextHop ? -1 : 1))
    if (active?.address !== nextHop || other === undefined) throw new Error(`${nextHop} is neither of the agents`)
    return { active, other }
  }
  async best(): Promise<Route | undefined> {
    return (await this.#router.routes(VIP)).find(({ best }) => best)
  }

  /** Kills both agents, and waits until the router accepts their addresses again. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#agents) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    this.#service.close()
    this.#service.closeAllConnections()
    await rm(this.#folder, { recursive: true })
    // OpenBGPD accepts no connection for half a minute, and doubles that time; the operator command ends it.
    if (this.#router.daemon === openbgpd)
      for (const { address } of this.#agents) await this.#router.operate('enable', { neighbor: address })
    // If the router rejected the next pair, its back-off would delay the test.
    await waitFor(() => this.#states(), {
      until: states => states.every(state => state === 'Active' || state === 'Passive'),
      within: 60,
      what: 'the router to accept both addresses again',
    })
  }

  async #start(address: string, { leader, holdTime }: Mode): Promise<void> {
    const { port } = this.#service.address() as AddressInfo // a TCP server's address has one
    const options = {
      vip: VIP,
      'local-as': 65010,
      'router-id': address,
      'local-address': address,
      peer: this.#router.address,
      'peer-as': 65001,
      'hold-time': holdTime,
      health: `http://127.0.0.1:${port}/${address}`,
      ...(leader && { lease: join(this.#folder, 'lease') }),
    }
    const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    const child = spawn(process.execPath, ['--import', 'tsx', program, ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#agents.push({ address, child, isHealthy: true })
    let log = ''
    child.stdout.on('data', chunk => (log += chunk))
    await waitFor(() => log.includes('"health gate up"'), {
      within: 60,
      what: `the health check of ${address} to pass`,
    })
  }

  #states(): Promise<string[]> {
    return Promise.all(this.#agents.map(async ({ address }) => (await this.#router.session(address)).state))
  }
}
