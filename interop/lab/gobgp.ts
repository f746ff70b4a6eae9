import type { Daemon, Exec, Route, RouterSession } from './router.ts'
import type { NeighborModel, RouterModel } from './router-model.ts'
import { imageOf } from './suite.ts'

export const gobgp: Daemon = {
  name: 'GoBGP',
  image: imageOf('gobgp'),
  preamble: '',
  ready: ['gobgp', 'global'],
  version: ['gobgpd', '--version'],
  routes: async exec => [...(await table(exec, 'ipv4')), ...(await table(exec, 'ipv6'))],
  sessions: async exec => ((await json(exec, 'neighbor')) as Neighbor[]).map(toSession),
  operatorCommands: {
    enable: host => ['gobgp', 'neighbor', host, 'enable'],
    // Only `shutdown` takes a reason, and only `disable` lasts.
    shutdown: (host, communication) => [
      'gobgp',
      'neighbor',
      host,
      ...(communication ? ['shutdown', '--reason', communication] : ['disable']),
    ],
    reset: host => ['gobgp', 'neighbor', host, 'reset'],
    'request-refresh': host => ['gobgp', 'neighbor', host, 'softresetin'],
  },
  configure,
}

function configure({ as, id, neighbors }: RouterModel): string {
  return `
[global.config]
  as = ${as}
  router-id = "${id}"
${neighbors.map(configureNeighbor).join('')}
`
}

/** Extra lines are tables of the neighbour, such as [neighbors.graceful-restart.config]. */
function configureNeighbor({
  address,
  as,
  family,
  passive,
  holdTime,
  key,
  ttlSecurity,
  multihop,
  extraLines,
}: NeighborModel): string {
  return `
[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${as}
    ${key === undefined ? '' : `auth-password = "${key}"`}
  [neighbors.transport.config]
    passive-mode = ${passive}
  [neighbors.timers.config]
    connect-retry = 5
    idle-hold-time-after-reset = 5
    ${holdTime === undefined ? '' : `hold-time = ${holdTime}`}
  [neighbors.ttl-security.config]
    enabled = ${ttlSecurity}
    ttl-min = 255
  [neighbors.ebgp-multihop.config]
    enabled = ${multihop !== undefined}
    multihop-ttl = ${multihop ?? 1}
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "${family}-unicast"
${extraLines}`
}

/** The fields used here of `gobgp --json`. */
type Table = Record<string, Path[]>

interface Path {
  best?: boolean
  attrs: Attribute[]
}

interface Attribute {
  type: number
  value?: number | Large[] | Extended[]
  as_paths?: { asns: number[] }[]
  nexthop?: string
  metric?: number
  communities?: number[]
}

interface Large {
  ASN: number
  LocalData1: number
  LocalData2: number
}

interface Extended {
  subtype: number
  value: string
}

interface Neighbor {
  state: { neighbor_address: string; session_state?: number }
  timers?: { state?: { negotiated_hold_time?: number } }
}

const STATES = ['Unknown', 'Idle', 'Connect', 'Active', 'OpenSent', 'OpenConfirm', 'Established']
const ORIGINS = ['igp', 'egp', 'incomplete'] as const

async function table(exec: Exec, family: 'ipv4' | 'ipv6'): Promise<Route[]> {
  const table = (await json(exec, 'global', 'rib', '--address-family', family)) as Table
  return Object.entries(table).flatMap(([prefix, paths]) => paths.map(path => toRoute(prefix, path)))
}

async function json(exec: Exec, ...command: string[]): Promise<unknown> {
  return JSON.parse(await exec('gobgp', '--json', ...command))
}

/** Attributes have type codes instead of names (RFC 4271 §5, RFC 1997, RFC 4760, RFC 8092). */
function toRoute(prefix: string, path: Path): Route {
  const attribute = (type: number) => path.attrs.find(attribute => attribute.type === type)
  const origin = attribute(1)?.value
  const med = attribute(4)
  // `value` is missing if it is zero.
  const localPref = attribute(5)
  const list = (type: number) => {
    const value = attribute(type)?.value
    return Array.isArray(value) ? value : []
  }
  return {
    prefix,
    nextHop: attribute(3)?.nexthop ?? attribute(14)?.nexthop ?? '',
    asPath: (attribute(2)?.as_paths ?? []).flatMap(segment => segment.asns),
    origin: ORIGINS[typeof origin === 'number' ? origin : 0] ?? 'incomplete',
    ...(med && { med: med.metric ?? 0 }),
    ...(localPref && { localPref: typeof localPref.value === 'number' ? localPref.value : 0 }),
    communities: (attribute(8)?.communities ?? []).map(value => `${value >>> 16}:${value & 0xffff}`),
    // RFC 4360 §4, §5
    extendedCommunities: (list(16) as Extended[]).map(
      ({ subtype, value }) => `${subtype === 2 ? 'rt' : 'ro'}:${value}`,
    ),
    largeCommunities: (list(32) as Large[]).map(
      ({ ASN, LocalData1, LocalData2 }) => `${ASN}:${LocalData1}:${LocalData2}`,
    ),
    best: path.best ?? false,
  }
}

function toSession({ state, timers }: Neighbor): RouterSession {
  const established = state.session_state === STATES.indexOf('Established')
  const holdTime = timers?.state?.negotiated_hold_time
  return {
    neighbor: state.neighbor_address,
    state: STATES[state.session_state ?? 0] ?? String(state.session_state),
    // While down, GoBGP still has the value of the last session.
    ...(established && holdTime !== undefined && { holdTime }),
  }
}
