import { docker } from './docker.ts'
import { Output } from './output.ts'
import type { PlainRouter } from './usual-router.ts'
import { waitFor } from './wait-for.ts'

/** A route as the router's own table has it, in one notation for all daemons. */
export interface Route {
  prefix: string
  nextHop: string
  /** Nearest AS first; the members of a set count one by one. */
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
  /** Whether the router uses this one of several routes to the prefix. */
  best: boolean
}

/** A BGP session as the router reports it. */
export interface Session {
  /** The far end's address. */
  neighbor: string
  /** The router's own word, in RFC case; BIRD also says 'Passive', 'Down' and 'Close'. 'Absent': it knows no such neighbour. */
  state: string
  /** The hold time in force, in seconds; only while Established. */
  holdTime?: number
  /** The daemon's own words; not GoBGP. */
  lastError?: string
}

/** Runs a command in the router's container and resolves with its standard output. */
export type Exec = (...command: string[]) => Promise<string>

/** What an operator may say at a router about a neighbour. */
export type Word = 'enable' | 'shut down' | 'reset' | 'ask again'

/** What differs between the daemons: one row each. */
export interface Daemon {
  name: string
  image: string
  /** Stands before every test's configuration. */
  preamble: string
  /** Further words for `docker run`. */
  options?: readonly string[]
  /** Succeeds once the daemon answers its control socket. */
  ready: string[]
  /** The first thing in its answer that looks like a version is one. */
  version: string[]
  routes: (exec: Exec) => Promise<Route[]>
  sessions: (exec: Exec) => Promise<Session[]>
  /** An operator's words about the neighbour with this address; BIRD's are about `host` of `plain`. `why` may be empty. */
  words: { readonly [word in Word]?: (neighbor: string, why: string) => string[] }
  /** The configuration of a router of which nothing special is asked. */
  plain: (router: PlainRouter) => string
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
  /** Our side, the default neighbour that is asked about. */
  host: string
  capture: (filter: string) => Promise<Output>
}

/** One router: a daemon in a container of its own, with fixed addresses. */
export class Router {
  readonly address: string
  readonly address6: string
  readonly #options: RouterOptions

  /** Resolves when the daemon answers its control socket and listens. */
  static async create(options: RouterOptions): Promise<Router> {
    const { daemon, config, name, network, label, address, address6 } = options
    const router = new Router(options)
    const place = ['--name', name, '--hostname', name, '--label', label, '--network', network]
    const addresses = ['--ip', address, '--ip6', address6]
    // For the daemon's kernel tables, and for ip and tcpdump inside.
    const rights = ['--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
    const environment = ['--env', `CONFIG=${daemon.preamble}${config}`]
    const more = daemon.options ?? []
    await docker('run', '--detach', ...place, ...addresses, ...rights, ...more, ...environment, daemon.image)
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

  /** What the router's own BGP table holds, of one prefix or of all. The best route of a prefix comes first. */
  async routes(prefix?: string): Promise<Route[]> {
    const routes = await this.#options.daemon.routes(this.exec)
    return routes
      .filter(route => prefix === undefined || route.prefix === prefix)
      .sort((a, b) => Number(b.best) - Number(a.best))
  }

  /** The session towards us, or towards another neighbour. */
  async session(neighbor: string = this.#options.host): Promise<Session> {
    const sessions = await this.#options.daemon.sessions(this.exec)
    return sessions.find(session => session.neighbor === neighbor) ?? { neighbor, state: 'Absent' }
  }

  /** Says an operator's word at the router, about our side if about no other neighbour. */
  async tell(word: Word, { why = '', neighbor = this.#options.host } = {}): Promise<void> {
    const { daemon } = this.#options
    const words = daemon.words[word]
    if (words === undefined) throw new Error(`${daemon.name} has no word for: ${word}`)
    await this.exec(...words(neighbor, why))
  }

  /** Resolves when somebody who dials would be answered; BIRD listens only while it has a neighbour that is not shut down. */
  async listens(): Promise<void> {
    const { name } = this.#options
    await waitFor(() => this.exec('ss', '-Hltn'), {
      until: sockets => /:179\b/.test(sockets),
      within: 30,
      what: `${name} to listen`,
    })
  }

  /** What the daemon in the container says that it is. */
  async version(): Promise<string> {
    const said = await this.exec(...this.#options.daemon.version)
    return /\d+(\.\d+)+/.exec(said)?.[0] ?? said
  }

  /** All that the daemon has logged, restarts included. */
  async log(): Promise<string> {
    return docker('logs', this.#options.name)
  }

  /** A stop as an operator does it, so the daemon says goodbye with a Cease. */
  async stop(): Promise<void> {
    await docker('stop', '-t', '10', this.#options.name)
  }

  /**
   * Ends the daemon without a word of its own; its kernel still closes the connection. Children go first:
   * OpenBGPD's may say a Cease where their parent is gone a moment before them.
   */
  async kill(): Promise<void> {
    const { name } = this.#options
    await docker('exec', name, 'sh', '-c', 'kill -KILL -1').catch(() => {}) // there are none, or all is over with them
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
   * Freezes the daemon. Its kernel goes on: it still acknowledges, and completes handshakes until the backlog is full. On a
   * busy machine Docker may give up before the last thread stands still ("unable to freeze"), and is asked again.
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
   * Starts a command that goes on, such as `ip -ts monitor route`, and resolves when it runs. It ends with the container,
   * or with its next line once it is stopped.
   */
  async watch(...command: string[]): Promise<Output> {
    const begin = ['sh', '-c', 'echo begin >&2; exec "$@"', 'sh']
    const output = new Output(['exec', this.#options.name, ...begin, ...command])
    await output.started('begin')
    return output
  }

  /** Captures what passes between the network and this router. See `Lab.capture`. */
  async capture(filter = 'tcp'): Promise<Output> {
    return this.#options.capture(`(host ${this.address} or host ${this.address6}) and (${filter})`)
  }

  async #answers(): Promise<void> {
    const { daemon, name } = this.#options
    await waitFor(() => this.#answersNow(), {
      within: 60,
      what: `${daemon.name} to answer its control socket in ${name}`,
    })
    await this.listens() // BIRD 3 answers before it does
  }

  async #answersNow(): Promise<boolean> {
    const { daemon, name } = this.#options
    const running = await docker('inspect', '--format', '{{.State.Running}}', name)
    if (running !== 'true') throw new Error(`${daemon.name} ended at once. Its log:\n${await this.log()}`)
    await this.exec(...daemon.ready)
    return true
  }
}
