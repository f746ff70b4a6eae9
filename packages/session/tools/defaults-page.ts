/** The tables of the session's options and of the dial budget in docs/defaults.md, made from the code and the sentences below. */
import { configure } from '../src/config.ts'
import { dialBudget, mostDials } from '../src/dial-budget.ts'
import { sessionOptions } from '../src/options.ts'
import { budgetRows } from './budget-rows.ts'
import { given } from './connections-play.ts'
import { DialGraph, rows as inputs } from './dial-search.ts'
import { runs } from './runs.ts'

type SessionOptionName = keyof typeof sessionOptions

interface Text {
  /** `ours` if no RFC gives the default or the bounds. */
  readonly reference: string
  /** The default, if the table of options has none. */
  readonly usual?: string
  /** What is allowed, if it is not a number between two bounds, true or false; after the bounds if it is. */
  readonly allowed?: string
  readonly why: string
}

const texts: { readonly [name in SessionOptionName]: Text } = {
  'local.as': {
    reference: 'RFC 6793, RFC 7300, RFC 7607',
    usual: 'required',
    allowed: 'not 23456, 65535 or 4294967295',
    why: 'these three are reserved',
  },
  'local.id': {
    reference: 'RFC 6286',
    usual: 'required',
    allowed: 'an IPv4 address, not 0.0.0.0',
    why: 'two speakers with one identifier conflict, so there is no default',
  },
  'local.address': {
    reference: 'ours',
    usual: 'the system chooses',
    allowed: "an address of the family of the peer's address",
    why: 'the system knows the route to the peer',
  },
  'peer.as': {
    reference: 'RFC 6793, RFC 7300, RFC 7607',
    usual: 'required',
    allowed: 'not 23456, 65535 or 4294967295',
    why: 'these three are reserved',
  },
  'peer.address': {
    reference: 'RFC 4007 §11',
    usual: 'required',
    allowed: 'IPv4 or IPv6; a link-local one with its interface: `fe80::1%eth0`, or `bindDevice`',
    why: 'every link has fe80::/10; an interface is named because its index changes between boots',
  },
  'peer.port': { reference: 'RFC 4271 §8', why: 'the port of BGP' },
  passive: { reference: 'RFC 4271 §8.1.1', why: 'a session that dials needs no privileged port' },
  families: {
    reference: 'RFC 4760 §8',
    usual: "the family of the peer's address; the program takes those of its prefixes",
    allowed: '`ipv4-unicast`, `ipv6-unicast`',
    why: 'no capability without a use',
  },
  extendedNextHop: {
    reference: 'RFC 8950',
    usual: 'true for IPv4 routes to an IPv6 peer',
    why: 'those routes have no other next hop; for others it has no use',
  },
  'capabilities.multiprotocol': {
    reference: 'RFC 4760, RFC 5492 §3',
    why: 'a router may refuse an unknown capability; required for IPv6',
  },
  'capabilities.routeRefresh': { reference: 'RFC 2918', why: 'the router may ask for our routes again' },
  'capabilities.enhancedRouteRefresh': {
    reference: 'RFC 7313',
    usual: 'as `routeRefresh`',
    why: 'it requires route refresh',
  },
  'capabilities.fourOctetAs': { reference: 'RFC 6793', why: 'required for an AS number above 65535' },
  extendedMessage: { reference: 'RFC 8654', why: 'a few host routes fit into 4096 octets' },
  requireFourOctetAs: { reference: 'RFC 6793, RFC 5492', why: 'old routers exist; AS_TRANS and AS4_PATH serve them' },
  'gracefulRestart.restartTime': {
    reference: 'RFC 4724',
    usual: 'required in `gracefulRestart`, which is not offered by default',
    why: 'after a crash the router sends traffic to a dead address for this time',
  },
  'gracefulRestart.forwarding': { reference: 'RFC 4724 §3', why: 'true only if this host kept forwarding' },
  'gracefulRestart.restarting': { reference: 'RFC 4724 §3', why: 'true only in a process that has restarted' },
  'gracefulRestart.notification': {
    reference: 'RFC 8538',
    why: 'a NOTIFICATION usually means that the routes must go',
  },
  holdTime: {
    reference: 'RFC 4271 §4.2, §10',
    allowed: 'whole; from 3 with `allowAggressiveTimers`',
    why: 'the value that the RFC suggests; below 9 a short stall of either process ends the session',
  },
  sendHoldTime: {
    reference: 'RFC 9687 §4',
    usual: 'the greater of 480 and twice the negotiated hold time',
    why: 'a peer that sends but does not read is dead; a shorter time drops a busy one',
  },
  allowAggressiveTimers: { reference: 'ours', why: 'it changes the lower bound of `holdTime` and nothing else' },
  allowZeroHoldTime: {
    reference: 'RFC 4271 §4.2, §6.2',
    why: 'a peer that proposes 0 is rejected with 2/6, because a dead session would never be detected',
  },
  connectTimeout: {
    reference: 'ours',
    why: 'Linux sends about one SYN per second at first, so ten seconds cost seven SYNs',
  },
  firstDialDelay: { reference: 'ours', why: 'one dial is no storm; for a crash loop there is `stateDirectory`' },
  'backOff.minInterval': {
    reference: 'ours',
    why: 'between two dials, in every case; neither jitter nor stopping and starting makes it shorter',
  },
  'backOff.transportCap': {
    reference: 'RFC 4271 §10',
    why: "the longest delay while TCP fails is the RFC's ConnectRetryTime; the shorter ones before it make a brief outage cheap",
  },
  'backOff.protocolInitial': {
    reference: 'ours',
    why: 'a router that answers and then rejects us will soon do the same again',
  },
  'backOff.administrative': {
    reference: 'RFC 4486',
    why: 'an operator decided, and does not change that within a minute',
  },
  'backOff.resetAfter': {
    reference: 'ours',
    why: 'after this time in Established, earlier failures no longer count; a reset on OPEN causes tight loops',
  },
  tcpMd5Key: {
    reference: 'RFC 2385',
    usual: 'none',
    allowed: '1 to 80 octets in UTF-8; Linux and koffi',
    why: 'if it is not possible here, it throws: a session is never unauthenticated by accident',
  },
  ttlSecurity: {
    reference: 'RFC 5082',
    usual: 'off',
    allowed: 'hops; Linux and koffi; not with `multihop`',
    why: 'the router must use it too; 1 hop is our own link, as BIRD and FRR count',
  },
  multihop: {
    reference: 'ours',
    usual: "the system's TTL",
    allowed: 'Linux and koffi; not with `ttlSecurity`',
    why: "the system's TTL, mostly 64, reaches any router; a lower one keeps packets near",
  },
  bindDevice: {
    reference: 'ours',
    usual: 'as routed',
    allowed: 'the name of an interface; Linux and koffi',
    why: 'most hosts need none',
  },
  stateDirectory: {
    reference: 'ours',
    usual: 'none',
    allowed: 'a path',
    why: 'without it a new process dials at once; see below',
  },
}

