/** The agent as a program, with flags. SIGTERM and SIGINT end it gracefully; a second one ends it at once. */
import { parseArgs } from 'node:util'
import { http, tcp } from '@softspoken/announcer'
import type { Logger } from '@softspoken/session'
import { runAgent } from './agent.ts'
import { leaseDirectory } from './lease-directory.ts'
import { leaseElection } from './lease-election.ts'

/** Octets of the log that wait for a reader at most. */
const LOG_BUFFER = 1024 * 1024

const { values: given } = parseArgs({
  options: {
    vip: { type: 'string' },
    'local-as': { type: 'string' },
    'router-id': { type: 'string' },
    'local-address': { type: 'string' },
    'next-hop': { type: 'string' },
    peer: { type: 'string' },
    'peer-as': { type: 'string' },
    port: { type: 'string', default: '179' },
    'hold-time': { type: 'string', default: '90' },
    health: { type: 'string' }, // http://127.0.0.1:8080/healthz, https://…, or tcp://127.0.0.1:6443
    lease: { type: 'string' }, // a directory that all agents of this machine share; without it, all-nodes mode
    'lease-ttl': { type: 'string', default: '5' },
  },
})
const { 'local-address': localAddress, 'next-hop': nextHop, lease } = given
const ttl = Number(given['lease-ttl'])
const url = new URL(needed('health'))
const check = url.protocol === 'tcp:' ? tcp({ host: url.hostname, port: Number(url.port) }) : http(url.href)

const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ending.abort())

await runAgent(
  {
    vip: needed('vip'),
    announcer: {
      local: {
        as: Number(needed('local-as')),
        id: needed('router-id'),
        ...(localAddress !== undefined && { address: localAddress }),
      },
      peers: [{ as: Number(needed('peer-as')), address: needed('peer'), port: Number(given.port) }],
      holdTime: Number(given['hold-time']),
      ...(nextHop !== undefined && { nextHop }),
      // Who is told to end is still announced while the next leader takes over, which sees it within a fifth of the lease.
      ...(lease !== undefined && { gracefulShutdownTime: Math.min((2 / 5) * ttl, 22) }),
    },
    health: { check, interval: 1 },
    ...(lease !== undefined && {
      election: leaseElection(leaseDirectory(lease, needed('router-id')), ttl),
    }),
    log: log(),
  },
  ending.signal,
)

function needed(name: 'vip' | 'local-as' | 'router-id' | 'peer' | 'peer-as' | 'health'): string {
  const value = given[name]
  if (value === undefined) throw new TypeError(`--${name} is missing`)
  return value
}

/**
 * One line of JSON each, as pino would. A line that cannot be written is dropped: on a full disk, where the reader of a pipe
 * is gone, or does not read.
 */
function log(): Logger {
  process.stdout.on('error', () => {})
  const write = (level: string) => (fields: object, text: string) => {
    if (process.stdout.writableLength > LOG_BUFFER) return
    process.stdout.write(`${JSON.stringify({ level, time: new Date().toISOString(), ...fields, msg: text })}\n`)
  }
  return { debug: () => {}, info: write('info'), warn: write('warn'), error: write('error') }
}
