import type { Daemon, Exec, Route, RouterSession } from './router.ts'
import type { NeighborModel, RouterModel } from './router-model.ts'
import { imageOf } from './suite.ts'

/** In memory, so that it is gone when the daemon ends. */
const RECEIVED = '/dev/shm/received'

/** A pipe: the helper process passes each line to ExaBGP's API, which is the only interface for an operator. */
export const API_PIPE = '/dev/shm/api'

/** ExaBGP keeps no table. It writes what it receives as JSON to a helper process, and `replay` reads that from the start. */
export const exabgp: Daemon = {
  name: 'ExaBGP',
  image: imageOf('exabgp'),
  preamble: `process printer { run /bin/sh -c "mkfifo ${API_PIPE}; cat <>${API_PIPE} & exec tee ${RECEIVED} >&2"; encoder json; }\n`,
  // So that it also listens on addresses that the container gets later.
  options: ['--env', 'exabgp.daemon.drop=false', '--sysctl', 'net.ipv4.ip_nonlocal_bind=1'],
  // It has no control socket by default. It starts the helper process after its listening sockets.
  ready: ['test', '-e', RECEIVED],
  version: ['sh', '-c', 'exabgp version || exabgp --version'], // 4 knows only the second one
  routes: async exec => [...(await replay(exec)).routes.values()],
  sessions: async exec => [...(await replay(exec)).sessions.values()],
  operatorCommands: {
    // There is no 'shutdown': teardown has no text, and ExaBGP accepts us again at once, as after a reset.
    reset: host => apiCommand(`neighbor ${host} teardown 4`),
    'request-refresh': host => apiCommand(`neighbor ${host} announce route-refresh ipv4 unicast`),
  },
  configure,
}

function apiCommand(words: string): string[] {
  return ['sh', '-c', `echo "$0" >${API_PIPE}`, words]
}

function configure({ as, id, neighbors }: RouterModel): string {
  return neighbors.map(neighbor => configureNeighbor(as, id, neighbor)).join('\n')
}

function configureNeighbor(as: number, id: string, neighbor: NeighborModel): string {
  const { address, own, family, passive, holdTime, key, ttlSecurity, multihop, extraLines } = neighbor
  const lines = [
    `router-id ${id}`,
    `local-address ${own}`,
    `local-as ${as}`,
    `peer-as ${neighbor.as}`,
    'listen 179',
    passive && 'passive',
    holdTime !== undefined && `hold-time ${holdTime}`,
    key !== undefined && `md5-password "${key}"`,
    ttlSecurity && 'incoming-ttl 255; outgoing-ttl 255',
    multihop !== undefined && `outgoing-ttl ${multihop}`,
  ]
  return `
neighbor ${address} {
${lines
  .filter(Boolean)
  .map(line => `  ${line};`)
  .join('\n')}
  family { ${family} unicast; }
  api { processes [ printer ]; neighbor-changes; negotiated; receive { parsed; update; } }
  ${extraLines}
}`
}

/** The fields used here of ExaBGP's JSON lines. */
interface Line {
  type: string
  neighbor: {
    address: { peer: string }
    state?: string
    reason?: string
    message?: { update?: Update }
    negotiated?: { hold_time?: number }
  }
}

interface Update {
  attribute?: {
    origin?: Route['origin']
    /** The numbers, or since ExaBGP 5 the segments by their index. */
    'as-path'?: number[] | { [index: string]: { value: number[] } }
    med?: number
    'local-preference'?: number
    community?: number[][]
    'extended-community'?: { string: string }[]
    'large-community'?: number[][]
  }
  announce?: { [family: string]: { [nextHop: string]: { nlri: string }[] } }
  withdraw?: { [family: string]: { nlri: string }[] }
}

const STATES: { readonly [word: string]: string } = { connected: 'OpenSent', up: 'Established', down: 'Idle' }

async function replay(exec: Exec): Promise<{ routes: Map<string, Route>; sessions: Map<string, RouterSession> }> {
  const routes = new Map<string, Route>()
  const sessions = new Map<string, RouterSession>()
  for (const text of (await exec('cat', RECEIVED)).split('\n').filter(isJson)) {
    const { type, neighbor }: Line = JSON.parse(text.replace(/\p{Cc}/gu, ' ')) // it does not escape what it received
    const peer = neighbor.address.peer
    const session = sessions.get(peer) ?? { neighbor: peer, state: 'Idle' }
    if (type === 'state') {
      const { state = '', reason } = neighbor
      sessions.set(peer, { ...session, state: STATES[state] ?? state, ...(reason && { lastError: reason }) })
      if (state === 'down') for (const key of routes.keys()) if (key.startsWith(`${peer} `)) routes.delete(key)
    } else if (type === 'negotiated') {
      const holdTime = neighbor.negotiated?.hold_time
      sessions.set(peer, { ...session, ...(holdTime !== undefined && { holdTime }) })
    } else if (type === 'update') {
      for (const { nlri } of Object.values(neighbor.message?.update?.withdraw ?? {}).flat())
        routes.delete(`${peer} ${nlri}`)
      for (const route of announced(neighbor.message?.update)) routes.set(`${peer} ${route.prefix}`, route)
    }
  }
  return { routes, sessions }
}

/** After an API command there are lines such as 'done'. */
function isJson(line: string): boolean {
  return line.startsWith('{')
}

function announced({ attribute = {}, announce = {} }: Update = {}): Route[] {
  const { origin = 'incomplete', med, 'local-preference': localPref } = attribute
  const join = (values: number[][] = []) => values.map(parts => parts.join(':'))
  return Object.values(announce)
    .flatMap(hops => Object.entries(hops))
    .flatMap(([nextHop, nlris]) =>
      nlris
        .filter(({ nlri }) => nlri !== undefined) // End-of-RIB is in this list, too
        .map(({ nlri }) => ({
          prefix: nlri,
          nextHop,
          asPath: Object.values(attribute['as-path'] ?? []).flatMap(one => (typeof one === 'number' ? one : one.value)),
          origin,
          ...(med !== undefined && { med }),
          ...(localPref !== undefined && { localPref }),
          communities: join(attribute.community),
          extendedCommunities: (attribute['extended-community'] ?? []).map(
            ({ string }) => string.replace('target:', 'rt:').replace(/^origin:(\d+):0\.0\.0\.(\d+)$/, 'ro:$1:$2'), // it writes a number as an address
          ),
          largeCommunities: join(attribute['large-community']),
          best: false,
        })),
    )
}
