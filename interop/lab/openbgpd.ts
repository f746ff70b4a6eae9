import type { Daemon, Exec, Route, Session } from './router.ts'
import type { PlainNeighbor, PlainRouter } from './usual-router.ts'

export const openbgpd: Daemon = {
  name: 'OpenBGPD',
  image: 'softspoken-interop/openbgpd',
  preamble: '',
  ready: ['bgpctl', 'show', 'summary'],
  version: ['sh', '-c', 'bgpd -V 2>&1'],
  routes: async exec => ((await json(exec, 'show', 'rib', 'detail')) as Table).rib?.map(toRoute) ?? [],
  sessions: async exec => ((await json(exec, 'show', 'neighbor')) as Neighbors).neighbors?.map(toSession) ?? [],
  words: {
    enable: host => ['bgpctl', 'neighbor', host, 'up'],
    'shut down': (host, why) => ['bgpctl', 'neighbor', host, 'down', ...(why ? [why] : [])],
    reset: host => ['bgpctl', 'neighbor', host, 'clear'],
    'ask again': host => ['bgpctl', 'neighbor', host, 'refresh'],
  },
  plain,
}

function plain({ as, id, neighbors }: PlainRouter): string {
  return `
AS ${as}
router-id ${id}
fib-update no
connect-retry 5
nexthop qualify via default
allow from any
${neighbors.map(settings).join('\n')}
`
}

function settings({ address, as, passive, holdTime, key, ttlSecurity, multihop, more }: PlainNeighbor): string {
  const lines = [
    `remote-as ${as}`,
    passive && 'passive',
    holdTime !== undefined && `holdtime ${holdTime}`,
    key !== undefined && `tcp md5sig password "${key}"`,
    ttlSecurity && 'ttl-security yes',
    multihop !== undefined && `multihop ${multihop}`,
    more,
  ]
  return `neighbor ${address} {\n${lines.filter(Boolean).join('\n')}\n}`
}

/** The parts we read of what `bgpctl -j` prints. */
interface Table {
  rib?: Path[]
}

interface Path {
  prefix: string
  aspath: string
  exit_nexthop: string
  best?: boolean
  origin: string
  metric: number
  localpref: number
  communities?: string[]
  extended_communities?: string[]
  large_communities?: string[]
}

interface Neighbors {
  neighbors?: { remote_addr: string; state: string; last_error?: string; session?: { holdtime?: number } }[]
}

async function json(exec: Exec, ...command: string[]): Promise<unknown> {
  return JSON.parse(await exec('bgpctl', '-j', ...command))
}

function toRoute({ prefix, aspath, exit_nexthop, origin, metric, localpref, ...rest }: Path): Route {
  return {
    prefix,
    nextHop: exit_nexthop,
    asPath: (aspath.match(/\d+/g) ?? []).map(Number),
    origin: origin.toLowerCase() as Route['origin'], // three words: IGP, EGP, incomplete
    med: metric, // 0 where there is none
    localPref: localpref,
    communities: (rest.communities ?? []).map(word => WELL_KNOWN[word] ?? word),
    extendedCommunities: (rest.extended_communities ?? []).map(word => word.replace('soo', 'ro').replace(' ', ':')),
    largeCommunities: rest.large_communities ?? [],
    best: rest.best ?? false,
  }
}

/** OpenBGPD's names (RFC 1997, RFC 8326). */
const WELL_KNOWN: { readonly [name: string]: string } = {
  GRACEFUL_SHUTDOWN: '65535:0',
  NO_EXPORT: '65535:65281',
  NO_ADVERTISE: '65535:65282',
}

function toSession({ remote_addr, state, last_error, session }: NonNullable<Neighbors['neighbors']>[number]): Session {
  return {
    neighbor: remote_addr,
    state,
    ...(state === 'Established' && session?.holdtime !== undefined && { holdTime: session.holdtime }),
    ...(last_error !== undefined && { lastError: last_error }),
  }
}
