import type { Daemon, Route, RouterSession } from './router.ts'
import type { NeighborModel, RouterModel } from './router-model.ts'
import { imageOf } from './suite.ts'

export const bird: Daemon = {
  name: 'BIRD',
  image: imageOf('bird'),
  // So that the log always has the state changes of every session, and every error sent or received.
  preamble: 'log stderr all;\ndebug protocols { states, events };\n',
  ready: ['birdc', 'show', 'status'],
  version: ['birdc', 'show', 'status'],
  routes: async exec => parseRoutes(await exec('birdc', 'show', 'route', 'all')),
  sessions: async exec => parseSessions(await exec('birdc', 'show', 'protocols', 'all')),
  operatorCommands: {
    enable: () => ['birdc', 'enable', 'host'],
    shutdown: (_, communication) => ['birdc', 'disable', 'host', ...(communication ? [`"${communication}"`] : [])],
    reset: () => ['birdc', 'restart', 'host'],
    'request-refresh': () => ['birdc', 'reload', 'in', 'host'],
  },
  configure,
}

function configure({ as, id, neighbors }: RouterModel): string {
  return `
router id ${id};
protocol device {}
${neighbors.map(neighbor => configureNeighbor(as, neighbor)).join('\n')}
`
}

/**
 * The channel is in a template, so that `extraLines` may configure it again. By default BIRD rejects a neighbour for 60 s
 * after an error, and doubles that time. It is shorter here, so that our own back-off decides how long a recovery takes.
 */
function configureNeighbor(as: number, neighbor: NeighborModel): string {
  const { name, address, own, family, passive, holdTime, key, ttlSecurity, multihop, extraLines } = neighbor
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
  return `template bgp plain_${name} {\n${template.join('')}}\nprotocol bgp ${name} from plain_${name} { ${extraLines} }`
}

/**
 * The prefix is only on the line of its first route. The attributes of a route follow it, indented by a tab:
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
    // A route of another protocol (static, kernel) has no origin.
    if (attributes.has('origin')) routes.push(toRoute(prefix, best, attributes))
    attributes = new Map()
  }

  for (const line of text.split('\n')) {
    const route = /^(\S+)?\s+\w+ \[[^\]]+\]( \*)? /.exec(line)
    const attribute = /^\t(?:BGP\.|bgp_)(\w+): (.*)$/.exec(line) // the second form is BIRD 3's
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
    origin: text('origin').toLowerCase() as Route['origin'], // IGP, EGP or Incomplete
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

function parseSessions(text: string): RouterSession[] {
  return text.split(/\n\s*\n/).flatMap(block => {
    const field = (name: string) => new RegExp(`^ +${name}: +(.*)$`, 'm').exec(block)?.[1]
    const neighbor = field('Neighbor address')
    if (neighbor === undefined) return []
    const holdTime = field('Hold timer')?.split('/')[1]
    const lastError = field('Last error')
    return {
      // The address of a link-local neighbour, or of one of a range, is followed by its interface.
      neighbor: neighbor.split('%')[0] ?? '',
      state: field('BGP state') ?? '',
      ...(holdTime !== undefined && { holdTime: Number(holdTime) }),
      ...(lastError !== undefined && { lastError }),
    }
  })
}
