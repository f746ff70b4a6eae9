/** What the flags ask for, checked before anything starts. No message repeats a value that may hold a password. */
import { parseArgs } from 'node:util'
import { httpCheck, tcpCheck } from '@softspoken/announcer'
import { type AgentOptions, leaseDirectory, leaseElection } from '@softspoken/vip-agent'

const options = {
  vip: { type: 'string' },
  'local-as': { type: 'string' },
  'router-id': { type: 'string' },
  'local-address': { type: 'string' },
  'next-hop': { type: 'string' },
  peer: { type: 'string' },
  'peer-as': { type: 'string' },
  port: { type: 'string' }, // 179
  'hold-time': { type: 'string' }, // 90
  health: { type: 'string' }, // http://127.0.0.1:8080/healthz, https://…, or tcp://127.0.0.1:6443
  lease: { type: 'string' }, // a directory that all agents of this machine share; without it, all-nodes mode
  'lease-ttl': { type: 'string' }, // 5
} as const
type Flag = keyof typeof options
type Given = ReadonlyMap<string, string>

/** @throws RangeError, one sentence, for flags that cannot be meant; `runAgent()` checks the values of the announcer. */
export function readFlags(args: readonly string[]): Omit<AgentOptions, 'log'> {
  const given = valuesOf(args)
  const ttl = number(given, 'lease-ttl', 5)
  const [localAddress, nextHop, lease] = [given.get('local-address'), given.get('next-hop'), given.get('lease')]
  const id = needed(given, 'router-id')
  return {
    vip: needed(given, 'vip'),
    announcer: {
      local: { as: number(given, 'local-as'), id, ...(localAddress !== undefined && { address: localAddress }) },
      peers: [{ as: number(given, 'peer-as'), address: needed(given, 'peer'), port: number(given, 'port', 179) }],
      holdTime: number(given, 'hold-time', 90),
      ...(nextHop !== undefined && { nextHop }),
      // An agent that is told to end still announces while the next leader takes over, which sees it within a fifth of the lease.
      ...(lease !== undefined && { gracefulShutdownTime: Math.min((2 / 5) * ttl, 22) }),
    },
    health: { check: check(needed(given, 'health')), interval: 1 },
    ...(lease !== undefined && { election: leaseElection(leaseDirectory(lease, id), ttl) }),
  }
}

/** A flag that is unknown, is given twice or has no value is refused; none is passed over. */
function valuesOf(args: readonly string[]): Given {
  const given = new Map<string, string>()
  for (const token of parseArgs({ args: [...args], options, strict: false, tokens: true }).tokens) {
    if (token.kind !== 'option') throw new RangeError('an argument is no flag: each begins with --')
    const { name, rawName, value } = token
    if (!Object.hasOwn(options, name)) throw new RangeError(`${rawName}: there is no such flag`)
    if (given.has(name)) throw new RangeError(`${rawName} is given twice`)
    if (!value || value.startsWith('--')) throw new RangeError(`${rawName} has no value`)
    given.set(name, value)
  }
  return given
}

function needed(given: Given, flag: Flag): string {
  const value = given.get(flag)
  if (value === undefined) throw new RangeError(`--${flag} is missing`)
  return value
}
function number(given: Given, flag: Flag, otherwise?: number): number {
  if (otherwise !== undefined && !given.has(flag)) return otherwise
  const value = needed(given, flag)
  if (!/^\d+(\.\d+)?$/.test(value)) throw new RangeError(`--${flag}: '${value}' is not allowed, it must be a number`)
  return Number(value)
}

function check(health: string): ReturnType<typeof tcpCheck> {
  if (!URL.canParse(health)) throw new RangeError('--health is no URL: it begins with http://, https:// or tcp://')
  const { protocol, hostname, port, href } = new URL(health)
  // A URL has brackets around an IPv6 address, a socket has none.
  return protocol === 'tcp:'
    ? tcpCheck({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) })
    : httpCheck(href)
}
