import { fileURLToPath } from 'node:url'
import { docker } from '../lab/docker.ts'
import type { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { type Misbehaviour, misbehaviours } from './misbehaviours.ts'

/** The port on which the test listens. It needs no privilege. */
export const PORT = 10179

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = fileURLToPath(new URL('./misbehaving-peer-program.ts', import.meta.url))

/** Runs misbehaving-peer-program.ts in a container, with one misbehaviour at each of its addresses. */
export class MisbehavingPeer {
  readonly addresses: Readonly<Record<Misbehaviour, string>>
  readonly #container: string

  static async create(lab: Lab): Promise<MisbehavingPeer> {
    const addresses = Object.fromEntries(misbehaviours.map(name => [name, lab.spare()])) as Record<Misbehaviour, string>
    const [first = '', ...others] = Object.values(addresses)
    const script = [
      ...others.map(address => `ip address add ${address}/28 dev eth0`),
      // Segments of one octet stay separate only if they do not wait for acknowledgements.
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
    await waitFor(() => peer.log(), { until: log => log.includes('ready'), within: 60, what: 'the misbehaving peer' })
    return peer
  }

  private constructor(addresses: Record<Misbehaviour, string>, container: string) {
    this.addresses = addresses
    this.#container = container
  }

  /** Runs a command in the peer's container. Its connections come from the first address. */
  exec(...command: string[]): Promise<string> {
    return docker('exec', this.#container, ...command)
  }

  /** Everything that the peer has printed. */
  log(): Promise<string> {
    return docker('logs', this.#container)
  }

  /** The number of segments with data that the peer has sent on its connection with this misbehaviour. */
  async segments(behaviour: Misbehaviour): Promise<number> {
    const output = await this.exec('ss', '-tinH', 'src', this.addresses[behaviour])
    return Number(/ data_segs_out:(\d+)/.exec(output)?.[1])
  }

  /** Resolves when the peer has printed this text. */
  async logged(what: string, within: number): Promise<void> {
    await waitFor(() => this.log(), { until: log => log.includes(what), within, what: `"${what}"` })
  }
}
