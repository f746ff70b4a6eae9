import { docker } from './docker.ts'
import { Output } from './output.ts'
import type { RouterModel } from './router-model.ts'
import { waitFor } from './wait-for.ts'

/** A route of the router's own table, in one notation for all daemons. */
export interface Route {
  prefix: string
  nextHop: string
  /** The nearest AS first. The members of an AS_SET are listed one by one. */
  asPath: number[]
  origin: 'igp' | 'egp' | 'incomplete'
  med?: number
  localPref?: number
  /** '65001:100' */
  communities: string[]
  /** 'rt:65001:1', 'ro:203.0.113.1:1' */
  extendedCommunities: string[]
  /** '65001:1:2' */
  largeCommunities: string[]
  /** Whether the router uses this route. */
  best: boolean
}

/** A BGP session as the router reports it. */
export interface RouterSession {
  /** The address of the other side. */
  neighbor: string
  /** In the spelling of RFC 4271. BIRD also has 'Passive', 'Down' and 'Close'. 'Absent': no such neighbour is configured. */
  state: string
  /** The negotiated hold time in seconds, while Established. */
  holdTime?: number
  /** In the daemon's own words. GoBGP has none. */
  lastError?: string
}

/** Runs a command in the router's container and resolves with its standard output. */
export type Exec = (...command: string[]) => Promise<string>

/** What an operator can do with a neighbour at a router. */
export type OperatorCommand = 'enable' | 'shutdown' | 'reset' | 'request-refresh'

/** What differs between the daemons: one row each. */
export interface Daemon {
  name: string
  image: string
  /** Goes before the configuration of every test. */
  preamble: string
  /** More arguments of `docker run`. */
  options?: readonly string[]
  /** A command that succeeds once the daemon answers on its control socket. */
  ready: string[]
  /** A command whose output has the version as its first number with dots. */
  version: string[]
  routes: (exec: Exec) => Promise<Route[]>
  sessions: (exec: Exec) => Promise<RouterSession[]>
  /** Commands for the neighbour with this address; BIRD's are for the neighbour `host`. `communication` (RFC 9003) may be empty. */
  operatorCommands: { readonly [command in OperatorCommand]?: (neighbor: string, communication: string) => string[] }
  /** Writes the configuration in the daemon's own language. */
  configure: (router: RouterModel) => string
}

export interface RouterOptions {
  daemon: Daemon
  config: string
  /** The container's name. */
  name: string
  network: string
  label: string
  address: string
  address6: string
  /** Our address: the default neighbour of `session` and `operate`. */
  host: string
  capture: (filter: string) => Promise<Output>
}

/** One router: a daemon in a container of its own, with fixed addresses. */
export class Router {
  readonly address: string
  readonly address6: string
  readonly #options: RouterOptions

