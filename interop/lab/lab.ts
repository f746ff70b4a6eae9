import { randomBytes } from 'node:crypto'
import type { Addresses } from './addresses.ts'
import { type DaemonName, daemons } from './daemons.ts'
import { DockerError, docker, dockerUnlessGone } from './docker.ts'
import { Output } from './output.ts'
import { Router } from './router.ts'
import { imageOf } from './suite.ts'
import { waitFor } from './wait-for.ts'

/** The label of every container and network of a lab. Its value is `<pid>-<random>`. */
const LABEL = 'softspoken.lab'

/** The image with tcpdump and ip. */
export const TOOLS = imageOf('bird', 'trixie')

/** The number of networks of sixteen addresses in 203.0.113.0/24 (TEST-NET-3). */
const NETWORKS = 16

/** Offsets within a network: this host has the first and the last address, the routers have those between. */
const FIRST = 1
const LAST = 14

/** A capture filter for dials: a SYN without an ACK. libpcap's `tcp[...]` does not match IPv6. */
export const DIAL = '(tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn) or (ip6 proto 6 and ip6[53] & 0x12 == 2)'

export interface RouterConfig {
  config: (addresses: Addresses) => string
  /** The IPv4 address of an earlier router, which this one replaces. Default: the next free address */
  at?: string
}

/**
 * A bridge network with routers in containers. The speaker under test runs in this process, and binds to the host's
 * addresses on the bridge. Disposing of the lab removes everything. The next lab removes what a killed process left.
 */
export class Lab {
  readonly #id: string
  readonly #network: Network
  #addresses = 0
  #captures = 0

  static async create(): Promise<Lab> {
    await removeLeftLabs()
    const id = `${process.pid}-${randomBytes(3).toString('hex')}`
    try {
      const network = await createNetwork(id)
      await addHostAddresses(id, network)
      return new Lab(id, network)
    } catch (error) {
      await remove(id)
      throw error
    }
  }

  private constructor(id: string, network: Network) {
    this.#id = id
    this.#network = network
  }

