/** Defaults and argument checks, nothing else. docs/defaults.md is tested against the table. */
import { type Address, type Family, families, parseAddress } from '@softspoken/wire'
import type { BackOff } from './backoff.ts'

/** One row per number that may be set, in seconds. `ours` is what no RFC says; docs/defaults.md says why. */
export const settings = {
  holdTime: { default: 90, min: 9, max: 65535, reference: 'RFC 4271 §4.2, §10' },
  connectTimeout: { default: 10, min: 5, max: 120, reference: 'ours' },
  firstDialDelay: { default: 0, min: 0, max: 60, reference: 'ours' },
  'backOff.floor': { default: 5, min: 1, max: 3600, reference: 'ours' },
  'backOff.transportCap': { default: 120, min: 30, max: 3600, reference: 'RFC 4271 §10' },
  'backOff.protocolFirst': { default: 60, min: 30, max: 3600, reference: 'ours' },
  'backOff.operator': { default: 300, min: 60, max: 3600, reference: 'RFC 4486' },
  'backOff.forgetAfter': { default: 300, min: 60, max: 3600, reference: 'ours' },
} as const

/** Who we are to this peer. */
export interface Local {
  /** AS number, 1 to 4294967295 (RFC 6793). */
  as: number
  /** BGP Identifier, written as an IPv4 address; unique within the AS (RFC 6286). */
  id: Address
  /** The address to dial from. Default: the system's choice. */
  address?: Address
}

/** The router. */
export interface Peer {
  as: number
  address: Address
  /** Default 179. */
  port?: number
}

/** What a session may be told. An unknown name or a value out of bounds throws. */
export interface Settings {
  local: Local
  peer: Peer
  /** Wait for the peer to connect, through a Listener, and never dial (RFC 4271 §8.1.1, PassiveTcpEstablishment). Default false. */
  passive?: boolean
  /** Families to offer (RFC 4760 §8). Default: unicast of the family of the peer's address. */
  families?: readonly Family[]
  /** Seconds we propose; the smaller of both sides' counts. Default 90; 9 to 65535 (RFC 4271 §4.2). */
  holdTime?: number
  /** Lets holdTime go down to 3. A busy process then loses its session over a short stall. Default false. */
  allowAggressiveTimers?: boolean
  /** Accept a peer that proposes 0. A dead peer is then never noticed. Default false. */
  allowZeroHoldTime?: boolean
  /** Seconds until a dial without an answer is given up. Default 10; 5 to 120. */
  connectTimeout?: number
  /** Seconds from start() to the first dial. Default 0; 0 to 60. */
  firstDialDelay?: number
  /** How rarely to dial; see BackOff. Each may be made slower, none can be switched off. */
  backOff?: Partial<BackOff>
}

/** The same with every default filled in. */
export interface Config {
  readonly local: { readonly as: number; readonly id: Address; readonly address: Address | undefined }
  readonly peer: { readonly as: number; readonly address: Address; readonly port: number }
  readonly passive: boolean
  readonly families: readonly Family[]
  readonly holdTime: number
  readonly allowZeroHoldTime: boolean
  readonly connectTimeout: number
  readonly firstDialDelay: number
  readonly backOff: BackOff
}

/** @throws RangeError or TypeError naming the setting, the value and what is allowed. */
export function configure(given: Settings): Config {
  only(given, settingNames, '')
  const { local, peer, passive = false, allowAggressiveTimers = false, allowZeroHoldTime = false } = given
  only(local, ['as', 'id', 'address'], 'local.')
  only(peer, ['as', 'address', 'port'], 'peer.')
  for (const [name, value] of Object.entries({ passive, allowAggressiveTimers, allowZeroHoldTime }))
    if (typeof value !== 'boolean') throw new TypeError(`${name}: ${value} is not allowed, it must be true or false`)
  const octets = parseAddress(peer.address, 'peer.address').length
  const id = parseAddress(local.id, 'local.id')
  if (id.length !== 4 || local.id === '0.0.0.0')
    throw new RangeError(
      `local.id: '${local.id}' is not allowed, it must be written as an IPv4 address and not be 0.0.0.0`,
    )
  if (local.address !== undefined && parseAddress(local.address, 'local.address').length !== octets)
    throw new RangeError(
      `local.address: '${local.address}' is not allowed, it must be of the family of ${peer.address}`,
    )
  const { backOff = {} } = given
  only(backOff, ['floor', 'transportCap', 'protocolFirst', 'operator', 'forgetAfter'], 'backOff.')
  return {
    local: { as: asNumber(local.as, 'local.as'), id: local.id, address: local.address },
    peer: {
      as: asNumber(peer.as, 'peer.as'),
      address: peer.address,
      port: between(whole(peer.port ?? 179, 'peer.port'), 1, 65535, 'peer.port'),
    },
    passive,
    families: familyList(given.families ?? [octets === 4 ? 'ipv4-unicast' : 'ipv6-unicast']),
    holdTime: setting('holdTime', given.holdTime, allowAggressiveTimers ? 3 : undefined),
    allowZeroHoldTime,
    connectTimeout: setting('connectTimeout', given.connectTimeout),
    firstDialDelay: setting('firstDialDelay', given.firstDialDelay),
    backOff: {
      floor: setting('backOff.floor', backOff.floor),
      transportCap: setting('backOff.transportCap', backOff.transportCap),
      protocolFirst: setting('backOff.protocolFirst', backOff.protocolFirst),
      operator: setting('backOff.operator', backOff.operator),
      forgetAfter: setting('backOff.forgetAfter', backOff.forgetAfter),
    },
  }
}

/** Every setting there is. */
export const settingNames: readonly (keyof Settings)[] = [
  'local',
  'peer',
  'passive',
  'families',
  'holdTime',
  'allowAggressiveTimers',
  'allowZeroHoldTime',
  'connectTimeout',
  'firstDialDelay',
  'backOff',
]

/** A name that nobody reads is a setting that silently does nothing: refused. */
export function only(given: object, names: readonly string[], where: string): void {
  if (typeof given !== 'object' || given === null)
    throw new TypeError(
      `${where.slice(0, -1) || 'options'}: ${given} is not allowed, it must be an object with ${names.join(', ')}`,
    )
  for (const name of Object.keys(given))
    if (!names.includes(name)) throw new TypeError(`${where}${name}: no such setting, there are ${names.join(', ')}`)
}

function setting(name: keyof typeof settings, value: number | undefined, min: number = settings[name].min): number {
  const row = settings[name]
  const number = value ?? row.default
  if (name === 'holdTime' && !Number.isInteger(number))
    throw new RangeError(`holdTime: ${number} is not allowed, it must be whole seconds`)
  return between(number, min, row.max, name, ' seconds')
}
function asNumber(value: number, name: string): number {
  return between(whole(value, name), 1, 0xffffffff, name)
}
function whole(value: number, name: string): number {
  if (!Number.isInteger(value)) throw new RangeError(`${name}: ${value} is not allowed, it must be a whole number`)
  return value
}
function between(value: number, min: number, max: number, name: string, unit = ''): number {
  if (!(typeof value === 'number' && value >= min && value <= max))
    throw new RangeError(`${name}: ${value} is not allowed, it must be from ${min} to ${max}${unit}`)
  return value
}
function familyList(list: readonly Family[]): readonly Family[] {
  if (!Array.isArray(list) || list.length === 0 || list.some(family => !Object.hasOwn(families, family)))
    throw new RangeError(`families: '${list}' is not allowed, it must be a list of ${Object.keys(families).join(', ')}`)
  return [...new Set(list)]
}
