/** Announces one host route until it is told to stop; then withdraws it, waits for the router, and sends Cease. */
import { Announcer, type HealthGate } from '@softspoken/announcer'
import { CommanderError } from 'commander'
import type { Logger } from 'pino'
import { announcerOptions, given, preference } from './config/announcer-options.ts'
import type { ProgramOptions } from './config/options.ts'
import { rehearse } from './config/rehearsal.ts'
import { type Configuration, readConfiguration } from './config/sources.ts'
import { RetryableError, UsageError } from './config/usage-error.ts'
import { healthGate } from './health/health-gate.ts'
import type { StatusPage } from './http/status-page.ts'
import { escapeControls } from './log/escape-controls.ts'
import { makeLog } from './log/log.ts'
import { exitCodes, type Shutdown } from './shutdown.ts'
import { serviceManager } from './systemd.ts'

/** What the program is called with, and where its words go. */
export interface Call {
  readonly argv: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly shutdown: Shutdown
  print(text: string): void
  printError(text: string): void
}

/** Resolves with the exit code: at once where nothing is announced, else once it announces. */
export async function program(call: Call): Promise<number> {
  try {
    if (call.argv[0] === 'status') await showStatus(call)
    else await announce(call)
    return exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode // --help
    if (!(error instanceof UsageError || error instanceof RetryableError)) throw error
    call.printError(escapeControls(error.message)) // it shows what was given
    return error instanceof UsageError ? exitCodes.usage : exitCodes.retryable
  }
}

async function announce({ argv, env, shutdown, print }: Call): Promise<void> {
  const settled = await readConfiguration(argv, env)
  const { options, given } = settled
  const warnings = [...settled.warnings, ...(await rehearse(options, given))]
  if (settled.check) {
    const { check } = await import('./commands/check.ts')
    const { hostWarnings } = await import('./commands/host-warnings.ts')
    const report = await check(options, given)
    const lines = [...warnings, ...(await hostWarnings(options, given)), ...report.split('\n')]
    print(lines.map(escapeControls).join('\n'))
  } else await run({ ...settled, warnings }, env, shutdown)
}

/** What a running program says of itself, where it has --http. */
async function showStatus({ argv, print }: Call): Promise<void> {
  const [, address = '127.0.0.1:9179', ...tooMany] = argv
  if (tooMany.length > 0 || address.startsWith('-'))
    throw new UsageError('status: one address at most, such as 127.0.0.1:9179')
  const { status } = await import('./commands/status.ts')
  let text: string
  try {
    text = await status(address)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message)
    throw new RetryableError(error instanceof Error ? error.message : String(error))
  }
  print(`${text}\n`)
}

async function run(
  { options, given, warnings }: Configuration,
  env: NodeJS.ProcessEnv,
  shutdown: Shutdown,
): Promise<void> {
  const { log, output } = await makeLog(options.logLevel)
  const libraryOptions = announcerOptions(options)
  const page = await openPage(options, log, () => output.dropped)
  let gate: HealthGate | undefined
  let announcer: Announcer
  try {
    gate = healthGate(options, given, log)
    announcer = new Announcer({ ...libraryOptions, log })
  } catch (error) {
    gate?.stop()
    await page?.[Symbol.asyncDispose]()
    throw error
  }
  attach(page, announcer, gate, log) // before their first events, which come in microtasks
  const manager = serviceManager(env, err => log.warn({ err }, 'systemd could not be told'))
  shutdown.announcing({
    async stop(cause) {
      const why = 'signal' in cause ? `got ${cause.signal}` : 'failed'
      const keepRecord = !('signal' in cause) // a supervisor will start it again, and that must not dial at once
      const closed = announcer.stop(`single-prefix-announcer ${why}`, { keepRecord }) // withdraws at once, so it comes first
      manager.stopping()
      log.info('signal' in cause ? cause : { why }, 'withdrawing and closing')
      await closed
      await page?.[Symbol.asyncDispose]()
      gate?.stop() // not before: closing it withdraws, and the drain would have nothing to withdraw
      log.info({}, 'closed')
      await output.settle()
      if (output.stuck) process.exit('signal' in cause ? exitCodes.ok : exitCodes.retryable) // Node would wait for that write
    },
    ignored: signal => log.info({ signal }, 'signal ignored'),
  })
  try {
    announcer.announce(options.prefix, { ...preference(options), ...(gate && { gate }) })
  } catch (error) {
    gate?.stop()
    await page?.[Symbol.asyncDispose]()
    void announcer.stop('', { keepRecord: true }) // nothing was sent, so there is nothing to wait for
    throw error
  }
  for (const warning of warnings) log.warn({}, warning)
  const { prefix, localAs, routerId } = options
  const peers = libraryOptions.peers.map(({ address, as }) => `${address} AS ${as}`)
  log.info({ prefix, localAs, routerId, peers }, 'announcing')
  manager.ready() // to announce: a router that is not there yet is no reason to be started again
}

/** It listens before a router is dialled. What goes wrong with it is a warning: the route is announced. */
async function openPage(
  { http, httpHost }: ProgramOptions,
  log: Logger,
  droppedLines: () => number,
): Promise<StatusPage | undefined> {
  if (http === undefined) return undefined
  try {
    const { serve } = await import('./http/status-page.ts') // loaded only where it is wanted
    return await serve(http, { log, droppedLines, ...given({ hosts: httpHost }) })
  } catch (err) {
    log.warn({ err }, 'page failed')
    return undefined
  }
}
function attach(page: StatusPage | undefined, announcer: Announcer, gate: HealthGate | undefined, log: Logger): void {
  try {
    page?.attach(announcer, gate && { health: gate })
  } catch (err) {
    log.warn({ err }, 'page failed')
  }
}
