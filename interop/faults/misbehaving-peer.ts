import { fileURLToPath } from 'node:url'
import { docker } from '../lab/docker.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { type Misbehaviour, misbehaviours } from './misbehaviours.ts'

/** Where the test listens for the peer; a port that needs no privilege. */
export const PORT = 10179

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('./misbehaving-peer-program.ts', import.meta.url))

/** peer.ts in a container: a peer that misbehaves in one way at each of its addresses. */
export class MisbehavingPeer {
  readonly addresses: Readonly<Record<Misbehaviour, string>>
  readonly #container: string

  static async create(lab: Lab): Promise<MisbehavingPeer> {
    const addresses = Object.fromEntries(misbehaviours.map(name => [name, lab.spare()])) as Record<Misbehaviour, string>
    const [first = '', ...others] = Object.values(addresses)
    const script = [
      ...others.map(address => `ip address add ${address}/28 dev eth0`),
      // Tiny segments stay tiny only where they need not wait for acknowledgements.
      'ip route change $(ip -4 route show dev eth0 scope link) dev eth0 initcwnd 12000',
      `exec node --import tsx ${program}`,
    ]
    const environment = {
      CONFIG: script.join(' && '),
      ADDRESSES: JSON.stringify(addresses),
      US: lab.host,
      PORT: String(PORT),
    }
    const container = await lab.container(
      'softspoken-interop/node',
      first,
      ...[
        '--cap-add',
        'NET_ADMIN',
        '--sysctl',
        'net.ipv4.tcp_autocorking=0',
        '--volume',
        `${root}:${root}:ro`,
        '--workdir',
        root,
      ],
      ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    )
    const peer = new MisbehavingPeer(addresses, container)
    await waitFor(() => peer.log(), { until: log => log.includes('ready'), within: 60, what: 'the scripted peer' })
    return peer
  }

  private constructor(addresses: Record<Misbehaviour, string>, container: string) {
    this.addresses = addresses
    this.#container = container
  }

  /** Runs a command in its container; what it dials from there, it dials from the first address. */
  exec(...command: string[]): Promise<string> {
    return docker('exec', this.#container, ...command)
  }

  /** All that it has printed. */
  log(): Promise<string> {
    return docker('logs', this.#container)
  }

  /** How many segments with data have left it, on the one connection of this behaviour. */
  async segments(behaviour: Misbehaviour): Promise<number> {
    const about = await this.exec('ss', '-tinH', 'src', this.addresses[behaviour])
    return Number(/ data_segs_out:(\d+)/.exec(about)?.[1])
  }

  /** Resolves when it has said this. */
  async logged(what: string, within: number): Promise<void> {
    await waitFor(() => this.log(), { until: log => log.includes(what), within, what: `"${what}"` })
  }
}
