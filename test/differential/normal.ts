/**
 * What a message says, in words that every decoder has. A judge reports the keys that it has, null where there is
 * nothing; only those are compared.
 */
import { isIPv6 } from 'node:net'
import { toHex } from '@softspoken/test-support/hex'
import { type Context, encodeCapability, familyByName, type Message, type Open, type Update } from '@softspoken/wire'

type Word = string | number | null | readonly (string | number)[]
export type Normal = Readonly<Record<string, Word>>

/** A message, and how it is to be read. */
export interface Case {
  readonly bytes: Uint8Array
  readonly context: Context
  /** What we say it says. */
  readonly message: Message
}

export interface Judgement {
  readonly verdict: 'accepts' | 'withdraws' | 'refuses'
  /** For a refusal: code and subcode, or a sentence. */
  readonly why?: string
  readonly says?: Normal
}

export interface Judge {
  readonly name: string
  /** A list in another order is the same: the tool's report loses the order. */
  readonly unordered?: boolean
  /** Judges all of them in one run. A string says what is missing on this machine. */
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
    // What a decoder keeps that has one value to a code, or only names codes.
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
    // What octets of another family mean is not for us to say.
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
    communities: attributes.communities ?? null,
    largeCommunities: attributes.largeCommunities ?? null,
  }
}

/** What stands where two octets have no room (RFC 6793 §4.2.2). */
function trans(as: number): number {
  return as > 0xffff ? 23456 : as
}
function familyText(mp: NonNullable<Update['attributes']['mpReach' | 'mpUnreach']>): string {
  const { afi, safi } = mp.family === 'other' ? mp : familyByName[mp.family]
  return `${afi}/${safi}`
}

/** An address in the one way that URLs are written. */
export function addressText(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address
}
export function prefixText(prefix: string): string {
  const [address = '', rest = ''] = prefix.split('/')
  return `${addressText(address)}/${rest}`
}
