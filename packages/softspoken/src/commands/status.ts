/** `softspoken status`: asks a running program at /status. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { notAllowed, RetryableError, UsageError } from '../config/usage-error.ts'
import { type StatusReport, statusText } from './status-text.ts'

/**
 * Asks the program that serves at this address and port, such as 127.0.0.1:9179, also as a URL. Returns its answer as text
 * for people, or with `json` as it is.
 * @throws UsageError for a wrong address; RetryableError if nothing answers within 5 s, or something else answers.
 */
export async function status(given: string, { json = false } = {}): Promise<string> {
  const address = given.replace(/^http:\/\//i, '').replace(/\/(status)?$/, '')
  const answer = await ask(placeOf(address, given), address)
  if (answer.code === 503 && answer.body.includes('the program is starting'))
    throw new RetryableError(`status: the program at ${address} is starting`)
  const report = answer.code === 200 ? parse(answer.body) : undefined
  const shown = isReport(report) ? textOf(report) : undefined
  if (shown === undefined) throw new RetryableError(`status: the server at ${address} is not softspoken`)
  return json ? answer.body : shown
}

interface Place {
  readonly host: string
  readonly port: number
}

/** Not by URL, which has no place for the interface of a link-local address. @throws UsageError */
function placeOf(address: string, given: string): Place {
  // Behind an @ it may hold a password.
  const [, bracketed, name, digits] = /^(?:\[([^\]]+)\]|([^\s:/?#@[\]]+)):(\d+)$/.exec(address) ?? []
  const [host = name ?? '', port] = [bracketed, Number(digits)]
  if (host === '' || !(port > 0 && port <= 65_535) || (bracketed !== undefined && isIP(bracketed) !== 6))
    throw notAllowed('status', given, 'an address and a port, such as 127.0.0.1:9179')
  if (/^fe[89ab].*:/i.test(host) && !host.includes('%'))
    throw new UsageError('status: a link-local address needs its interface, such as [fe80::1%eth0]:9179')
  return { host, port }
}

/** Undefined if a part has another shape than ours. */
function textOf(report: StatusReport): string | undefined {
  try {
    return statusText(report)
  } catch {
    return undefined
  }
}

/** Not with fetch, which refuses some ports with "bad port". */
async function ask(
  place: Place,
  address: string,
): Promise<{ readonly code: number | undefined; readonly body: string }> {
  const signal = AbortSignal.timeout(5000)
  try {
    const headers = { host: address.replace(/%[^\]]*/, '') } // the interface is known here alone (RFC 6874 §3)
    const request = get({ ...place, path: '/status', headers, signal })
    const ends = ['response', 'upgrade'].map(event => once(request, event))
    const [response, socket] = (await Promise.race(ends)) as [IncomingMessage, Socket?]
    socket?.destroy() // it has changed to another protocol, so there is no body
    return { code: response.statusCode, body: socket ? '' : await beginningOf(response) }
  } catch (error) {
    const detail = signal.aborted ? 'no whole answer within 5 s' : detailOf(error)
    const hint = `does a program run there with --http ${address}, or SOFTSPOKEN_HTTP?`
    throw new RetryableError(`status: no answer from ${address}: ${detail}; ${hint}`, { cause: error })
  }
}
function detailOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if (error.message === 'aborted') return 'the connection ended in the middle of the answer'
  return 'code' in error && `${error.code}`.startsWith('HPE_') ? 'the answer is not HTTP' : error.message
}

/** Longer than each answer of ours; what follows is not read. */
const MAX_BODY = 1 << 23
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_BODY) break
  }
  return Buffer.concat(chunks).toString()
}
function parse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
function isReport(value: unknown): value is StatusReport {
  const parts = ['verdict', 'announcements', 'withheld', 'leases', 'peers', 'health', 'advertised']
  if (typeof value !== 'object' || value === null || !parts.every(part => part in value)) return false
  const { verdict, version, uptime } = value as Partial<StatusReport>
  const words = [verdict?.headline, verdict?.detail, version]
  return words.every(word => typeof word === 'string') && typeof uptime === 'number'
}