  /** Resolves when the daemon answers on its control socket and listens on port 179. */
  static async create(options: RouterOptions): Promise<Router> {
    const { daemon, config, name, network, label, address, address6 } = options
    const router = new Router(options)
    const place = ['--name', name, '--hostname', name, '--label', label, '--network', network]
    const addresses = ['--ip', address, '--ip6', address6]
    // For the daemon's kernel tables, and for ip and tcpdump in the container.
    const capabilities = ['--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
    const environment = ['--env', `CONFIG=${daemon.preamble}${config}`]
    const more = daemon.options ?? []
    await docker('run', '--detach', ...place, ...addresses, ...capabilities, ...more, ...environment, daemon.image)
    await router.#answers()
    return router
  }

  private constructor(options: RouterOptions) {
    this.#options = options
    this.address = options.address
    this.address6 = options.address6
  }

  get daemon(): Daemon {
    return this.#options.daemon
  }

  exec = (...command: string[]): Promise<string> => docker('exec', this.#options.name, ...command)

  /** The routes of the router's own BGP table, for one prefix or for all. The best route of a prefix comes first. */
  async routes(prefix?: string): Promise<Route[]> {
    const routes = await this.#options.daemon.routes(this.exec)
    return routes
      .filter(route => prefix === undefined || route.prefix === prefix)
      .sort((a, b) => Number(b.best) - Number(a.best))
  }

  /** The session with us, or with another neighbour. */
  async session(neighbor: string = this.#options.host): Promise<RouterSession> {
    const sessions = await this.#options.daemon.sessions(this.exec)
    return sessions.find(session => session.neighbor === neighbor) ?? { neighbor, state: 'Absent' }
  }

  /** Runs an operator's command for one neighbour. Default: our address */
  async operate(command: OperatorCommand, { communication = '', neighbor = this.#options.host } = {}): Promise<void> {
    const { daemon } = this.#options
    const argv = daemon.operatorCommands[command]
    if (argv === undefined) throw new Error(`${daemon.name} has no operator command '${command}'`)
    await this.exec(...argv(neighbor, communication))
  }

  /** Resolves when port 179 is open. BIRD listens only while it has a neighbour that is not shut down. */
  async listens(): Promise<void> {
    const { name } = this.#options
    await waitFor(() => this.exec('ss', '-Hltn'), {
      until: sockets => /:179\b/.test(sockets),
      within: 30,
      what: `${name} to listen`,
    })
  }

  /** The version that the daemon reports. */
  async version(): Promise<string> {
    const output = await this.exec(...this.#options.daemon.version)
    return /\d+(\.\d+)+/.exec(output)?.[0] ?? output
  }

  /** The daemon's whole log, restarts included. */
  async log(): Promise<string> {
    return docker('logs', this.#options.name)
  }

  /** Stops the daemon as an operator does, so that it sends a Cease. */
  async stop(): Promise<void> {
    await docker('stop', '-t', '10', this.#options.name)
  }

  /**
   * Kills the daemon: it sends no NOTIFICATION, and its kernel closes the connection. Child processes are killed first,
   * because OpenBGPD's may send a Cease if their parent ends a moment before them.
   */
  async kill(): Promise<void> {
    const { name } = this.#options
    await docker('exec', name, 'sh', '-c', 'kill -KILL -1').catch(() => {}) // there are none, or the container has ended
    await docker('kill', name).catch(error => {
      if (!String(error).includes('is not running')) throw error
    })
  }

  async start(): Promise<void> {
    await docker('start', this.#options.name)
    await this.#answers()
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  /**
   * Freezes the daemon. Its kernel still acknowledges segments, and completes handshakes until the backlog is full. On a busy
   * machine Docker may give up before the last thread is frozen ("unable to freeze"), so this is repeated.
   */
  async pause(): Promise<void> {
    await waitFor(async () => (await docker('pause', this.#options.name)) !== '', {
      within: 20,
      what: `${this.#options.name} to be frozen`,
    })
  }

  async unpause(): Promise<void> {
    await docker('unpause', this.#options.name)
  }

  /**
   * Starts a command that does not end, such as `ip -ts monitor route`, and resolves when it runs. It ends with the container,
   * or after `stop` with the next line that it prints.
   */
  async watch(...command: string[]): Promise<Output> {
    const begin = ['sh', '-c', 'echo begin >&2; exec "$@"', 'sh']
    const output = new Output(['exec', this.#options.name, ...begin, ...command])
    await output.started('begin')
    return output
  }

  /** Captures the packets from and to this router. See `Lab.capture`. */
  async capture(filter = 'tcp'): Promise<Output> {
    return this.#options.capture(`(host ${this.address} or host ${this.address6}) and (${filter})`)
  }

  async #answers(): Promise<void> {
    const { daemon, name } = this.#options
    await waitFor(() => this.#answersNow(), {
      within: 60,
      what: `${daemon.name} to answer its control socket in ${name}`,
    })
    await this.listens() // BIRD 3 answers before it listens
  }

  async #answersNow(): Promise<boolean> {
    const { daemon, name } = this.#options
    const running = await docker('inspect', '--format', '{{.State.Running}}', name)
    if (running !== 'true') throw new Error(`${daemon.name} ended at once. Its log:\n${await this.log()}`)
    await this.exec(...daemon.ready)
    return true
  }
}