/** The page with both tables, and the example below the second one, made anew. */
export function defaultsPage(page: string): string {
  const rows = (Object.keys(sessionOptions) as SessionOptionName[]).map(row) // its own keys
  const table = ['| option | default | allowed | why | reference |', '| --- | --- | --- | --- | --- |', ...rows]
  return page
    .replace(/\| (option|setting) [\s\S]*?\n(?=\n)/, `${table.join('\n')}\n`)
    .replace(/\| while [\s\S]*?\n(?=\n)/, `${budgetTable().join('\n')}\n`)
    .replace(/The \d+ of an hour [\s\S]*?\n\n[\s\S]*?\n(?=\n)/, `${longestHour().join('\n')}\n`)
}
/** How the dials end in an hour with the most of them: a line up to each stable session, and one for equal lines. */
function longestHour(): string[] {
  const endings = mostDials(configure(given).backOff, 3600)
  const groups: string[][] = [[]]
  for (const ending of endings) {
    groups.at(-1)?.push(ending)
    if (ending.startsWith('stable')) groups.push([])
  }
  const lines = runs(groups.map(group => runs(group).map(times).join('; '))).map(
    ({ what, count }, i) => `${i + 1}. ${count === 1 ? '' : `${count} times: `}${what}`,
  )
  return [`The ${endings.length + 1} of an hour end like this, for example; the last one has not ended:`, '', ...lines]
}
function times({ what, count }: { readonly what: string; readonly count: number }): string {
  return count === 1 ? what : `${count} × ${what}`
}
function budgetTable(): string[] {
  const { backOff } = configure(given)
  const rows = Object.entries(budgetRows).map(([what, among]): [string, number[]] => [
    what,
    Object.values(dialBudget(backOff, among)),
  ])
  const graph = new DialGraph({}, 3_600_000, inputs['stop, start'])
  const stopped = [60, 600, 3600].map(seconds => graph.most(seconds * 1000).dials)
  rows.push(['the caller stops and starts the session at each dial', stopped])
  return [
    '| while | minute | ten minutes | hour |',
    '| --- | --- | --- | --- |',
    ...rows.map(([what, dials]) => `| ${[what, ...dials].join(' | ')} |`),
  ]
}
function row(name: SessionOptionName): string {
  const option: { type: string; default?: unknown; min?: number; max?: number } = sessionOptions[name]
  const { usual = String(option.default), allowed, why, reference } = texts[name]
  const bounds = option.max === undefined ? [] : [`${option.min ?? '`holdTime`'} to ${option.max}`]
  const values = [...bounds, ...(option.type === 'boolean' ? ['true, false'] : []), ...(allowed ? [allowed] : [])]
  return `| \`${name}\` | ${usual} | ${values.join('; ')} | ${why} | ${reference} |`
}
