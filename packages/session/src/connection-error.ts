/** What the operating system reports of a connection: the reason, and the sentence made from it. */
import type { SessionConfig } from './config.ts'
import { errorText } from './guard.ts'
import type { FailureReason } from './reasons.ts'
import { splitZone } from './socket-address.ts'

/** A reason and its sentence. */
export interface Explanation {
  readonly reason: FailureReason
  readonly detail: string
}

/** An error as Node reports it. */
type SystemError = Error & { readonly code?: string; readonly syscall?: string }

/** The reason for each error code of the operating system; any other is `error`. */
const reasonOf: Readonly<Record<string, FailureReason>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EMFILE: 'no-descriptor',
  ENFILE: 'no-descriptor',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'no-source-address',
  EAFNOSUPPORT: 'no-source-address',
  ENODEV: 'interface-missing',
}

/** Accepts any value: a connection may emit anything as an error, and an error of the caller's may throw when it is read. */
export function explainError(error: unknown, config: SessionConfig): Explanation {
  let reason: FailureReason = 'error'
  try {
    if (error instanceof Error) reason = exactReason(error, config)
  } catch {}
  return { reason, detail: sentences[reason]?.(config) ?? errorText(error) }
}

/** Two codes mean different things in different situations. */
function exactReason({ code = '', syscall = '' }: SystemError, { local }: SessionConfig): FailureReason {
  if (code === 'ETIMEDOUT' && (syscall === 'read' || syscall === 'write')) return 'unacknowledged' // TCP_USER_TIMEOUT
  if (code === 'EADDRNOTAVAIL' && local.address !== undefined) return 'local-address-missing'
  return (Object.hasOwn(reasonOf, code) && reasonOf[code]) || 'error'
}

const sentences: { readonly [reason in FailureReason]?: (config: SessionConfig) => string } = {
  refused: ({ peer }) => `connection refused by ${peer.address} port ${peer.port}`,
  reset: () => 'the peer reset the connection',
  'no-descriptor': () => 'no file descriptor is left for a connection',
  timeout: ({ peer }) => `no answer from ${peer.address} port ${peer.port}`,
  unacknowledged: () => 'the peer acknowledged nothing of ours in time',
  unreachable: ({ peer }) => `no route to ${peer.address}`,
  'local-address-missing': ({ local }) => `the local address ${local.address} is not on this host`,
  'no-source-address': ({ peer }) => `this host has no address for a connection to ${peer.address}`,
  'interface-missing': ({ local, peer, bindDevice }) =>
    `the interface ${bindDevice ?? splitZone(peer.address).zone ?? splitZone(local.address ?? '').zone} is not on this host`,
}
