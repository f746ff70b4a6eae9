/**
 * The network of the lab, made of namespaces:
 *
 *     api (API server, etcd)                    2001:db8:6::/64, the management network
 *          |
 *     n1 n2 n3 (nodes), l2 (a client)           203.0.113.0/25, 2001:db8:113::/64, the segment
 *          |
 *     rt (router: a bridge, and BGP)
 *          |
 *     cl (client behind the router)             203.0.113.128/25, 2001:db8:113:1::/64
 */
import { type ChildProcess, execFileSync, type StdioOptions, spawn, spawnSync } from 'node:child_process'

export const nodes = ['n1', 'n2', 'n3'] as const
export type NodeName = (typeof nodes)[number]
export type Namespace = NodeName | 'rt' | 'api' | 'cl' | 'l2' | 'tap' | 'l3'

export const address: Readonly<Record<NodeName | 'rt', string>> = {
  rt: '203.0.113.1',
  n1: '203.0.113.11',
  n2: '203.0.113.12',
  n3: '203.0.113.13',
}
/** The same last part in IPv6. */
export const address6 = Object.fromEntries(
  Object.entries(address).map(([name, text]) => [name, `2001:db8:113::${text.split('.').at(-1)}`]),
) as typeof address

/** The API server in the management network. */
export const API_ADDRESS = '2001:db8:6::10'

/** Runs `ip` with these arguments, and returns what it prints. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs `nft` in a namespace. */
export function nft(namespace: Namespace, command: string): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'nft', command], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Starts a program in a namespace. */
export function start(
  namespace: Namespace,
  command: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly stdio?: StdioOptions } = {},
): ChildProcess {
  const { env = process.env, stdio = ['ignore', 'ignore', 'inherit'] } = options
  return spawn('ip', ['netns', 'exec', namespace, ...command], { env, stdio })
}

/** Makes all namespaces and links. */
export function makeNetwork(): void {
  for (const namespace of ['rt', 'api', 'cl', 'l2', ...nodes]) {
    ip('netns', 'add', namespace)
    ip('-n', namespace, 'link', 'set', 'lo', 'up')
    sysctl(namespace, 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.default.accept_ra=0')
  }
  sysctl('rt', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1')
  ip('-n', 'rt', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0')
  ip('-n', 'rt', 'link', 'set', 'br0', 'up')
  // A switch, whose frames the router's packet filter does not see. Only some machines have this.
  spawnSync('ip', [
    'netns',
    'exec',
    'rt',
    'sysctl',
    '-qw',
    ...['iptables=0', 'ip6tables=0'].map(name => `net.bridge.bridge-nf-call-${name}`),
  ])
  for (const [dev, v4, v6] of [['br0', `${address.rt}/25`, `${address6.rt}/64`]] as const) addresses('rt', dev, v4, v6)
  for (const node of nodes) {
    onSegment(node, `${address[node]}/25`, `${address6[node]}/64`)
    defaultRoute(node)
  }
  // A host as any: it forwards nothing, and accepts redirects. In a new namespace it would be as the machine is.
  sysctl('l2', 'net.ipv4.ip_forward=0', 'net.ipv4.conf.all.accept_redirects=1', 'net.ipv6.conf.all.forwarding=0')
  onSegment('l2', '203.0.113.20/25', '2001:db8:113::20/64')
  defaultRoute('l2')
  ip('-n', 'rt', 'link', 'add', 'p-cl', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', 'cl')
  addresses('rt', 'p-cl', '203.0.113.129/25', '2001:db8:113:1::1/64')
  addresses('cl', 'eth0', '203.0.113.130/25', '2001:db8:113:1::2/64')
  ip('-n', 'cl', 'route', 'add', 'default', 'via', '203.0.113.129')
  ip('-n', 'cl', '-6', 'route', 'add', 'default', 'via', '2001:db8:113:1::1')
  makeManagementNetwork()
}

function makeManagementNetwork(): void {
  ip('-n', 'api', 'link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0')
  addresses('api', 'br0', undefined, `${API_ADDRESS}/64`)
  for (const [at, node] of nodes.entries()) {
    ip('-n', 'api', 'link', 'add', `p-${node}`, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', node)
    ip('-n', 'api', 'link', 'set', `p-${node}`, 'master', 'br0', 'up')
    addresses(node, 'eth1', undefined, `2001:db8:6::${at + 1}/64`)
  }
}

/**
 * Cuts or restores a cable of a node: to the segment, or to the management network. Both of its ends lose the carrier. The
 * router's own interface is a bridge, which stays up.
 */
export function setLink(node: NodeName, network: 'segment' | 'management', up: boolean): void {
  ip('-n', network === 'segment' ? 'rt' : 'api', 'link', 'set', `p-${node}`, up ? 'up' : 'down')
  if (up && network === 'segment') defaultRoute(node) // an interface without carrier keeps its addresses, not its routes
}

function onSegment(name: Namespace, v4: string, v6: string): void {
  plugIntoSegment(name)
  addresses(name, 'eth0', v4, v6)
}
function plugIntoSegment(name: Namespace): void {
  ip('-n', 'rt', 'link', 'add', `p-${name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  ip('-n', 'rt', 'link', 'set', `p-${name}`, 'master', 'br0', 'up')
}

/** For tests of ARP and neighbor discovery: `l3` is another host, and `tap` has no address and only listens. */
export function makeSegmentHosts(): void {
  for (const namespace of ['l3', 'tap']) ip('netns', 'add', namespace)
  sysctl('l3', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.default.accept_ra=0')
  onSegment('l3', '203.0.113.30/25', '2001:db8:113::30/64')
  plugIntoSegment('tap')
  sysctl('tap', 'net.ipv6.conf.eth0.disable_ipv6=1')
  ip('-n', 'tap', 'link', 'set', 'eth0', 'up')
}

function addresses(namespace: Namespace, dev: string, v4: string | undefined, v6: string): void {
  if (v4 !== undefined) ip('-n', namespace, 'address', 'add', v4, 'dev', dev)
  ip('-n', namespace, 'address', 'add', v6, 'dev', dev, 'nodad')
  ip('-n', namespace, 'link', 'set', dev, 'up')
}

function defaultRoute(name: Namespace): void {
  ip('-n', name, 'route', 'replace', 'default', 'via', address.rt)
  ip('-n', name, '-6', 'route', 'replace', 'default', 'via', address6.rt)
}

export function sysctl(namespace: string, ...values: string[]): void {
  execFileSync('ip', ['netns', 'exec', namespace, 'sysctl', '-qw', ...values])
}
