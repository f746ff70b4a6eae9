/** The router of the lab: BIRD or FRR in the namespace `rt`, which accepts the VIPs from the nodes and forwards by them. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execInNamespace } from './exec.ts'
import { address, type NodeName, nodes, start } from './network.ts'

export const ROUTER_AS = 65000
export const NODE_AS = 64515

export interface LabRouter {
  /** How many sessions are established. */
  sessions(): Promise<number>
  /** What it logged. */
  log(): string
  /** What it does with the routes of each node from now on; `accepts` at the start. Only BIRD. */
  setPolicy?(policy: Partial<Record<NodeName, Policy>>): Promise<void>
  /** Resolves once it has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}
/** `limits`: it accepts no route, and ends the session of a node that sends one (RFC 4486, Cease 6/1). */
type Policy = 'accepts' | 'filters' | 'limits'
export type RouterName = 'bird' | 'frr'

export interface RouterSettings {
  /** For so many seconds without a message it keeps a session. */
  readonly holdTime: number
  /** What each node advertises is in a kernel table of its own (`tables`), with its MED as the metric. Only BIRD. */
  readonly hasTables?: boolean
}
/** The kernel tables of `hasTables`. */
export const tables: Readonly<Record<NodeName, number>> = { n1: 101, n2: 102, n3: 103 }

/** Starts a router. */
export const routers: Readonly<Record<RouterName, (folder: string, settings: RouterSettings) => LabRouter>> = {
  bird(folder, settings) {
    mkdirSync(folder, { recursive: true })
    const [configuration, control] = [join(folder, 'bird.conf'), join(folder, 'bird.ctl')]
    const write = (policy: Partial<Record<NodeName, Policy>>): void =>
      writeFileSync(configuration, birdConfiguration(folder, settings, policy))
    write({})
    const child = start('rt', ['bird', '-f', '-c', configuration, '-s', control])
    return {
      async sessions() {
        const { stdout } = await execInNamespace('rt', ['birdc', '-s', control, 'show', 'protocols'])
        return stdout.split('\n').filter(line => line.includes('Established')).length
      },
      log: () => readFileSync(join(folder, 'bird.log'), 'utf8'),
      async setPolicy(policy) {
        write(policy)
        await execInNamespace('rt', ['birdc', '-s', control, 'configure'])
      },
      stop: signal => ended(child, signal),
    }
  },
  frr(_, { holdTime }) {
    const configuration = '/etc/frr/lab.conf'
    const neighbours = nodes.flatMap(node => [
      `neighbor ${address[node]} remote-as ${NODE_AS}`,
      `neighbor ${address[node]} passive`,
      `neighbor ${address[node]} timers ${Math.floor(holdTime / 3)} ${holdTime}`,
      `neighbor ${address[node]} capability extended-nexthop`,
    ])
    const activate = nodes.map(node => `neighbor ${address[node]} activate`)
    writeFileSync(
      configuration,
      [
        'frr defaults datacenter',
        `router bgp ${ROUTER_AS}`,
        `bgp router-id ${address.rt}`,
        'no bgp ebgp-requires-policy',
        'bgp always-compare-med',
        ...neighbours,
        ...['address-family ipv4 unicast', ...activate, 'maximum-paths 1', 'exit-address-family'],
        ...['address-family ipv6 unicast', ...activate, 'maximum-paths 1', 'exit-address-family'],
        '',
      ].join('\n'),
    )
    // In its usual folders, because its user, frr, may write nowhere else.
    mkdirSync('/run/frr', { recursive: true })
    execFileSync('chown', ['frr:frr', '/run/frr'])
    chmodSync(configuration, 0o644)
    const children = ['zebra', 'bgpd'].map(daemon =>
      start('rt', [`/usr/lib/frr/${daemon}`, '--config_file', configuration, '--log', 'file:/run/frr/log'], {
        stdio: 'ignore', // memory statistics at the end
      }),
    )
    return {
      async sessions() {
        const { stdout } = await execInNamespace('rt', ['vtysh', '-c', 'show bgp neighbors json'])
        return (stdout.match(/"bgpState":"Established"/g) ?? []).length
      },
      log: () => readFileSync('/run/frr/log', 'utf8'),
      async stop(signal) {
        for (const child of children) await ended(child, signal)
      },
    }
  },
}

const imports: Readonly<Record<Policy, string>> = {
  accepts: 'import all; export none;',
  filters: 'import none; export none;',
  limits: 'import all; export none; import limit 0 action disable;',
}
function birdConfiguration(
  folder: string,
  { holdTime, hasTables = false }: RouterSettings,
  policy: Partial<Record<NodeName, Policy>>,
): string {
  const neighbours = nodes.map(node => {
    const rules = imports[policy[node] ?? 'accepts']
    const table = hasTables ? `table ${node}_routes;` : ''
    return `protocol bgp ${node} from node {
      neighbor ${address[node]} as ${NODE_AS};
      ipv4 { ${table} ${rules} extended next hop on; }; ipv6 { ${rules} };
    }`
  })
  const own = nodes.map(
    node => `ipv4 table ${node}_routes;
    protocol pipe { table ${node}_routes; peer table master4; import none; export all; }
    protocol kernel { kernel table ${tables[node]}; metric 0;
      ipv4 { table ${node}_routes; import none; export filter { krt_metric = bgp_med; accept; }; }; }`,
  )
  return `
    log "${join(folder, 'bird.log')}" all;
    router id ${address.rt};
    protocol device { scan time 2; }
    protocol kernel { ipv4 { import none; export where source = RTS_BGP; }; }
    protocol kernel { ipv6 { import none; export where source = RTS_BGP; }; }
    template bgp node { local ${address.rt} as ${ROUTER_AS}; passive on; hold time ${holdTime}; error wait time 1, 2; }
    ${hasTables ? own.join('\n') : ''}
    ${neighbours.join('\n')}
  `
}

async function ended(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
