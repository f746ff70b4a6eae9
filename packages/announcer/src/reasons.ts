/** Why a route is withheld, was withdrawn or cannot be sent, and why a health gate is down. One row per code makes its sentence. */
import type { Address, Family, Prefix } from '@softspoken/wire'

/** `reason` is for programs, `detail` is the sentence for people that is made from it. */
export interface Explanation<reason extends string> {
  readonly reason: reason
  readonly detail: string
}

/** Why a gate withholds a route: the service is unhealthy, or another reason that its detail gives. */
export type GateReason = 'unhealthy' | 'gate-down'
/** Why a route that was announced, and not withdrawn, is not advertised now. */
export type WithheldReason = GateReason | 'lease-expired'
/** Why a route stopped being advertised. */
export type WithdrawnReason = WithheldReason | 'withdraw-called' | 'signal-aborted' | 'draining'
/** Why a route cannot be sent to a peer. */
export type UnsendableReason =
  | 'family-not-configured'
  | 'family-not-negotiated'
  | 'no-address-of-family'
  | 'local-address-unknown'
  | 'interface-unknown'
  | 'interface-has-no-address'
  | 'next-hop-of-another-family'
  | 'next-hop-is-announced'
  | 'next-hop-is-peer'
  | 'next-hop-is-no-host'
  | 'send-failed'
/** Why a health gate is down. */
export type HealthDownReason =
  | 'not-checked'
  | 'check-failed'
  | 'misconfigured'
  | 'check-timeout'
  | 'result-expired'
  | 'held-down'
  | 'stopped'

type Details<reason extends string> = Readonly<Record<reason, (...mentioned: never[]) => string>>

const withheldDetails = {
  'lease-expired': (seconds: number) => `the lease of ${seconds} s ran out`,
  unhealthy: (gate: string) => `health: ${gate}`,
  'gate-down': (gate: string) => gate,
} satisfies Details<WithheldReason>

const withdrawnDetails = {
  ...withheldDetails,
  'withdraw-called': () => 'withdraw() was called',
  'signal-aborted': () => 'the signal was aborted',
  draining: () => 'the announcer drains',
} satisfies Details<WithdrawnReason>

const unsendableDetails = {
  'family-not-configured': (peer: Address, families: readonly Family[], family: Family) =>
    `the session with ${peer} is for ${families.join(' and ')} alone: give the option families with ${family} in it`,
  'family-not-negotiated': (family: Family) =>
    `the peer does not take ${family} routes: check the families that the router has for us`,
  'no-address-of-family': (peer: Address, family: string) =>
    `the session with ${peer} has no ${family} address of its own`,
  'local-address-unknown': () => "the session's own address is not known, nextHop must be given",
  'interface-unknown': (address: Address) =>
    `the session's own address ${address} is link-local and its interface is not known, nextHop must be given`,
  'interface-has-no-address': (address: Address, device: string, kind: string) =>
    `the session's own address ${address} is link-local and its interface ${device} has no ${kind} address, nextHop must be given`,
  'next-hop-of-another-family': (nextHop: Address, prefix: Prefix) =>
    `${nextHop} is not of the family of ${prefix}${nextHop.includes(':') ? ', and IPv6 next hops for IPv4 are not negotiated (RFC 8950)' : ''}`,
  'next-hop-is-announced': (nextHop: Address) => `${nextHop} is the address that is announced`,
  'next-hop-is-peer': (nextHop: Address) => `${nextHop} is the peer's own address (RFC 4271 §5.1.3)`,
  'next-hop-is-no-host': (nextHop: Address) => `${nextHop} is no host's address`,
  'send-failed': (error: string) => error,
} satisfies Details<UnsendableReason>

const downDetails = {
  'not-checked': () => 'no check has passed yet',
  'check-failed': failed,
  misconfigured: failed,
  'check-timeout': (seconds: number, checks: number) => `no answer within ${seconds} s${inARow(checks)}`,
  'result-expired': (seconds: number) => `no check has ended for ${seconds} s`,
  'held-down': (until: string) => `held down until ${until}`,
  stopped: () => 'the health gate was stopped',
} satisfies Details<HealthDownReason>
function failed(error: string, checks: number): string {
  return `${error}${inARow(checks)}`
}
function inARow(checks: number): string {
  return checks > 1 ? ` (${checks} checks in a row)` : ''
}

/** All of them, for the metrics. */
export const withdrawnReasons = Object.keys(withdrawnDetails) as readonly WithdrawnReason[] // the keys of the table

export const withheldReason = reasonsOf(withheldDetails)
export const withdrawnReason = reasonsOf(withdrawnDetails)
export const unsendableReason = reasonsOf(unsendableDetails)
export const healthDownReason = reasonsOf(downDetails)

/** A function that makes a reason and its sentence from a row's name and what its sentence mentions. */
function reasonsOf<rows extends Record<string, (...mentioned: never[]) => string>>(table: rows) {
  return <reason extends keyof rows & string>(
    reason: reason,
    ...mentioned: Parameters<rows[reason]>
  ): Explanation<keyof rows & string> => ({ reason, detail: table[reason]!(...mentioned) }) // each row has a sentence
}
