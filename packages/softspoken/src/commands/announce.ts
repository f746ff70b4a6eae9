/** `softspoken announce`: announces the route until a signal; then withdraws it, waits for the router, and sends Cease. */
import { Announcer, type HealthGate, hostRoute } from '@softspoken/announcer'
import { healthOptions } from '@softspoken/announcer/internal'
import { omitUndefined } from '@softspoken/session/internal'
import type { Logger } from 'pino'
import { announcerOptions, preference } from '../config/announcer-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { rehearse } from '../config/rehearsal.ts'
import type { Configuration } from '../config/sources.ts'
import { healthGate } from '../health/health-gate.ts'
import { shownUrl } from '../health/shown-url.ts'
import type { StatusPage } from '../http/status-page.ts'
import { makeLog } from '../log/log.ts'
import { exitCodes, type Shutdown } from '../shutdown.ts'
import { serviceManager } from '../systemd.ts'
import { version } from '../version.ts'

const SHUTDOWN_MARGIN = 7 // seconds beyond the drain: for the Cease, the page, and a log that is slow

/** Resolves once it announces, or waits for its health check. */
export async function announce(
  { options, given, warnings }: Configuration,
  env: NodeJS.ProcessEnv,
  shutdown: Shutdown,
): Promise<void> {
  const hints = [...warnings, ...(await rehearse(options, given))]
  const { log, output } = makeLog(options.logLevel)
  const libraryOptions = announcerOptions(options)
  const page = await openPage(options, log, () => output.dropped)
  for (const hint of hints) log.warn({}, hint)
  log.info(startFields(options, libraryOptions.peers), 'starting')
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
  attach(page, announcer, gate, options, log) // before their first events, which come in microtasks
  const systemd = serviceManager(env, err => log.warn({ err }, 'systemd could not be notified'))
  const { drainTime = 3, gracefulShutdownTime = 0 } = options // the library's defaults
  shutdown.handle({
    timeLimit: SHUTDOWN_MARGIN + drainTime + gracefulShutdownTime,
    async stop(cause) {
      const reason = 'signal' in cause ? `got ${cause.signal}` : 'failed'
      const keepRecord = !('signal' in cause) // a supervisor will restart the program, which must not dial at once
      const stopped = announcer.stop(`softspoken ${reason}`, { keepRecord }) // first, because it withdraws at once
      systemd.stopping()
      log.info('signal' in cause ? cause : { reason }, 'withdrawing and stopping')
      await stopped
      await page?.[Symbol.asyncDispose]()
      gate?.stop() // last, because stopping it withdraws, and the drain would have nothing to withdraw
      log.info({}, 'stopped')
      await output.settle()
      if (output.stuck) process.exit('signal' in cause ? exitCodes.ok : exitCodes.retryable) // Node would wait for the write
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
  systemd.ready() // a router that does not answer yet is no reason to restart the program
}

function startFields(options: ProgramOptions, peers: readonly { readonly address: string; readonly as: number }[]) {
  const { prefix, localAs, routerId, health, healthRise = healthOptions.rise.default } = options
  return {
    ...{ version, prefix, localAs, routerId },
    peers: peers.map(({ address, as }) => `${address} AS ${as}`),
    ...(health !== undefined && {
      health: shownUrl(health),
      waitsFor: healthRise === 1 ? '1 passed check' : `${healthRise} passed checks`,
    }),
  }
}

/** It listens before a router is dialled. Its failure is a warning, because the route does not depend on it. */
async function openPage(
  { http, httpHost }: ProgramOptions,
  log: Logger,
  droppedLines: () => number,
): Promise<StatusPage | undefined> {
  if (http === undefined) return undefined
  try {
    const { serve } = await import('../http/status-page.ts') // loaded only if it is needed
    return await serve(http, { log, droppedLines, ...omitUndefined({ hosts: httpHost }) })
  } catch (err) {
    log.warn({ err }, 'page failed')
    return undefined
  }
}
function attach(
  page: StatusPage | undefined,
  announcer: Announcer,
  gate: HealthGate | undefined,
  options: ProgramOptions,
  log: Logger,
): void {
  try {
    const { nextHop, health = '' } = options
    page?.attach(announcer, {
      gates: gate === undefined ? {} : { [shownUrl(health)]: gate },
      routes: { [hostRoute(options.prefix).prefix]: { ...omitUndefined({ nextHop }), ...preference(options) } },
    })
  } catch (err) {
    log.warn({ err }, 'page failed')
  }
}
