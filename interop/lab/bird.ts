import type { Daemon, Route, Session } from './router.ts'
import type { PlainNeighbor, PlainRouter } from './usual-router.ts'

export const bird: Daemon = {
  name: 'BIRD',
  image: 'softspoken-interop/bird',
  // Whatever a test configures, its log has every session's state changes and every error sent or received.
  preamble: 'log stderr all;\ndebug protocols { states, events };\n',
  ready: ['birdc', 'show', 'status'],
  version: ['birdc', 'show', 'status'],
  routes: async exec => parseRoutes(await exec('birdc', 'show', 'route', 'all')),
  sessions: async exec => parseSessions(await exec('birdc', 'show', 'protocols', 'all')),
  words: {
    enable: () => ['birdc', 'enable', 'host'],
    'shut down': (_, why) => ['birdc', 'disable', 'host', ...(why ? [`"${why}"`] : [])],
    reset: () => ['birdc', 'restart', 'host'],
    'ask again': () => ['birdc', 'reload', 'in', 'host'],
  },
  plain,
}

function plain({ as, id, neighbors }: PlainRouter): string {
  return `
router id ${id};
protocol device {}
${neighbors.map(neighbor => settings(as, neighbor)).join('\n')}
`
}

/**
 * A channel that stands in a template may be configured again, by what a behaviour adds. BIRD shuts its door for 60 s
 * after an error of ours, and doubles it; shorter here, so that what a recovery takes is our own doing.
 */
function settings(as: number, neighbor: PlainNeighbor): string {
  const { name, address, own, family, passive, holdTime, key, ttlSecurity, multihop, more } = neighbor
  const lines = [
    `local ${own} as ${as}`,
    `neighbor ${address} as ${neighbor.as}`,
    'connect delay time 1; connect retry time 5; error wait time 1, 2',
    passive && 'passive',
    holdTime !== undefined && `hold time ${holdTime}`,
    key !== undefined && `password "${key}"`,
    ttlSecurity && 'ttl security on',
    multihop !== undefined && `multihop ${multihop}`,
    `${family} { import all; export none; }`,
  ]
  const template = lines.filter(Boolean).map(line => `  ${line};\n`)
  return `template bgp plain_${name} {\n${template.join('')}}\nprotocol bgp ${name} from plain_${name} { ${more} }`
}

/**
 * A prefix stands only at its first route; each route's attributes follow, indented by a tab:
 *
 *     198.51.100.10/32     unicast [uplink 06:27:33.398] * (100) [AS65002i]
 *     	via 203.0.113.3 on eth0
 *     	BGP.as_path: 65002
 *                          unicast [other 06:27:33.483] (100) [AS65003i]
 */
function parseRoutes(text: string): Route[] {
  const routes: Route[] = []
  let prefix = ''
  let best = false
  let attributes = new Map<string, string>()

  const finish = () => {
    // Routes of other protocols (static, kernel) have no origin.
    if (attributes.has('origin')) routes.push(toRoute(prefix, best, attributes))
    attributes = new Map()
  }

  for (const line of text.split('\n')) {
    const route = /^(\S+)?\s+\w+ \[[^\]]+\]( \*)? /.exec(line)
    const attribute = /^\t(?:BGP\.|bgp_)(\w+): (.*)$/.exec(line) // BIRD 3 has another notation
    if (route) {
      finish()
      prefix = route[1] ?? prefix
      best = route[2] !== undefined
    } else if (attribute) {
      attributes.set(attribute[1] ?? '', attribute[2] ?? '')
    }
  }
  finish()
  return routes
}

function toRoute(prefix: string, best: boolean, attributes: Map<string, string>): Route {
  const text = (name: string) => attributes.get(name) ?? ''
  const med = attributes.get('med')
  const localPref = attributes.get('local_pref')
  return {
    prefix,
    // A link-local next hop may follow the global one.
    nextHop: text('next_hop').split(' ')[0] ?? '',
    asPath: ((attributes.get('as_path') ?? text('path')).match(/\d+/g) ?? []).map(Number),
    origin: text('origin').toLowerCase() as Route['origin'], // BIRD has three words: IGP, EGP, Incomplete
    ...(med !== undefined && { med: Number(med) }),
    ...(localPref !== undefined && { localPref: Number(localPref) }),
    communities: tuples(text('community')),
    extendedCommunities: tuples(text('ext_community')),
    largeCommunities: tuples(text('large_community')),
    best,
  }
}

/** '(65001,100) (65001, 1, 2)' -> ['65001:100', '65001:1:2'] */
function tuples(text: string): string[] {
  return [...text.matchAll(/\(([^)]*)\)/g)].map(([, inside = '']) => inside.split(/,\s*/).join(':'))
}

function parseSessions(text: string): Session[] {
  return text.split(/\n\s*\n/).flatMap(block => {
    const field = (name: string) => new RegExp(`^ +${name}: +(.*)$`, 'm').exec(block)?.[1]
    const neighbor = field('Neighbor address')
    if (neighbor === undefined) return []
    const holdTime = field('Hold timer')?.split('/')[1]
    const lastError = field('Last error')
    return {
      // A link-local neighbour, or one of a range, carries its interface.
      neighbor: neighbor.split('%')[0] ?? '',
      state: field('BGP state') ?? '',
      ...(holdTime !== undefined && { holdTime: Number(holdTime) }),
      ...(lastError !== undefined && { lastError }),
    }
  })
}
