/**
 * Embeds the VIP agent with an election of its own: a file names the leader, and an operator or another program writes it.
 * With --lease it uses the library's election over a directory, and with neither flag every healthy node announces.
 *
 * SIGTERM, SIGINT and SIGHUP end it gracefully, a second one at once. Exit codes: 0 after that, 2 if a flag is wrong, 1 if
 * anything fails later.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Election, leaseDirectory, leaseElection, OptionError, runAgent } from '@softspoken/vip-agent'
import { agentOptions, flagOf, help, readFlags } from './flags.ts'
import { jsonLog } from './json-log.ts'

const ending = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => ending.abort())

try {
  const flags = readFlags(process.argv.slice(2))
  if (flags === 'help') console.log(help)
  else {
    const options = { ...agentOptions(flags), log: jsonLog() }
    const election = chooseElection(flags)
    await runAgent(election ? { ...options, election } : options, ending.signal)
  }
} catch (error) {
  process.exitCode = error instanceof OptionError ? 2 : 1
  console.error(error instanceof OptionError ? sentence(error) : error)
}

function chooseElection(flags: ReadonlyMap<string, string>): Election | undefined {
  const [routerId = '', lease, file] = [flags.get('router-id'), flags.get('lease'), flags.get('leader-file')]
  const duration = Number(flags.get('lease-ttl') ?? 5)
  const parts = { leaseDuration: duration, renewDeadline: (3 / 5) * duration, retryPeriod: duration / 5 }
  if (lease !== undefined) return leaseElection(leaseDirectory(lease), { identity: routerId, ...parts })
  return file === undefined ? undefined : leaderFile(file, routerId)
}

/**
 * An election in one file with one line: an epoch and the router ID of the leader, such as `7 10.0.5.11`. The writer of
 * the file must raise the epoch with each new leader. If the file is missing or has another text, no node leads.
 */
function leaderFile(path: string, routerId: string): Election {
  return {
    async *campaign(signal) {
      while (!signal.aborted) {
        const until = performance.now() + 5000 // the route is withdrawn if reading the file hangs for so long
        const line = await readFile(path, 'utf8').catch(() => '')
        const [, epoch, leader] = /^(\d{1,6}) (\S+)\s*$/.exec(line) ?? []
        yield leader === routerId ? { leader: true, epoch: Number(epoch), until } : { leader: false }
        await sleep(1000, undefined, { signal }).catch(() => {}) // the signal was aborted
      }
      // Nothing is given up here, because the file decides which node leads. An election with a lock would release it here.
    },
  }
}

/** An error of the library has the name of its option. It is replaced by the flag, which the user knows. */
function sentence({ option, message }: OptionError): string {
  const flag = flagOf(option)
  return flag === undefined ? message : message.replace(option, `--${flag}`)
}
