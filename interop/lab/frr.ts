import type { Daemon, Exec, Route, RouterSession } from './router.ts'
import type { NeighborModel, RouterModel } from './router-model.ts'
import { imageOf } from './suite.ts'

export const frr: Daemon = {
  name: 'FRR',
  image: imageOf('frr'),
  preamble: 'debug bgp neighbor-events\n',
  // FRR drops and restores its capabilities as one set, and SYS_ADMIN is in it.
  options: ['--cap-add', 'SYS_ADMIN'],
  // FRR rejects an IPv6 neighbour (5/0) while its own link-local address is tentative.
  ready: ['sh', '-c', 'vtysh -c "show bgp summary" && ! ip -6 address show tentative | grep inet6'],
  version: ['vtysh', '-c', 'show version'],
  routes: async exec => [...(await table(exec, 'ipv4')), ...(await table(exec, 'ipv6'))],
  sessions: async exec => Object.entries((await json(exec, 'show bgp neighbors json')) as Neighbors).map(toSession),
  operatorCommands: {
    enable: host => vtysh(`no neighbor ${host} shutdown`),
    shutdown: (host, communication) =>
      vtysh(`neighbor ${host} shutdown${communication && ` message ${communication}`}`),
    reset: host => ['vtysh', '-c', `clear bgp ${host}`],
    'request-refresh': host => ['vtysh', '-c', `clear bgp ${host} soft in`],
  },
  configure,
}

function vtysh(line: string): string[] {
  return ['vtysh', '-c', 'configure terminal', '-c', 'router bgp', '-c', line]
}

function configure({ as, id, neighbors }: RouterModel): string {
  const family = (wanted: NeighborModel['family']) =>
    neighbors
      .filter(({ family }) => family === wanted)
      .map(({ address, extraLines }) => [`neighbor ${address} activate`, ...lines(address, extraLines)].join('\n'))
      .join('\n')
  return `
router bgp ${as}
bgp router-id ${id}
no bgp ebgp-requires-policy
no bgp default ipv4-unicast
${neighbors.map(configureNeighbor).join('\n')}
address-family ipv4 unicast
${family('ipv4')}
exit-address-family
address-family ipv6 unicast
${family('ipv6')}
exit-address-family
`
}

function configureNeighbor({ address, as, passive, holdTime, key, ttlSecurity, multihop }: NeighborModel): string {
  return [
    `remote-as ${as}`,
    'timers connect 5',
    ...(passive ? ['passive'] : []),
    ...(holdTime === undefined ? [] : [`timers ${Math.floor(holdTime / 3)} ${holdTime}`]),
    ...(key === undefined ? [] : [`password ${key}`]),
    ...(ttlSecurity ? ['ttl-security hops 1'] : []),
    ...(multihop === undefined ? [] : [`ebgp-multihop ${multihop}`]),
  ]
    .map(setting => `neighbor ${address} ${setting}`)
    .join('\n')
}

/** Each extra line is a command for the neighbour. */
function lines(address: string, extraLines: string): string[] {
  return extraLines
    .split('\n')
    .map(line => line.trim())
    .filter(Boolean)
    .map(line => `neighbor ${address} ${line}`)
}

/** The fields of vtysh's JSON that this file reads. */
interface Table {
  routes?: { [prefix: string]: Path[] }
}

interface Path {
  aspath: { segments: { list: number[] }[] }
  origin: string
  metric?: number
  locPrf?: number
  bestpath?: { overall?: boolean }
  community?: { string: string }
  extendedCommunity?: { string: string }
  largeCommunity?: { string: string }
  nexthops: { ip: string; scope?: string }[]
}

interface Neighbors {
  [address: string]: { bgpState?: string; bgpTimerHoldTimeMsecs?: number; lastResetDueTo?: string }
}

async function table(exec: Exec, family: 'ipv4' | 'ipv6'): Promise<Route[]> {
  const { routes = {} } = (await json(exec, `show bgp ${family} unicast detail json`)) as Table
  return Object.entries(routes).flatMap(([prefix, paths]) => paths.map(path => toRoute(prefix, path)))
}

async function json(exec: Exec, command: string): Promise<unknown> {
  return JSON.parse(await exec('vtysh', '-c', command))
}

function toRoute(prefix: string, path: Path): Route {
  const { aspath, origin, metric, locPrf, bestpath, community, extendedCommunity, largeCommunity, nexthops } = path
  return {
    prefix,
    nextHop: nexthops.find(({ scope }) => scope !== 'link-local')?.ip ?? '',
    asPath: aspath.segments.flatMap(({ list }) => list),
    origin: origin.toLowerCase() as Route['origin'], // IGP, EGP or incomplete
    ...(metric !== undefined && { med: metric }),
    ...(locPrf !== undefined && { localPref: locPrf }),
    communities: words(community?.string).map(word => WELL_KNOWN[word] ?? word),
    extendedCommunities: words(extendedCommunity?.string).map(word =>
      word.replace('RT:', 'rt:').replace('SoO:', 'ro:'),
    ),
    largeCommunities: words(largeCommunity?.string),
    best: bestpath?.overall ?? false,
  }
}

/** FRR's names (RFC 1997, RFC 8326). */
const WELL_KNOWN: { readonly [name: string]: string } = {
  'graceful-shutdown': '65535:0',
  'no-export': '65535:65281',
  'no-advertise': '65535:65282',
}

function words(text = ''): string[] {
  return text.split(' ').filter(Boolean)
}

function toSession([neighbor, state]: [string, Neighbors[string]]): RouterSession {
  const established = state.bgpState === 'Established'
  return {
    neighbor,
    state: state.bgpState ?? '',
    ...(established && state.bgpTimerHoldTimeMsecs !== undefined && { holdTime: state.bgpTimerHoldTimeMsecs / 1000 }),
    ...(state.lastResetDueTo !== undefined && { lastError: state.lastResetDueTo }),
  }
}
