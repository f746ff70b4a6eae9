/** What `check` says about mode, election, address and API server. It reads, and changes nothing. */
import { errorText } from '@softspoken/session/internal'
import { linuxSupport, shownText } from '@softspoken/vip-agent/internal'
import { usesBgp } from '../config/bgp.ts'
import { checksApiServer, electionOf, electionOptions, modeOf, nodeNameOf } from '../config/election-options.ts'
import type { ProgramOptions } from '../config/options.ts'
import { apiServerHealth } from '../health/health-gate.ts'

/** Seconds that the API server has for each answer. */
const TIME_LIMIT = 5
/** Less its epoch, it is the MED of a leader. */
const MED_BASE = 1_000_000

const modes = {
  'all-nodes': 'every healthy node announces, with one MED',
  standby: 'every healthy node announces, the leader with the lowest MED',
  leader: 'the leader alone announces',
} as const

/** The MED of a standby; the leader's is lower by the epoch. */
export function standbyMed(options: ProgramOptions): { readonly med?: number } {
  return electionOf(options) === undefined ? {} : { med: MED_BASE }
}

export async function agentLines(options: ProgramOptions, interfaceName: string | undefined): Promise<string> {
  const mode = modeOf(options)
  const lines = [`Mode ${mode}: ${modes[mode]}`, ...(await electionLines(options))]
  if (checksApiServer(options)) lines.push(`Health: the API server ${await apiServerState(options)}`)
  lines.push(addressLine(options, interfaceName), deadlineLine(options))
  return lines.map(line => `${line}\n`).join('')
}

async function electionLines(options: ProgramOptions): Promise<readonly string[]> {
  if (electionOf(options) === undefined) return []
  const { elect } = await import('../election/elected.ts')
  const { store, name, apiServer } = elect(options)
  const { leaseDuration, renewDeadline, retryPeriod } = electionOptions(options)
  const durations = `lease ${leaseDuration} s, renew deadline ${renewDeadline} s, retry period ${retryPeriod} s`
  const lease = await stateOf(async signal => {
    const found = await store.get(signal)
    if (found === undefined) return 'does not exist yet'
    return `has ${found.holder === '' ? 'no holder' : `the holder ${shownText(found.holder)}`}, epoch ${found.epoch}`
  })
  const { server } = apiServer?.() ?? {}
  const at = server === undefined ? '' : ` at ${server}`
  return [
    `Election: this node campaigns as ${nodeNameOf(options)}; ${durations}`,
    `Lease: ${name}${at} ${lease}`,
    ...(usesBgp(options) ? [`MED: ${MED_BASE}, and less by the epoch while this node leads`] : []),
  ]
}

function apiServerState(options: ProgramOptions): Promise<string> {
  return stateOf(async signal => {
    await apiServerHealth(options).check(signal)
    return 'is ready'
  })
}

/** The answer, or why there is none now; the program itself would go on to ask. */
async function stateOf(ask: (signal: AbortSignal) => Promise<string>): Promise<string> {
  try {
    return await ask(AbortSignal.timeout(TIME_LIMIT * 1000))
  } catch (error) {
    return `cannot be read now: ${errorText(error)}`
  }
}

function addressLine({ prefix, requireAddress = true }: ProgramOptions, interfaceName: string | undefined): string {
  if (interfaceName !== undefined) return `Address: ${prefix.join(', ')} is added to ${interfaceName}`
  return requireAddress
    ? `Address: none is added; the route waits until an interface of this node has ${prefix.join(', ')}`
    : 'Address: none is added'
}

function deadlineLine({ kernelDeadline }: ProgramOptions): string {
  const support = linuxSupport()
  if (kernelDeadline === 'off') return 'Kernel deadline: off'
  return support.supported
    ? 'Kernel deadline: the kernel ends this process if it hangs or is stopped'
    : `Kernel deadline: off, ${support.detail}`
}
