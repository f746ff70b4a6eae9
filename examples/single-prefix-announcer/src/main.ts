/** Announces one host route until it is told to stop; then withdraws it, waits for the router, and says goodbye. */
import { Announcer, hostRoute } from '@softspoken/announcer'
import { CommanderError } from 'commander'
import { makeLog } from './log.ts'
import { inWordsOfOptions, type ProgramOptions, parseOptions, UsageError } from './options.ts'

const argv = process.argv.slice(2)
try {
  run(parseOptions(argv, process.env))
} catch (error) {
  if (error instanceof CommanderError)
    process.exitCode = error.exitCode // --help
  else if (error instanceof UsageError || error instanceof RangeError) {
    const { message } = error instanceof UsageError ? error : inWordsOfOptions(error, process.env, argv)
    process.stderr.write(`${message}\n`)
    process.exitCode = 2
  } else throw error
}

function run(options: ProgramOptions): void {
  const { prefix, localAs, routerId, peer, peerAs, port, localAddress, nextHop, med, community, logLevel } = options
  const { family } = hostRoute(prefix)
  const log = makeLog(logLevel)
  const announcer = new Announcer({
    local: { as: localAs, id: routerId, ...(localAddress !== undefined && { address: localAddress }) },
    peers: [{ as: peerAs, address: peer, ...(port !== undefined && { port }) }],
    families: [family],
    ...(nextHop !== undefined && { nextHop }),
    log,
  })
  try {
    announcer.announce(prefix, { ...(med !== undefined && { med }), ...(community && { communities: community }) })
  } catch (error) {
    void announcer.close() // nothing was sent, there is nobody to wait for
    throw error
  }
  log.info({ prefix, localAs, routerId, peer, peerAs }, 'announcing')
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, async () => {
      log.info({ signal }, 'withdrawing and closing')
      await announcer.close(`single-prefix-announcer got ${signal}`)
      log.info({}, 'closed')
    })
}
