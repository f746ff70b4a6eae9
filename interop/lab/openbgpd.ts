import type { Daemon, Exec, Route, RouterSession } from './router.ts'
import type { NeighborModel, RouterModel } from './router-model.ts'
import { imageOf } from './suite.ts'

export const openbgpd: Daemon = {
  name: 'OpenBGPD',
  image: imageOf('openbgpd'),
  preamble: '',
  ready: ['bgpctl', 'show', 'summary'],
  version: ['sh', '-c', 'bgpd -V 2>&1'],
  routes: async exec => ((await json(exec, 'show', 'rib', 'detail')) as Table).rib?.map(toRoute) ?? [],
  sessions: async exec => ((await json(exec, 'show', 'neighbor')) as Neighbors).neighbors?.map(toSession) ?? [],
  operatorCommands: {
    enable: host => ['bgpctl', 'neighbor', host, 'up'],
    shutdown: (host, communication) => ['bgpctl', 'neighbor', host, 'down', ...(communication ? [communication] : [])],
    reset: host => ['bgpctl', 'neighbor', host, 'clear'],
    'request-refresh': host => ['bgpctl', 'neighbor', host, 'refresh'],
  },
  configure,
}

function configure({ as, id, neighbors }: RouterModel): string {
  return `
AS ${as}
router-id ${id}
fib-update no
connect-retry 5
nexthop qualify via default
allow from any
${neighbors.map(configureNeighbor).join('\n')}
`
}

function configureNeighbor({
  address,
  as,
  passive,
  holdTime,
  key,
  ttlSecurity,
  multihop,
  extraLines,
}: NeighborModel): string {
  const lines = [
    `remote-as ${as}`,
    passive && 'passive',
    holdTime !== undefined && `holdtime ${holdTime}`,
    key !== undefined && `tcp md5sig password "${key}"`,
    ttlSecurity && 'ttl-security yes',
    multihop !== undefined && `multihop ${multihop}`,
    extraLines,
  ]
  return `neighbor ${address} {\n${lines.filter(Boolean).join('\n')}\n}`
}

/** The fields used here of `bgpctl -j`. */
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
    origin: origin.toLowerCase() as Route['origin'], // IGP, EGP or incomplete
    med: metric, // 0 if there is none
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

function toSession({
  remote_addr,
  state,
  last_error,
  session,
}: NonNullable<Neighbors['neighbors']>[number]): RouterSession {
  return {
    neighbor: remote_addr,
    state,
    ...(state === 'Established' && session?.holdtime !== undefined && { holdTime: session.holdtime }),
    ...(last_error !== undefined && { lastError: last_error }),
  }
}
