/**
 * The values of a message in a form that every decoder can give. A judge reports the keys that it supports, null for a value
 * that is absent; only those keys are compared.
 */
import { isIPv6 } from 'node:net'
import { toHex } from '@softspoken/test-support/hex'
import {
  type Context,
  communityText,
  encodeCapability,
  familyByName,
  type Message,
  type Open,
  type Update,
} from '@softspoken/wire'

type Word = string | number | null | readonly (string | number)[]
export type Normal = Readonly<Record<string, Word>>

/** A message and its context. */
export interface Case {
  readonly bytes: Uint8Array
  readonly context: Context
  /** The message as the codec has it. */
  readonly message: Message
}

export interface Judgement {
  readonly verdict: 'accepts' | 'withdraws' | 'refuses'
  /** For a refusal: code and subcode, or a sentence. */
  readonly detail?: string
  /** What it has read, if it reports it. */
  readonly values?: Normal
}

export interface Judge {
  readonly name: string
  /** Lists are compared without their order, because the tool's report loses it. */
  readonly unordered?: boolean
  /** Judges all cases in one run. A string is returned if the judge is not installed: what is missing. */
  judge(cases: readonly Case[]): Promise<readonly Judgement[] | string>
}

export function normal(message: Message, context: Context): Normal {
  switch (message.type) {
    case 'open':
      return openNormal(message)
    case 'update':
      return updateNormal(message, context)
    case 'notification':
      return { type: 'notification', code: message.code, subcode: message.subcode, data: toHex(message.data) }
    case 'keepalive':
      return { type: 'keepalive' }
    case 'route-refresh':
      return { type: 'route-refresh', afi: message.afi, safi: message.safi, subtype: message.subtype }
  }
}

function openNormal({ version, as, holdTime, id, capabilities }: Open): Normal {
  const each = capabilities.map(capability => {
    const bytes = encodeCapability(capability)
    return { code: bytes[0] ?? 0, value: toHex(bytes.subarray(2)) }
  })
  return {
    type: 'open',
    version,
    as: trans(as),
    holdTime,
    id,
    capabilities: each.map(({ code, value }) => `${code}:${value}`),
    // For decoders that keep one value for each code, or only the codes.
    codes: each.map(({ code }) => code),
    codesOnce: [...new Set(each.map(({ code }) => code))].sort((a, b) => a - b),
    multiprotocol: each.filter(({ code }) => code === 1).map(({ value }) => value),
    fourOctetAs: capabilities.find(({ name }) => name === 'four-octet-as') === undefined ? null : as,
  }
}

const origins = { igp: 0, egp: 1, incomplete: 2 } as const
const segments = { set: 1, sequence: 2, 'confed-sequence': 3, 'confed-set': 4 } as const

function updateNormal({ withdrawn, attributes, announced }: Update, { fourOctetAs }: Context): Normal {
  const { mpReach, mpUnreach, asPath } = attributes
  const reach = mpReach && mpReach.family !== 'other' ? mpReach : undefined
  const unreach = mpUnreach && mpUnreach.family !== 'other' ? mpUnreach : undefined
  const width = (as: number): number => (fourOctetAs ? as : trans(as))
  const path = asPath?.map(({ type, as }) => ({ type: segments[type], as: as.map(width) }))
  const of = (type: number): readonly number[] | null =>
    path ? path.filter(segment => segment.type === type).flatMap(({ as }) => as) : null
  return {
    type: 'update',
    withdrawn: withdrawn.map(prefixText),
    announced: announced.map(prefixText),
    unreachFamily: mpUnreach ? familyText(mpUnreach) : null,
    reachFamily: mpReach ? familyText(mpReach) : null,
    // Routes of a family that is not modelled are octets, so they are not compared.
    ...(mpUnreach?.family !== 'other' && { unreach: unreach ? unreach.withdrawn.map(prefixText) : null }),
    ...(mpReach?.family !== 'other' && {
      reach: reach ? reach.announced.map(prefixText) : null,
      reachNextHop: reach ? reach.nextHop.map(addressText) : null,
    }),
    allWithdrawn: [...withdrawn, ...(unreach?.withdrawn ?? [])].map(prefixText),
    allAnnounced: [...announced, ...(reach?.announced ?? [])].map(prefixText),
    origin: attributes.origin === undefined ? null : origins[attributes.origin],
    asPath: path ? path.map(({ type, as }) => `${type}:${as.join(' ')}`) : null,
    asSet: of(1),
    asSequence: of(2),
    asConfedSequence: of(3),
    asConfedSet: of(4),
    nextHop: attributes.nextHop ?? null,
    med: attributes.med ?? null,
    localPref: attributes.localPref ?? null,
    atomicAggregate: attributes.atomicAggregate ? 1 : null,
    aggregator: attributes.aggregator ? `${width(attributes.aggregator.as)} ${attributes.aggregator.address}` : null,
    originatorId: attributes.originatorId ?? null,
    clusterList: attributes.clusterList ?? null,
    communities: attributes.communities?.map(communityText) ?? null,
    largeCommunities: attributes.largeCommunities ?? null,
  }
}

/** The AS number in two octets: AS_TRANS if it does not fit (RFC 6793 §4.2.2). */
function trans(as: number): number {
  return as > 0xffff ? 23456 : as
}
function familyText(mp: NonNullable<Update['attributes']['mpReach' | 'mpUnreach']>): string {
  const { afi, safi } = mp.family === 'other' ? mp : familyByName[mp.family]
  return `${afi}/${safi}`
}

/** The address in the form that a URL has, so that equal addresses are equal strings. */
export function addressText(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}
export function prefixText(prefix: string): string {
  const [address = '', rest = ''] = prefix.split('/')
  return `${addressText(address)}/${rest}`
}
