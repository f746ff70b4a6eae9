/** One router, and one address at which the announcers run, one after the other. */
import { docker } from '../../lab/docker.ts'
import { Lab } from '../../lab/lab.ts'
import { Output } from '../../lab/output.ts'
import type { Router } from '../../lab/router.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { milliseconds, type RouteEvent, routeEvents } from '../kernel-routes.ts'
import { as } from '../speakers.ts'
import type { Announcer } from './announcers.ts'

interface Start {
  /** Milliseconds since 1970. */
  at: number
  /** In the container. */
  pid: number
  output: Output
}

export type Signal = 'TERM' | 'KILL'

export class Testbed {
  readonly lab: Lab
  readonly router: Router
  readonly address: string
  readonly #monitor: Output

  static async create(): Promise<Testbed> {
    const lab = await Lab.create()
    try {
      const address = lab.spare()
      const router = await lab.bird({
        // After a lost connection BIRD rejects the neighbour for a while; one second is the minimum.
        config: ({ own }) => `
          timeformat log "%F %T.%6f";
          router id ${own};
          protocol device {}
          protocol bgp us {
            local ${own} as ${as.router}; neighbor ${address} as ${as.speaker}; passive; error wait time 1, 1;
            ipv4 { import all; export none; };
          }
          protocol kernel { ipv4 { export where source = RTS_BGP; }; }
        `,
      })
      return new Testbed(lab, router, address, await router.watch('ip', '-ts', 'monitor', 'route'))
    } catch (error) {
      await lab[Symbol.asyncDispose]()
      throw error
    }
  }

  private constructor(lab: Lab, router: Router, address: string, monitor: Output) {
    this.lab = lab
    this.router = router
    this.address = address
    this.#monitor = monitor
  }

  /** A container in which only `cat` runs, which keeps it alive. */
  async createContainer({ image, options = [] }: Announcer): Promise<string> {
    const capabilities = ['--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
    return this.lab.container(image, this.address, '--interactive', '--entrypoint', 'cat', ...capabilities, ...options)
  }

  /** Starts the announcer with one route. Its output goes to a file. */
  async start(
    container: string,
    { name, writeConfig, start, addRoute, ...announcer }: Announcer,
    route: string,
  ): Promise<Start> {
    const config = announcer.config(this.address, this.router.address, route)
    const started = await this.run(container, `${start} >/tmp/log 2>&1`, config, writeConfig)
    if (addRoute) {
      const added = () => docker('exec', container, 'bash', '-c', `set -- ${route}; ${addRoute}`).then(() => true)
      await waitFor(added, { within: 20, what: `${name} to accept its route` })
    }
    return started
  }

  /** Runs a command at the announcer's address, once the router accepts another connection. */
  async run(container: string, command: string, config = '', writeConfig = ''): Promise<Start> {
    await waitFor(async () => (await this.router.session(this.address)).state, {
      until: state => state === 'Passive',
      within: 60,
      what: 'the router to accept another connection',
    })
    const script = [writeConfig, 'echo "start $EPOCHREALTIME $$"', `exec ${command}`].join('\n')
    const output = new Output(['exec', '--env', `CONFIG=${config}`, container, 'bash', '-c', script])
    const started = () => output.lines().flatMap(line => /^start (\S+) (\d+)$/.exec(line) ?? [])
    const [, at, pid] = await waitFor(started, {
      until: match => match.length > 0,
      within: 20,
      what: `${container} to run ${command}`,
    })
    return { at: Number(at) * 1000, pid: Number(pid), output }
  }

  /** Sends SIGTERM to the started process, as a supervisor does, or SIGKILL to all, as at the end of a container. */
  async signal(container: string, signal: Signal, pid: number): Promise<number> {
    const target = signal === 'TERM' ? pid : -1
    const script = `echo "$EPOCHREALTIME"; kill -${signal} -- ${target}`
    return Number(await docker('exec', container, 'bash', '-c', script)) * 1000
  }

  /** Kills all processes of a container except PID 1. */
  async killAll(container: string): Promise<void> {
    await docker('exec', container, 'bash', '-c', 'kill -KILL -- -1 2>/dev/null || true') // there may be none
  }

  events(): RouteEvent[] {
    return routeEvents(this.#monitor.lines())
  }

  /** The time at which the router's kernel has the route, or no longer has it. */
  async event(
    route: string,
    { since, gone, within }: { since: number; gone: boolean; within: number },
  ): Promise<number> {
    const address = route.split('/')[0]
    const event = () =>
      this.events().find(event => event.address === address && event.gone === gone && event.at >= since)
    const { at } = await waitFor(event, { within, what: `the route to ${address} to ${gone ? 'disappear' : 'appear'}` })
    return at
  }

  /** The time of Established in the router's own log. */
  async established(since: number): Promise<number> {
    const stamps = (await this.router.log())
      .split('\n')
      .flatMap(line => /^(\S+) (\S+) <TRACE> us: BGP session established$/.exec(line)?.slice(1, 3).join('T') ?? [])
      .map(milliseconds)
    const at = stamps.find(stamp => stamp >= since)
    if (at === undefined) throw new Error('The log of the router has no established session')
    return at
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor.stop()
    await this.lab[Symbol.asyncDispose]()
  }
}
