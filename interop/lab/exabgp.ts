import type { Daemon, Exec, Route, Session } from './router.ts'
import type { PlainNeighbor, PlainRouter } from './usual-router.ts'

/** In memory, so that it is gone with the daemon. */
const RECEIVED = '/dev/shm/received'

/** What is written here, the same process says to it: its API is all that an operator has. */
export const SAY = '/dev/shm/say'

/** Keeps no table: what it received is what it tells a process of ours in JSON, and that is played again from the start. */
export const exabgp: Daemon = {
  name: 'ExaBGP',
  image: 'softspoken-interop/exabgp',
  preamble: `process printer { run /bin/sh -c "mkfifo ${SAY}; cat <>${SAY} & exec tee ${RECEIVED} >&2"; encoder json; }\n`,
  // It listens at addresses that it gets later, too.
  options: ['--env', 'exabgp.daemon.drop=false', '--sysctl', 'net.ipv4.ip_nonlocal_bind=1'],
  // It has no control socket unless somebody makes the pipes. The process is started after the listening sockets.
  ready: ['test', '-e', RECEIVED],
  version: ['exabgp', '--version'],
  routes: async exec => [...(await replay(exec)).routes.values()],
  sessions: async exec => [...(await replay(exec)).sessions.values()],
  words: {
    // Without a text, and it takes us again at once: no more than another reset.
    reset: host => say(`neighbor ${host} teardown 4`),
    'ask again': host => say(`neighbor ${host} announce route-refresh ipv4 unicast`),
  },
  plain,
}

function say(words: string): string[] {
  return ['sh', '-c', `echo "$0" >${SAY}`, words]
}

function plain({ as, id, neighbors }: PlainRouter): string {
  return neighbors.map(neighbor => settings(as, id, neighbor)).join('\n')
}

function settings(as: number, id: string, neighbor: PlainNeighbor): string {
  const { address, own, family, passive, holdTime, key, ttlSecurity, multihop, more } = neighbor
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
  ${more}
}`
}

/** The parts we read of ExaBGP's lines. */
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
    'as-path'?: number[]
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

async function replay(exec: Exec): Promise<{ routes: Map<string, Route>; sessions: Map<string, Session> }> {
  const routes = new Map<string, Route>()
  const sessions = new Map<string, Session>()
  for (const text of (await exec('cat', RECEIVED)).split('\n').filter(isJson)) {
    const { type, neighbor }: Line = JSON.parse(text.replace(/\p{Cc}/gu, ' ')) // it quotes what it heard as it is
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

/** Between the lines it says 'done', where it was told something. */
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
        .filter(({ nlri }) => nlri !== undefined) // End-of-RIB stands there, too
        .map(({ nlri }) => ({
          prefix: nlri,
          nextHop,
          asPath: attribute['as-path'] ?? [],
          origin,
          ...(med !== undefined && { med }),
          ...(localPref !== undefined && { localPref }),
          communities: join(attribute.community),
          extendedCommunities: (attribute['extended-community'] ?? []).map(
            ({ string }) => string.replace('target:', 'rt:').replace(/^origin:(\d+):0\.0\.0\.(\d+)$/, 'ro:$1:$2'), // it has a number as an address
          ),
          largeCommunities: join(attribute['large-community']),
          best: false,
        })),
    )
}
