/** Announces one host route until it is told to stop; then withdraws it, waits for the router, and says goodbye. */
import { Announcer, type HealthGate } from '@softspoken/announcer'
import { CommanderError } from 'commander'
import { announcerOptions, preference } from './announcer-options.ts'
import { healthGate, rehearseHealth } from './health.ts'
import { makeLog } from './log.ts'
import { serviceManager } from './service-manager.ts'
import { type AllGiven, type Configuration, configuration, inWordsOfOptions } from './sources.ts'
import { UsageError } from './usage-error.ts'

const [command, ...rest] = process.argv.slice(2)
let given: AllGiven = {}
void main() // no await at the top: the bundle is CommonJS, which Node starts sooner

async function main(): Promise<void> {
  try {
    if (command === 'status') await showStatus(rest)
    else await announce()
  } catch (error) {
    if (error instanceof CommanderError)
      process.exitCode = error.exitCode // --help
    else if (error instanceof UsageError || error instanceof RangeError) {
      const { message } = error instanceof UsageError ? error : inWordsOfOptions(error, given)
      process.stderr.write(`${message}\n`)
      process.exitCode = 2
    } else throw error
  }
}

async function announce(): Promise<void> {
  const settled = await configuration(process.argv.slice(2), process.env)
  given = settled.given
  if (settled.check) {
    rehearseHealth(settled.settings) // what is wrong with it is said now
    const { check } = await import('./check.ts')
    const report = await check(settled.settings, settled.given)
    process.stdout.write([...settled.warnings, report].join('\n'))
  } else await run(settled)
}

/** What a running program says of itself, where it has --http. */
async function showStatus([address = '127.0.0.1:9179', ...tooMany]: readonly string[]): Promise<void> {
  if (tooMany.length > 0) throw new UsageError('status: one address at most, such as 127.0.0.1:9179')
  const { status } = await import('./status.ts')
  try {
    process.stdout.write(`${await status(address)}\n`)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
    process.exitCode = 1
  }
}

async function run({ settings, warnings }: Configuration): Promise<void> {
  const log = await makeLog(settings.logLevel)
  const options = announcerOptions(settings)
  const announcer = new Announcer({ ...options, log })
  let gate: HealthGate | undefined
  let http: AsyncDisposable | undefined
  const manager = serviceManager(process.env, err => log.warn({ err }, 'systemd could not be told'))
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, async () => {
      const closed = announcer.close(`single-prefix-announcer got ${signal}`) // withdraws at once, so it comes first
      manager.stopping()
      log.info({ signal }, 'withdrawing and closing')
      await closed
      await http?.[Symbol.asyncDispose]()
      gate?.close() // not before: closing it withdraws, and the drain would have nothing to say
      log.info({}, 'closed')
    })
  try {
    gate = healthGate(settings, log)
    http = settings.http === undefined ? undefined : await show(announcer, settings.http, gate)
    announcer.announce(settings.prefix, { ...preference(settings), ...(gate && { gate }) })
  } catch (error) {
    gate?.close()
    void announcer.close() // nothing was sent, there is nobody to wait for
    throw error
  }
  for (const warning of warnings) log.warn({}, warning)
  const { prefix, localAs, routerId } = settings
  const peers = options.peers.map(({ address, as }) => `${address} AS ${as}`)
  log.info({ prefix, localAs, routerId, peers }, 'announcing')
  manager.ready() // to announce: a router that is not there yet is no reason to be started again
}

/** Loaded only where it is wanted: the route goes first. */
async function show(announcer: Announcer, address: string, gate: HealthGate | undefined): Promise<AsyncDisposable> {
  const { serve } = await import('./http.ts')
  try {
    return await serve(announcer, address, gate && { health: gate })
  } catch (error) {
    if (error instanceof RangeError) throw error
    throw new UsageError(`http: ${address} cannot be had: ${error instanceof Error ? error.message : error}`)
  }
}
