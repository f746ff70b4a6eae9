/** `softspoken announce`: runs a VIP agent until a signal, and then through its planned end. */
import { hostRoute } from '@softspoken/announcer'
import { realTime } from '@softspoken/session'
import { omitUndefined } from '@softspoken/session/internal'
import { type AgentOptions, profiles, VipAgent } from '@softspoken/vip-agent'
import { linuxSupport, NodeLabel, VipHeldError } from '@softspoken/vip-agent/internal'
import type { Logger } from 'pino'
import { interfaceFor } from '../config/address-check.ts'
import { agentOptions, preference } from '../config/agent-options.ts'
import { usesBgp } from '../config/bgp.ts'
import { electionOf, electionOptions, nodeNameOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { rehearse } from '../config/rehearsal.ts'
import type { Configuration } from '../config/sources.ts'
import { stopTimeLimit } from '../config/stop-time.ts'
import { RetryableError } from '../config/usage-error.ts'
import { toUsageError } from '../config/validate.ts'
import type { Elected } from '../election/elected.ts'
import { startWarnings } from '../findings/host.ts'
import { healthOf } from '../health/health-gate.ts'
import { shownHealth } from '../health/shown-url.ts'
import type { ShownAgent } from '../http/agent-report.ts'
import type { StatusPage, serve } from '../http/status-page.ts'
import { withoutBgp } from '../http/without-bgp.ts'
import { type Log, makeLog } from '../log/log.ts'
import { idle } from '../probe/acceptance.ts'
import { VipProbe } from '../probe/vip-probe.ts'
import { exitCodes, type Shutdown } from '../shutdown.ts'
import { serviceManager } from '../systemd.ts'
import { logChoices, startFields } from './start-lines.ts'

/** What a test replaces. `elect` and `serve` are loaded only if they are needed. */
export const parts = {
  makeLog: (level: string): Pick<Log, 'log'> & { readonly output: Output } => makeLog(level),
  makeAgent: (options: AgentOptions) => new VipAgent(options),
  elect: async (options: ProgramOptions, log: Logger) => (await import('../election/elected.ts')).elect(options, log),
  serve: async (...given: Parameters<typeof serve>): Promise<Page> =>
    (await import('../http/status-page.ts')).serve(...given),
}
type Output = Pick<Log['output'], 'dropped' | 'stuck' | 'settle'>
type Page = Pick<StatusPage, 'attach' | typeof Symbol.asyncDispose>

/** Resolves once it announces, or waits for its health check or its election. */
export async function announce(
  { options, given, warnings }: Configuration,
  env: NodeJS.ProcessEnv,
  shutdown: Pick<Shutdown, 'handle'>,
  { makeLog, makeAgent, elect, serve }: typeof parts = parts,
): Promise<void> {
  const found = [...warnings, ...(await rehearse(options, given))]
  const interfaceName = interfaceFor(options, given, () => {}) // the agent logs what may be a mistake
  const hints = [...found, ...(await startWarnings(options, interfaceName))]
  const { log, output } = makeLog(options.logLevel)
  const page = await openPage()
  for (const hint of hints) log.warn({}, hint)
  const running = await start()
  const { agent, elected } = running
  const { probe } = running
  const label = labelWhile(agent, options.labelNode ? elected : undefined, log)
  attach(page, running, options, log) // before their first events, which come in microtasks
  const systemd = serviceManager(env, err => log.warn({ err }, 'systemd could not be notified'))
  shutdown.handle({
    timeLimit: stopTimeLimit(options),
    async stop(cause) {
      const reason = 'signal' in cause ? `got ${cause.signal}` : 'failed'
      const keepRecord = !('signal' in cause) // a supervisor will restart the program, which must not dial at once
      const stopped = agent.stop(`softspoken ${reason}`, { keepRecord }) // first, because it withdraws at once
      probe?.stop()
      systemd.stopping()
      log.info('signal' in cause ? cause : { reason }, 'withdrawing and stopping')
      await stopped
      await label?.stop()
      await page?.[Symbol.asyncDispose]()
      log.info({}, 'stopped')
      await output.settle()
      if (output.stuck) process.exit('signal' in cause ? exitCodes.ok : exitCodes.retryable) // Node would wait for the write
    },
    ignored: signal => log.info({ signal }, 'signal ignored'),
  })
  systemd.ready() // a router that does not answer yet is no reason to restart the program

  async function start(): Promise<ShownAgent> {
    try {
      const elected = electionOf(options) === undefined ? undefined : await elect(options, log)
      const own = agentOptions(options)
      log.info(startFields(options, own.announcer, interfaceName), 'starting')
      logChoices(options, interfaceName, elected, log)
      const health = healthOf(options, given)
      const kernelDeadline = own.kernelDeadline === true && linuxSupport().supported
      const running = {
        ...own,
        kernelDeadline,
        log,
        ...omitUndefined({ health: health?.gate, election: elected?.election }),
        ...(options.drainOnCordon && omitUndefined({ drainOnCordon: elected?.isCordoned })),
      }
      const apiServer = elected?.apiServer ?? health?.apiServer
      const agent = makeAgent(running)
      const shown = { agent, nodeName: nodeNameOf(options), ...omitUndefined({ elected, apiServer }) }
      return { ...shown, ...probeOf(options, shown, log) }
    } catch (error) {
      await page?.[Symbol.asyncDispose]()
      if (error instanceof VipHeldError) throw new RetryableError(error.message)
      throw toUsageError(error, given)
    }
  }
  /** It listens before a router is dialled. Its failure is a warning, because the route does not depend on it. */
  async function openPage(): Promise<Page | undefined> {
    if (options.http === undefined) return undefined
    try {
      return await serve(options.http, {
        ...{ log, droppedLines: () => output.dropped },
        ...omitUndefined({ hosts: options.httpHost }),
      })
    } catch (err) {
      log.warn({ err }, 'page failed')
      return undefined
    }
  }
}

/** Without `probePort` the status says that there is no probe. */
function probeOf(options: ProgramOptions, { agent, elected, nodeName }: ShownAgent, log: Logger) {
  if (!usesBgp(options)) return {}
  const routes = options.prefix.map(one => hostRoute(one))
  const { probePort: port } = options
  const probe =
    port === undefined || elected === undefined
      ? undefined
      : new VipProbe({
          ...{ vips: routes.map(({ address }) => address), port, nodeName, agent, log },
          lease: () => elected.requests.lease,
          leaseDuration: electionOptions(options).leaseDuration ?? profiles.default.leaseDuration,
        })
  const vips = () =>
    Object.fromEntries(routes.map(({ prefix, address }) => [prefix, probe?.status(address) ?? idle('off')]))
  return { vips, ...omitUndefined({ probe }) }
}

/** The role of an agent changes at the earliest after an answer of the API server. */
function labelWhile(agent: VipAgent, elected: Elected | undefined, log: Logger): NodeLabel | undefined {
  if (elected?.labelNode === undefined) return undefined
  const label = new NodeLabel({ write: elected.labelNode, clock: realTime, log })
  agent.on('role', ({ role }) => label.set(role === 'leader'))
  return label
}

function attach(page: Page | undefined, running: ShownAgent, options: ProgramOptions, log: Logger): void {
  try {
    const { nextHop, health, prefix } = options
    const shown = { ...(nextHop && { nextHop: nextHop.join(', ') }), ...preference(options) }
    page?.attach(running.agent.announcer ?? withoutBgp(running.agent, prefix), {
      gates: health === undefined ? {} : { [shownHealth(health)]: running.agent.health },
      routes: Object.fromEntries(prefix.map(one => [hostRoute(one).prefix, shown])),
      agent: running,
    })
  } catch (err) {
    log.warn({ err }, 'page failed')
  }
}