  /** The address to which our speaker binds. It is usable before there is any router. */
  get host(): string {
    return ipv4(this.#network, FIRST)
  }

  get host6(): string {
    return ipv6(this.#network, FIRST)
  }

  /** For a second speaker of ours: a router distinguishes the two by their addresses. */
  get otherHost(): string {
    return ipv4(this.#network, LAST)
  }

  get otherHost6(): string {
    return ipv6(this.#network, LAST)
  }

  /** A router at the next free address, or at the address of an earlier one. */
  async start(name: DaemonName, { config, at }: RouterConfig): Promise<Router> {
    const last = at === undefined ? this.#next() : Number(at.split('.').at(-1)) % 16
    const address = ipv4(this.#network, last)
    const address6 = ipv6(this.#network, last)
    const { host, host6, otherHost, otherHost6 } = this
    return Router.create({
      daemon: daemons[name],
      config: config({ own: address, own6: address6, host, host6, otherHost, otherHost6 }),
      name: `softspoken-${this.#id}-${name}-${last - FIRST}`,
      network: networkName(this.#id),
      label: `${LABEL}=${this.#id}`,
      address,
      address6,
      host,
      capture: filter => this.capture(filter),
    })
  }

  bird(config: RouterConfig): Promise<Router> {
    return this.start('bird', config)
  }

  gobgp(config: RouterConfig): Promise<Router> {
    return this.start('gobgp', config)
  }

  /** An unused address, for a container that needs several. */
  spare(): string {
    return ipv4(this.#network, this.#next())
  }

  /** Starts a container in the network of this host. `command` begins with arguments of `docker run`. Resolves with its name. */
  async onHost(...command: string[]): Promise<string> {
    const name = `softspoken-${this.#id}-on-host`
    await docker('run', '--detach', '--name', name, '--label', `${LABEL}=${this.#id}`, '--network', 'host', ...command)
    return name
  }

  /** Starts a container that is not a router. `options` are arguments of `docker run`. Resolves with the container's name. */
  async container(image: string, address: string, ...options: string[]): Promise<string> {
    const name = `softspoken-${this.#id}-at-${address}`
    const place = [
      '--name',
      name,
      '--label',
      `${LABEL}=${this.#id}`,
      '--network',
      networkName(this.#id),
      '--ip',
      address,
    ]
    await docker('run', '--detach', ...place, ...options, image)
    return name
  }

  /**
   * Captures on the bridge with tcpdump, and resolves once it captures. A line starts with the time in seconds since the
   * epoch. The capture is outside the routers, so it continues while a router is stopped or paused. A SYN towards a stopped
   * router is never sent, because ARP gets no answer.
   */
  async capture(filter = 'tcp', ...options: string[]): Promise<Output> {
    const name = `softspoken-${this.#id}-capture-${++this.#captures}`
    const place = ['--name', name, '--label', `${LABEL}=${this.#id}`, '--network', 'host']
    const tcpdump = ['tcpdump', '-i', this.#network.bridge, '-n', '-tt', '-l', '--immediate-mode', ...options, filter]
    const capture = new Output(['run', '--rm', ...place, TOOLS, ...tcpdump], name)
    await capture.started('listening on')
    return capture
  }

  /** Adds a route of this host to an IPv4 address, through a router that forwards. It is removed with the lab. */
  async route(to: string, via: string): Promise<void> {
    const place = ['--rm', '--label', `${LABEL}=${this.#id}`, '--network', 'host', '--cap-add', 'NET_ADMIN']
    await docker('run', ...place, TOOLS, 'ip', 'route', 'add', to, 'via', via)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await remove(this.#id)
  }

  /** The offset of the next free address. */
  #next(): number {
    const last = FIRST + ++this.#addresses
    if (last >= LAST) throw new RangeError(`A lab has ${LAST - FIRST - 1} addresses besides the host's`)
    return last
  }
}

interface Network {
  /** The position among the networks of sixteen addresses. */
  index: number
  /** The host's interface. */
  bridge: string
}

function ipv4({ index }: { index: number }, last: number): string {
  return `203.0.113.${index * 16 + last}`
}

/** In the form of RFC 5952: the network's number is never zero. */
function ipv6({ index }: { index: number }, last: number): string {
  return `2001:db8:113:${(index + 1).toString(16)}::${last.toString(16)}`
}

function networkName(id: string): string {
  return `softspoken-${id}`
}

/** If all networks are in use, it waits until another lab ends. */
function createNetwork(id: string): Promise<Network> {
  return waitFor(() => freeNetwork(id), {
    within: 240,
    what: `one of the ${NETWORKS} networks in 203.0.113.0/24 to be free; see docker network ls`,
  })
}

/**
 * Takes the first network that docker accepts: a check before that would race with other labs. It starts with the last
 * network, because other software on a machine rather uses the beginning of this range.
 */
async function freeNetwork(id: string): Promise<Network | undefined> {
  for (let index = NETWORKS - 1; index >= 0; index--) {
    const subnet = ['--subnet', `${ipv4({ index }, 0)}/28`, '--gateway', ipv4({ index }, FIRST)]
    const subnet6 = ['--subnet', `${ipv6({ index }, 0)}/64`, '--gateway', ipv6({ index }, FIRST)]
    try {
      const label = `${LABEL}=${id}`
      const args = ['--label', label, ...subnet, '--ipv6', ...subnet6, networkName(id)]
      const network = await docker('network', 'create', '--driver', 'bridge', ...args)
      return { index, bridge: `br-${network.slice(0, 12)}` }
    } catch (error) {
      if (!(error instanceof DockerError && /overlap/i.test(error.message))) throw error
    }
  }
  return undefined
}

/**
 * Docker gives the bridge its first addresses. The IPv6 address stays tentative, and cannot be bound, until a container joins
 * and duplicate address detection ends; so it is set again without that detection. `preferred_lft 0` keeps the second IPv6
 * address from being chosen as a source. A container does all this, so that this process needs no privileges.
 */
async function addHostAddresses(id: string, network: Network): Promise<void> {
  const [host6, other, other6] = [ipv6(network, FIRST), ipv4(network, LAST), ipv6(network, LAST)]
  const script = [
    `ip addr del ${host6}/64 dev ${network.bridge}`,
    `ip addr add ${host6}/64 dev ${network.bridge} nodad`,
    `ip addr add ${other}/28 dev ${network.bridge}`,
    `ip addr add ${other6}/64 dev ${network.bridge} nodad preferred_lft 0`,
  ].join(' && ')
  const place = ['--rm', '--label', `${LABEL}=${id}`, '--network', 'host', '--cap-add', 'NET_ADMIN']
  await docker('run', ...place, TOOLS, 'sh', '-c', script)
}

/** Removes the labs of processes that no longer run. */
export async function removeLeftLabs(): Promise<void> {
  const format = ['--filter', `label=${LABEL}`, '--format', `{{.Label "${LABEL}"}}`]
  const found = await Promise.all([docker('ps', '--all', ...format), docker('network', 'ls', ...format)])
  const ids = new Set(found.flatMap(text => text.split('\n')).filter(Boolean))
  const left = [...ids].filter(id => !isAlive(Number.parseInt(id, 10)))
  await Promise.all(left.map(remove))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: a process of another user, which is alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function remove(id: string): Promise<void> {
  const mine = ['--quiet', '--filter', `label=${LABEL}=${id}`]
  const containers = (await docker('ps', '--all', ...mine)).split('\n').filter(Boolean)
  if (containers.length > 0) await dockerUnlessGone('rm', '--force', '--volumes', ...containers)
  const networks = (await docker('network', 'ls', ...mine)).split('\n').filter(Boolean)
  if (networks.length > 0) await dockerUnlessGone('network', 'rm', ...networks)
}
