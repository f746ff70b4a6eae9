/** The flags as options of the agent. No error repeats a value that may contain a password. */
import { parseArgs } from 'node:util'
import { httpCheck, tcpCheck } from '@softspoken/announcer'
import { type AgentOptions, OptionError } from '@softspoken/vip-agent'

interface Flag {
  readonly value: string
  readonly text: string
  /** The library's option that it sets, as an OptionError names it. */
  readonly option?: string
}

/** One row per flag. The first six are required. */
const table = {
  vip: { value: '<prefix>', text: 'the virtual IP: one /32 or /128', option: 'vips[0]' },
  'local-as': { value: '<number>', text: 'our AS number', option: 'local.as' },
  'router-id': { value: '<address>', text: 'our BGP Identifier, different on each node', option: 'local.id' },
  peer: { value: '<address>', text: "the router's address", option: 'peer.address' },
  'peer-as': { value: '<number>', text: "the router's AS number", option: 'peer.as' },
  health: { value: '<url>', text: 'http:, https: or tcp: URL of the service on this node', option: 'httpCheck.url' },
  port: { value: '<number>', text: "the router's TCP port (179)", option: 'peer.port' },
  'local-address': { value: '<address>', text: 'our address for the session', option: 'local.address' },
  'next-hop': { value: '<address>', text: 'next hop of the route (our address)', option: 'nextHop' },
  'hold-time': { value: '<seconds>', text: 'hold time of the session (90)', option: 'holdTime' },
  'leader-file': { value: '<path>', text: 'leader mode: a file with an epoch and a router ID' },
  lease: { value: '<directory>', text: 'leader mode: a lease in a directory of this machine' },
  'lease-ttl': { value: '<seconds>', text: 'how long that lease lasts (5)', option: 'leaseDuration' },
} satisfies { readonly [flag: string]: Flag }
type FlagName = keyof typeof table
const rows: readonly (readonly [string, Flag])[] = Object.entries(table)
type Values = ReadonlyMap<string, string>

export const help = [
  'Usage: node --import tsx examples/vip-agent/src/main.ts [flags]; the first six are required, defaults are in brackets.',
  '',
  ...rows.map(([name, { value, text }]) => `  ${`--${name} ${value}`.padEnd(27)} ${text}`),
].join('\n')

/** The flag that sets an option of the library, without `--`. A session names `peer.as` what the announcer names `peers[0].as`. */
export function flagOf(option: string): string | undefined {
  return rows.find(([, row]) => row.option === option.replace('peers[0].', 'peer.'))?.[0]
}

/** @throws OptionError for a flag that is unknown, is given twice or has no value, and for an argument that is not a flag. */
export function readFlags(args: readonly string[]): Values | 'help' {
  if (args.includes('--help') || args.includes('-h')) return 'help'
  const values = new Map<string, string>()
  const options = Object.fromEntries(rows.map(([name]) => [name, { type: 'string' as const }]))
  for (const token of parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens) {
    if (token.kind !== 'option') throw withoutValue('argument', 'a flag that begins with --')
    const { name, rawName, value } = token
    if (!Object.hasOwn(table, name)) throw withoutValue(rawName, 'one that --help lists', 'no such flag')
    if (values.has(name)) throw withoutValue(rawName, 'given once')
    if (!value || value.startsWith('--')) throw withoutValue(rawName, 'given with a value')
    values.set(name, value)
  }
  return values
}

/** @throws OptionError for a value that is missing or not a number; `runAgent()` checks the others. */
export function agentOptions(values: Values): Omit<AgentOptions, 'log' | 'election'> {
  const [localAddress, nextHop] = [values.get('local-address'), values.get('next-hop')]
  if (values.has('lease') && values.has('leader-file'))
    throw withoutValue('--leader-file', 'left out if --lease is given')
  return {
    vips: [required(values, 'vip')],
    announcer: {
      local: {
        as: number(values, 'local-as'),
        id: required(values, 'router-id'),
        ...(localAddress !== undefined && { address: localAddress }),
      },
      peers: [{ as: number(values, 'peer-as'), address: required(values, 'peer'), port: number(values, 'port', 179) }],
      holdTime: number(values, 'hold-time', 90),
      ...(nextHop !== undefined && { nextHop }),
    },
    health: { check: check(required(values, 'health')), interval: 1 },
    mode: values.has('lease') || values.has('leader-file') ? 'leader' : 'all-nodes',
  }
}

function required(values: Values, flag: FlagName): string {
  const value = values.get(flag)
  if (value === undefined) throw withoutValue(`--${flag}`, 'given')
  return value
}
function number(values: Values, flag: FlagName, otherwise?: number): number {
  if (otherwise !== undefined && !values.has(flag)) return otherwise
  const value = required(values, flag)
  if (!/^\d+(\.\d+)?$/.test(value)) throw new OptionError(`--${flag}`, value, 'a number')
  return Number(value)
}

function check(url: string): ReturnType<typeof tcpCheck> {
  const allowed = 'a URL that begins with http:// or https://, or with tcp:// and has a port'
  const { protocol, hostname, port, href } = URL.canParse(url)
    ? new URL(url)
    : { protocol: '', hostname: '', port: '', href: '' }
  if (!['http:', 'https:'].includes(protocol) && !(protocol === 'tcp:' && Number(port) > 0))
    throw withoutValue('--health', allowed)
  // A URL has brackets around an IPv6 address, a socket has none.
  return protocol === 'tcp:'
    ? tcpCheck({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
    : httpCheck(href)
}

/** The value is left out, because it may contain a password. */
function withoutValue(option: string, allowed: string, detail = `it must be ${allowed}`): OptionError {
  return new OptionError(option, undefined, allowed, detail)
}
