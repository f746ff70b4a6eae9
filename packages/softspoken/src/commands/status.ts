/** `softspoken status`: what a running program reports at /status, as tables for a terminal. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { AnnouncerStatus, HealthStatus } from '@softspoken/announcer'
import { notAllowed, RetryableError } from '../config/usage-error.ts'
import type { AgentReport } from '../http/agent-report.ts'

/** The answer of /status, after JSON. */
export interface StatusReport extends Omit<AnnouncerStatus, 'peers'> {
  readonly peers: readonly (Omit<Peer, 'lastFailure' | 'queued'> & {
    /** Absent in an earlier version. */
    readonly queued?: Peer['queued']
    readonly lastFailure?: { readonly detail: string; readonly at: string; readonly hint?: string }
  })[]
  readonly health: Readonly<Record<string, HealthStatus>>
  /** Dates are text in JSON. Absent in an earlier version. */
  readonly agent?: Omit<AgentReport, 'election'> & { readonly election?: { readonly secondsSinceRenewal?: number } }
}

type Agent = NonNullable<StatusReport['agent']>
type Peer = AnnouncerStatus['peers'][number]
type QueuedChange = Peer['queued'][string]

/**
 * Asks the program that serves at this address and port, such as 127.0.0.1:9179, and returns the table.
 * @throws UsageError for a wrong address; RetryableError if nothing answers within 5 s, or something else answers.
 */
export async function status(address: string): Promise<string> {
  const url = `http://${address}/status`
  const allowed = 'an address and a port, such as 127.0.0.1:9179'
  if (!/:\d{1,5}$/.test(address) || !URL.canParse(url) || new URL(url).pathname !== '/status' || address.includes('@'))
    throw notAllowed('status', address, allowed) // behind an @ it may hold a password
  const report = await ask(new URL(url), address)
  if (!isReport(report)) throw new RetryableError(`status: the server at ${address} is not softspoken`)
  return statusTable(report)
}

/** Not with fetch, which refuses some ports with "bad port". */
async function ask(url: URL, address: string): Promise<unknown> {
  try {
    const [response] = (await once(get(url, { signal: AbortSignal.timeout(5000) }), 'response')) as [IncomingMessage]
    const body = await text(response)
    return response.statusCode === 200 ? JSON.parse(body) : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined // an answer, but no JSON
    const late = error instanceof Error && error.name === 'AbortError'
    const detail = late ? 'nothing within 5 s' : error instanceof Error ? error.message : error
    throw new RetryableError(`status: no answer from ${address}: ${detail}`, { cause: error })
  }
}
function isReport(value: unknown): value is StatusReport {
  const parts = ['announcements', 'withheld', 'leases', 'peers', 'health']
  return typeof value === 'object' && value !== null && parts.every(part => part in value)
}

/** A table each for routes, sessions and health. Problems are below their row. */
export function statusTable({ announcements, withheld, leases, peers, health, agent }: StatusReport): string {
  const receivers = (prefix: string) =>
    peers.filter(({ sent }) => sent.includes(prefix)).map(({ peer }) => peer.address)
  const isSegment = peers.length === 0 // ARP without BGP
  const routes = [...announcements, ...Object.keys(withheld)].map(prefix => ({
    cells: [
      prefix,
      withheld[prefix] !== undefined
        ? 'withheld'
        : isSegment
          ? 'claimed'
          : receivers(prefix).length > 0
            ? 'sent'
            : 'not sent',
      isSegment ? '' : receivers(prefix).join(', ') || 'no router',
      prefix in withheld ? '' : span(leases[prefix]),
    ],
    notes: [
      withheld[prefix]?.detail,
      ...peers.flatMap(({ peer, unsendable }) =>
        unsendable[prefix] === undefined ? [] : [`cannot be sent to ${peer.address}: ${unsendable[prefix].detail}`],
      ),
      ...peers.flatMap(({ peer, queued }) =>
        queued?.[prefix] === undefined ? [] : [`queued for ${peer.address}: ${change(queued[prefix])}`],
      ),
    ],
  }))
  const sessions = peers.map(({ peer, state, secondsInState, negotiated, nextDialIn, counters, lastFailure }) => ({
    cells: [
      peer.address,
      String(peer.as),
      state,
      span(secondsInState),
      span(negotiated?.holdTime),
      span(nextDialIn),
      String(counters.inTotalMessages),
      String(counters.outTotalMessages),
    ],
    notes: [
      lastFailure && `last failure, ${lastFailure.at}: ${lastFailure.detail}`,
      lastFailure?.hint && `hint: ${lastFailure.hint}`,
    ],
  }))
  const gates = Object.entries(health).map(([name, { up, secondsLeft, heldFor, detail }]) => ({
    cells: [name, up ? 'up' : 'down', span(secondsLeft), span(heldFor)],
    notes: [detail],
  }))
  return [
    table(agentHead, agent === undefined ? [] : [agentRow(agent)]),
    table(['route', 'state', 'to', 'valid for'], routes),
    table(['session with', 'AS', 'state', 'for', 'hold time', 'next dial in', 'received', 'sent'], sessions),
    table(['health', 'state', 'valid for', 'held down for'], gates),
  ]
    .filter(text => text !== '')
    .join('\n')
}

