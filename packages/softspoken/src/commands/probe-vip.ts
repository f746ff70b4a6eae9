/**
 * `softspoken check --vip <url>`: whether a VIP answers this host, which should be none of the nodes. BGP does not say whether the
 * router took the route (RFC 4271 has no acknowledgement); only an answer shows it.
 */
import { isIP } from 'node:net'
import { errorText } from '@softspoken/session/internal'
import { optionTable, type ProgramOptions } from '../config/options.ts'
import { notAllowed, UsageError } from '../config/usage-error.ts'
import { shownUrl } from '../health/shown-url.ts'
import { urlHealth } from '../health/url-check.ts'
import { attempt, connectTo } from '../probe/connect.ts'
import { hintsFor } from '../probe/hints.ts'
import { wayTo } from '../probe/way.ts'

/** Options of TLS, which are those of the health check. */
export type ProbeOptions = Pick<ProgramOptions, 'healthCa' | 'healthCert' | 'healthKey' | 'healthVerify'>

export interface Probe {
  readonly answers: boolean
  /** One line each, without a line end. */
  readonly lines: readonly string[]
}

const FLAG = '--vip'
const ALLOWED = 'a URL with a port, such as https://198.51.100.10:6443/readyz or tcp://198.51.100.10:6443'

/** What a test replaces. */
export const parts = { connectTo, wayTo, urlHealth }

/** `timeLimit`: seconds for the connection, and again for the answer. @throws UsageError */
export async function probeVip(
  text: string,
  options: ProbeOptions,
  timeLimit = 5,
  { connectTo, wayTo, urlHealth }: typeof parts = parts,
): Promise<Probe> {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const port = Number(url?.port || (url?.protocol === 'https:' ? 443 : url?.protocol === 'http:' ? 80 : 0))
  if (url === undefined || port === 0 || !isAsked(url)) throw notAllowed(FLAG, text, ALLOWED)
  const { check } = urlHealth(text, { prefix: [], logLevel: 'info', ...options }, placeOf)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const place = `${host} port ${port}`
  const isOwn = isIP(host) !== 0 && (await wayTo(host)) === 'here'
  const own = isOwn ? [`warning: this host has ${host} itself, and answers itself; ask from another host`] : []
  const { reason, detail } = await connectTo({ host, port }, AbortSignal.timeout(timeLimit * 1000), timeLimit)
  if (reason !== 'connected') {
    const hints = hintsFor(reason, host, port).map(hint => `hint: ${hint}`)
    return { answers: false, lines: [...own, `${place}: no, ${detail}`, ...hints] }
  }
  const lines = [...own, `${place}: yes, ${detail}`]
  if (url.protocol === 'tcp:') return { answers: true, lines }
  const { error, seconds } = await attempt(check, AbortSignal.timeout(timeLimit * 1000))
  if (error instanceof UsageError) throw error
  const answer =
    error === undefined ? `yes, answered after ${Math.round(seconds * 1000)} ms` : `no, ${detailOf(error, timeLimit)}`
  return { answers: error === undefined, lines: [...lines, `${shownUrl(text)}: ${answer}`] }
}

function isAsked({ protocol, pathname, username, password, search, hash }: URL): boolean {
  return protocol === 'tcp:'
    ? pathname.length < 2 && username + password + search + hash === ''
    : protocol === 'http:' || protocol === 'https:'
}

function placeOf(name: string): string {
  return name === 'health' ? FLAG : (optionTable.find(row => row.name === name)?.flag ?? name)
}
function detailOf(error: unknown, timeLimit: number): string {
  return (error as Error).name === 'TimeoutError' ? `no answer within ${timeLimit} s` : errorText(error)
}
