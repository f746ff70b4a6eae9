/** One router, and the one place before it that every announcer takes in turn. */
import { docker } from '../../lab/docker.ts'
import { Lab } from '../../lab/lab.ts'
import { Output } from '../../lab/output.ts'
import type { Router } from '../../lab/router.ts'
import { waitFor } from '../../lab/wait-for.ts'
import { milliseconds, type RouteEvent, routeEvents } from '../kernel-routes.ts'
import { as } from '../politeness/kinds.ts'
import type { Announcer } from './announcers.ts'

/** Milliseconds since 1970, and which process it was in its container. */
interface Start {
  at: number
  pid: number
  output: Output
}

export type Signal = 'TERM' | 'KILL'

export class Place {
  readonly lab: Lab
  readonly router: Router
  readonly address: string
  readonly #monitor: Output

  static async create(): Promise<Place> {
    const lab = await Lab.create()
    try {
      const address = lab.spare()
      const router = await lab.bird({
        // After a lost connection BIRD takes no other for a while; a second is the least.
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
      return new Place(lab, router, address, await router.watch('ip', '-ts', 'monitor', 'route'))
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

  /** A container in which nothing runs yet but somebody who keeps it. */
  async enter({ image, options = [] }: Announcer): Promise<string> {
    const rights = ['--cap-add', 'NET_ADMIN', '--cap-add', 'NET_RAW']
    return this.lab.container(image, this.address, '--interactive', '--entrypoint', 'cat', ...rights, ...options)
  }

  /** Starts the announcer with one route, and leaves its own words in a file. */
  async start(
    container: string,
    { name, settle, start, tell, ...announcer }: Announcer,
    route: string,
  ): Promise<Start> {
    const config = announcer.config(this.address, this.router.address, route)
    const started = await this.run(container, `${start} >/tmp/log 2>&1`, config, settle)
    if (tell) {
      const told = () => docker('exec', container, 'bash', '-c', `set -- ${route}; ${tell}`).then(() => true)
      await waitFor(told, { within: 20, what: `${name} to be told of its route` })
    }
    return started
  }

  /** Runs a command in the announcer's place, once the router takes another connection. */
  async run(container: string, command: string, config = '', settle = ''): Promise<Start> {
    await waitFor(async () => (await this.router.session(this.address)).state, {
      until: state => state === 'Passive',
      within: 60,
      what: 'the router to take another connection',
    })
    const script = [settle, 'echo "start $EPOCHREALTIME $$"', `exec ${command}`].join('\n')
    const output = new Output(['exec', '--env', `CONFIG=${config}`, container, 'bash', '-c', script])
    const started = () => output.lines().flatMap(line => /^start (\S+) (\d+)$/.exec(line) ?? [])
    const [, at, pid] = await waitFor(started, {
      until: match => match.length > 0,
      within: 20,
      what: `${container} to run ${command}`,
    })
    return { at: Number(at) * 1000, pid: Number(pid), output }
  }

  /** SIGTERM for the process that was started, as its supervisor does it; SIGKILL for all, as a container's end. */
  async signal(container: string, signal: Signal, pid: number): Promise<number> {
    const whom = signal === 'TERM' ? pid : -1
    const script = `echo "$EPOCHREALTIME"; kill -${signal} -- ${whom}`
    return Number(await docker('exec', container, 'bash', '-c', script)) * 1000
  }

  /** Ends whatever still runs in a container. */
  async clear(container: string): Promise<void> {
    await docker('exec', container, 'bash', '-c', 'kill -KILL -- -1 2>/dev/null || true') // nobody may be left
  }

  events(): RouteEvent[] {
    return routeEvents(this.#monitor.lines())
  }

  /** When the router's kernel had the route, or had it no longer. */
  async event(
    route: string,
    { since, gone, within }: { since: number; gone: boolean; within: number },
  ): Promise<number> {
    const address = route.split('/')[0]
    const event = () =>
      this.events().find(event => event.address === address && event.gone === gone && event.at >= since)
    const { at } = await waitFor(event, { within, what: `the route to ${address} to ${gone ? 'go' : 'come'}` })
    return at
  }

  /** When the router had the session in Established, by its own log. */
  async established(since: number): Promise<number> {
    const stamps = (await this.router.log())
      .split('\n')
      .flatMap(line => /^(\S+) (\S+) <TRACE> us: BGP session established$/.exec(line)?.slice(1, 3).join('T') ?? [])
      .map(milliseconds)
    const at = stamps.find(stamp => stamp >= since)
    if (at === undefined) throw new Error('The router never said that the session was established')
    return at
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#monitor.stop()
    await this.lab[Symbol.asyncDispose]()
  }
}
