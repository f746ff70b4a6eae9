/** One connection to a VIP, closed at once: for `softspoken check --vip`, and for the probes of a node that does not have the VIP. */
import { isIP } from 'node:net'
import { type Check, tcpCheck } from '@softspoken/announcer'
import { errorText } from '@softspoken/session/internal'
import { wayTo } from './way.ts'

/** `refused`: by a RST, or by an ICMP port unreachable, which Linux reports alike. `no-route`: this host has none. */
export type ConnectReason = 'connected' | 'refused' | 'timeout' | 'unreachable' | 'no-route' | 'not-found' | 'failed'

export interface ConnectResult {
  readonly reason: ConnectReason
  /** After `<VIP> port <port>: `. */
  readonly detail: string
  readonly seconds: number
}

/** In seconds. Within two, Linux sends three SYNs at most. */
export const TIME_LIMIT = 2

/** Never rejects. `signal` ends it at the time limit of the caller, which `timeLimit` names in seconds. */
export async function connectTo(
  { host, port }: { readonly host: string; readonly port: number },
  signal: AbortSignal,
  timeLimit: number,
  { check = tcpCheck as (place: { host: string; port: number }) => Check, now = () => performance.now() } = {},
): Promise<ConnectResult> {
  const { error, seconds } = await attempt(check({ host, port }), signal, now)
  if (error === undefined)
    return { reason: 'connected', detail: `connected after ${Math.round(seconds * 1000)} ms`, seconds }
  const reason = reasonOf(error)
  const detail = reason === 'timeout' ? `no answer within ${timeLimit} s` : errorText(error)
  const isLost = reason !== 'refused' && isIP(host) !== 0 && (await wayTo(host)) === 'none'
  return { reason: isLost ? 'no-route' : reason, detail, seconds }
}

/** How a check ended, and after how long. `error` is undefined if it passed. */
export async function attempt(
  check: Check,
  signal: AbortSignal,
  now = () => performance.now(),
): Promise<{ readonly error: unknown; readonly seconds: number }> {
  const start = now()
  const error = await check(signal).then(
    () => undefined,
    (error: unknown) => error ?? new Error('unknown'),
  )
  return { error, seconds: (now() - start) / 1000 }
}

const reasons: Readonly<Record<string, ConnectReason>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'timeout',
  ENOTFOUND: 'not-found',
  EAI_AGAIN: 'not-found',
}
function reasonOf(error: unknown): ConnectReason {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return name === 'TimeoutError' ? 'timeout' : (reasons[String(code)] ?? 'failed')
}