/** What changes when the advertisement interval allows it: `med 3 instead of 4, in 2 s`. */
function change({ sent, next, secondsLeft }: QueuedChange): string {
  const value = (attributes: object, name: string) =>
    name in attributes ? JSON.stringify(attributes[name as never]) : 'none'
  const names = Object.keys({ ...sent, ...next }).filter(name => value(sent, name) !== value(next, name))
  return `${names.map(name => `${name} ${value(next, name)} instead of ${value(sent, name)}`).join(', ')}, in ${span(secondsLeft)}`
}

const agentHead = ['node', 'mode', 'role', 'epoch', 'leader', 'address on', 'lease', 'since renewal', 'deadline in']
function agentRow({ nodeName, mode, role, epoch, holder, serves, leases, address, ...rest }: Agent): Row {
  const leader = role === 'leader' ? nodeName : (holder ?? '')
  const on = address.present ? (address.interface ?? 'this node') : 'no interface'
  const renewed = rest.election?.secondsSinceRenewal
  return {
    cells: [
      ...[nodeName, mode, role, epoch === undefined ? '' : String(epoch), leader],
      ...[on, span(leases.election), span(renewed), span(leases.kernelDeadline)],
    ],
    notes: [
      serves.detail && `does not serve: ${serves.detail}`,
      rest.arp?.blockedBy && `${rest.arp.blockedBy} has the VIP, which is not claimed`,
      rest.lastElectionFailure && `election: ${rest.lastElectionFailure.detail}`,
    ],
  }
}

interface Row {
  readonly cells: readonly string[]
  /** Problems; undefined ones are left out. */
  readonly notes: readonly (string | undefined)[]
}

/** Empty if there are no rows. A column is left out if it is empty in every row. */
function table(head: readonly string[], rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const columns = head.flatMap((_, at) => (rows.some(({ cells }) => cells[at] !== '') ? [at] : []))
  const widths = columns.map(at => Math.max(...[head, ...rows.map(({ cells }) => cells)].map(line => line[at]!.length))) // as many as the head
  const line = (cells: readonly string[]) =>
    columns
      .map((at, nth) => cells[at]!.padEnd(widths[nth]!))
      .join('  ')
      .trimEnd()
  const lines = rows.flatMap(({ cells, notes }) => [
    line(cells),
    ...notes.flatMap(note => (note === undefined ? [] : [`  ${note}`])),
  ])
  return [line(head.map(word => word.toUpperCase())), ...lines].map(text => `${withoutControls(text)}\n`).join('')
}

/** Some text comes from outside, and may have characters that control a terminal or reverse text. */
function withoutControls(text: string): string {
  return text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\ufffd')
}

function span(seconds: number | undefined): string {
  if (seconds === undefined) return ''
  const whole = Math.round(seconds)
  if (whole < 120) return `${whole} s`
  if (whole < 7200) return `${Math.floor(whole / 60)} min`
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h`
  return `${Math.floor(whole / 86_400)} d`
}
