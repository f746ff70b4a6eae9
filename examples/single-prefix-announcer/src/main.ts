/**
 * Announces one host route to one router, until SIGTERM or SIGINT. With --health, it announces only while that URL answers
 * with a status from 200 to 299. Exit codes: 0 after a signal, 2 if an option is wrong, 1 if anything else fails.
 */
import { parseArgs } from 'node:util'
import { Announcer, HealthGate, hostRoute, httpCheck, OptionError } from '@softspoken/announcer'

const usage = `Usage: example:announce --prefix <prefix> --local-as <number> --router-id <address> --peer <address>
         --peer-as <number> [--port <number>] [--next-hop <address>] [--health <url>]

  --prefix     the route: one /32 or /128
  --local-as   our AS number
  --router-id  our BGP Identifier: an IPv4 address, different on each node
  --peer       the router's address
  --peer-as    the router's AS number
  --port       the router's TCP port; 179 by default
  --next-hop   where traffic for the prefix goes; our own address by default
  --health     an http: or https: URL on this node; by default the prefix is always announced`

try {
  const flags = readFlags(process.argv.slice(2))
  if (flags.help) console.log(usage)
  else run(flags)
} catch (error) {
  const isWrongOption = error instanceof OptionError || (error instanceof TypeError && 'code' in error) // parseArgs() has codes
  console.error(isWrongOption ? error.message : error)
  process.exit(isWrongOption ? 2 : 1) // nothing was announced; a health check or session that has begun would keep Node running
}

function readFlags(args: string[]) {
  const text = { type: 'string' } as const
  const required = { prefix: text, 'local-as': text, 'router-id': text, peer: text, 'peer-as': text }
  const optional = { port: text, 'next-hop': text, health: text, help: { type: 'boolean', short: 'h' } } as const
  const { values } = parseArgs({ args, options: { ...required, ...optional } })
  for (const name of Object.keys(required))
    if (!values.help && !(name in values)) throw new OptionError(`--${name}`, undefined, 'given', 'it must be given')
  return values
}

function run(flags: ReturnType<typeof readFlags>): void {
  const { prefix = '', health } = flags
  const nextHop = flags['next-hop']
  const log = { debug() {}, info: print, warn: print, error: print }
  const gate = health === undefined ? undefined : new HealthGate({ check: httpCheck(health), log })
  const announcer = new Announcer({
    local: { as: number('local-as', flags['local-as']), id: flags['router-id'] ?? '' },
    peers: [
      { address: flags.peer ?? '', as: number('peer-as', flags['peer-as']), port: number('port', flags.port ?? '179') },
    ],
    families: [hostRoute(prefix).family], // of the prefix, whichever family the router's address has
    ...(nextHop !== undefined && { nextHop }),
    log,
  })
  announcer.announce(prefix, gate && { gate })

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, async () => {
      await announcer.stop(`${signal} received`) // withdraws, waits while the router converges, sends Cease
      gate?.stop() // then nothing is left to do, and Node exits
    })
}

function number(flag: string, text = ''): number {
  if (!/^\d+$/.test(text)) throw new OptionError(`--${flag}`, text, 'a number')
  return Number(text)
}

/** `12:00:01  session established  peer="10.0.5.1" holdTime=90 …`: the texts and numbers among the fields of a line. */
function print(fields: object, text: string): void {
  const shown = Object.entries(fields).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
  const words = shown.map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  console.log([new Date().toISOString().slice(11, 19), text, words.join(' ')].join('  '))
}
