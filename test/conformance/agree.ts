/** Compares what the codec makes of a vector with the vector's expectation. A difference is a sentence; undefined is none. */

import { plain, toHex } from '@softspoken/test-support/hex'
import type { Vector } from '@softspoken/test-support/vectors'
import {
  type Attributes,
  type Capability,
  type Context,
  communityText,
  Decoder,
  encode,
  encodeCapability,
  type Family,
  type Message,
  type Result,
  type Update,
} from '@softspoken/wire'
import {
  isCanonicalAttribute,
  isCanonicalOpen,
  isCanonicalUpdate,
  rawAttributes,
  withoutReserved,
} from './canonical.ts'

export interface Reading {
  readonly disagreement: string | undefined
  /** Code and subcode, `3/1`, if decode() returned a NOTIFICATION. */
  readonly answer: string | undefined
  /** encode() returned the same octets. It must, if they are canonical. */
  readonly identical: boolean
}

/**
 * Reads a vector. If the vector does not give the width of its AS numbers, one of both readings has to agree. If it does not
 * give the kind of peer, the peer is internal.
 */
export function read(vector: Vector): Reading {
  const widths = vector.as4 === null ? [true, false] : [vector.as4]
  const readings = widths.map(fourOctetAs => readAs(vector, contextOf(vector, fourOctetAs)))
  return readings.find(({ disagreement }) => disagreement === undefined) ?? readings[0]! // there is at least one width
}

export function contextOf({ peer, addpath }: Vector, fourOctetAs: boolean): Context {
  const everyFamily = Object.keys(numbers) as Family[] // its keys are the families
  return { fourOctetAs, external: peer === 'ebgp', extendedMessage: false, addPath: addpath ? everyFamily : [] }
}

function readAs(vector: Vector, context: Context): Reading {
  const [result] = new Decoder(context).push(vector.bytes)
  const answer = result && !result.ok ? `${result.notification.code}/${result.notification.subcode}` : undefined
  const disagreement = differences(vector, result, context)
  const identical = result?.ok === true && toHex(encode(result.value, context)) === toHex(vector.bytes)
  return { disagreement, answer, identical }
}

function differences(vector: Vector, result: Result<Message> | undefined, context: Context): string | undefined {
  const { expect, layer } = vector
  if (layer === 'framing') return result === undefined ? undefined : 'want nothing yet'
  if (expect.ok === null) return undefined // not scored
  if (result === undefined) return 'got nothing yet'
  const outcome = outcomeOf(result)
  if (expect.ok) {
    if (!result.ok) return `want accept, got ${outcome} ${result.notification.code}/${result.notification.subcode}`
    if (outcome !== 'accept') return `want accept, got ${outcome}`
    return values(vector, result.value) ?? formOfOurs(vector, result.value, context)
  }
  if (outcome === 'accept') return `want ${expect.outcome ?? 'an error'}, got accept`
  if (expect.outcome !== null && expect.outcome !== outcome) return `want ${expect.outcome}, got ${outcome}`
  if (result.ok || expect.error === null) return undefined
  const { code, subcode } = result.notification
  const same = [expect.error, ...(expect.error_any ?? [])].some(([c, s]) => c === code && s === subcode)
  return same ? undefined : `want ${expect.error.join('/')}, got ${code}/${subcode}`
}

function outcomeOf(result: Result<Message>): string {
  if (!result.ok) return 'session-reset'
  const issues = result.value.type === 'update' ? (result.value.issues ?? []) : []
  if (issues.length === 0) return 'accept'
  return issues.some(({ handling }) => handling === 'treat-as-withdraw') ? 'treat-as-withdraw' : 'attribute-discard'
}

// ---- values

/** Compares the fields of the message with those of the vector. */
function values({ expect, kind }: Vector, message: Message): string | undefined {
  const wanted = expect.decoded
  if (wanted === null) return undefined
  if (message.type !== kind) return `want ${kind}, got ${message.type}`
  switch (message.type) {
    case 'open': {
      const { version, as, holdTime, id } = message
      // `my_as` is the two-octet field; `as` is the AS number of the capability, if there is one (RFC 6793 §4.1).
      const capabilities = wanted.capabilities as readonly { code: number; hex: string }[]
      const four = capabilities.find(({ code, hex }) => code === 65 && hex.length === 8)
      return differ(
        { version, my_as: as, hold_time: holdTime, bgp_id: id, capabilities: message.capabilities.map(octetsOf) },
        {
          version: wanted.version,
          my_as: four ? Number.parseInt(four.hex, 16) : wanted.my_as,
          hold_time: wanted.hold_time,
          bgp_id: wanted.bgp_id,
          capabilities: capabilities.map(({ code, hex }) => [code, withoutReserved(code, hex)]),
        },
      )
    }
    case 'notification':
      return differ({ code: message.code, subcode: message.subcode, data: toHex(message.data) }, wanted)
    case 'route-refresh': {
      const { afi, safi, subtype, filters } = message
      return differ({ afi, safi, subtype, ...(filters && { orf_hex: toHex(filters) }) }, wanted)
    }
    case 'keepalive':
      return undefined
    case 'update': {
      const { withdrawn, announced } = message
      const { withdrawn: theirs, nlri, attrs } = wanted as { withdrawn: unknown; nlri: unknown; attrs: Named }
      return (
        differ({ withdrawn: withdrawn.map(route), nlri: announced.map(route) }, { withdrawn: theirs, nlri }) ??
        attributes(message, attrs ?? {})
      )
    }
  }
}

type Named = Readonly<Record<string, unknown>>

/** A route as the vectors have it: with ADD-PATH an object of path identifier and prefix. */
function route(prefix: string): unknown {
  const [plain, id] = prefix.split('#')
  return id === undefined ? plain : { path_id: Number(id), prefix: plain }
}

function octetsOf(capability: Capability): [code: number, hex: string] {
  const octets = encodeCapability(capability)
  return [octets[0]!, toHex(octets.subarray(2))] // a code, a length, a value
}

/**
 * The value of each attribute as the vectors have it. An attribute without a line here is compared by its octets: encode()
 * must return those that decode() was given.
 */
const named: Readonly<Record<string, (ours: Attributes) => unknown>> = {
  origin: ({ origin }) => origin && ['igp', 'egp', 'incomplete'].indexOf(origin),
  next_hop: ({ nextHop }) => nextHop,
  med: ({ med }) => med,
  local_pref: ({ localPref }) => localPref,
  atomic_aggregate: ({ atomicAggregate }) => atomicAggregate,
  aggregator: ({ aggregator }) => aggregator && { as: aggregator.as, ip: aggregator.address },
  communities: ({ communities }) => communities?.map(communityText),
  originator_id: ({ originatorId }) => originatorId,
  cluster_list: ({ clusterList }) => clusterList,
  ext_communities: ({ extendedCommunities }) => extendedCommunities,
  large_communities: ({ largeCommunities }) => largeCommunities,
  mp_reach({ mpReach }) {
    if (mpReach?.family !== 'other')
      return mpReach && { ...numbers[mpReach.family], next_hop: mpReach.nextHop, nlri: mpReach.announced.map(route) }
    const { afi, safi, nextHop, announced } = mpReach
    return { afi, safi, next_hop_hex: toHex(nextHop), nlri_hex: toHex(announced) }
  },
  mp_unreach({ mpUnreach }) {
    if (mpUnreach?.family !== 'other')
      return mpUnreach && { ...numbers[mpUnreach.family], withdrawn: mpUnreach.withdrawn.map(route) }
    return { afi: mpUnreach.afi, safi: mpUnreach.safi, withdrawn_hex: toHex(mpUnreach.withdrawn) }
  },
}
const numbers = {
  'ipv4-unicast': { afi: 1, safi: 1 },
  'ipv6-unicast': { afi: 2, safi: 1 },
  'ipv4-multicast': { afi: 1, safi: 2 },
  'ipv6-multicast': { afi: 2, safi: 2 },
}
const segmentNames = { sequence: 'seq', set: 'set', 'confed-sequence': 'confed_seq', 'confed-set': 'confed_set' }

function segments(path: Attributes['asPath']): unknown {
  return path?.map(({ type, as }) => [segmentNames[type], as])
}

/** The vector's paths merged, as a list of numbers: what AS_PATH has more than AS4_PATH, then AS4_PATH (RFC 6793 §4.2.3). */
function onePath({ as_path, as4_path }: Named): unknown {
  if (as4_path === undefined) return as_path
  const [path, path4] = [as_path, as4_path].map(path => (path as [string, number[]][]).flatMap(([, as]) => as))
  const extra = path!.length - path4!.length // there are two paths
  return extra < 0 ? path : [...path!.slice(0, extra), ...path4!]
}

function attributes({ attributes: ours }: Update, theirs: Named): string | undefined {
  const path = theirs.as4_path === undefined ? segments(ours.asPath) : ours.asPath?.flatMap(({ as }) => as)
  const difference = differ({ as_path: path }, { as_path: onePath(theirs) })
  if (difference) return difference
  for (const [name, read] of Object.entries(named)) {
    const value = read(ours)
    const wanted = name === 'ext_communities' ? texts(theirs[name]) : comparable(theirs[name], value)
    const difference = wanted === octets ? undefined : differ({ [name]: value }, { [name]: wanted })
    if (difference) return difference
  }
  return undefined
}

/** The text of extended communities, made without the codec. */
export function texts(all: unknown): unknown {
  return (all as readonly string[] | undefined)?.map(digits => {
    const [type, kind] = [digits.slice(0, 2), digits.slice(2, 4)]
    const number = (from: number, to: number) => Number.parseInt(digits.slice(from, to), 16)
    const name = { '02': 'rt', '03': 'ro' }[kind]
    if (name && type === '00') return `${name}:${number(4, 8)}:${number(8, 16)}`
    if (name && type === '01')
      return `${name}:${digits.slice(4, 12).match(/../g)!.map(hexToNumber).join('.')}:${number(12, 16)}`
    if (name && type === '02') return `${name}:${number(4, 12)}${number(4, 12) > 65535 ? '' : 'L'}:${number(12, 16)}`
    if (type + kind === '4004') return `lb:${number(4, 8)}:${Buffer.from(digits, 'hex').readFloatBE(4)}`
    if (/^030b0000/.test(digits)) return `color:${number(8, 16)}`
    if (/^030c00000000/.test(digits)) return `encap:${number(12, 16)}`
    return `0x${digits}`
  })
}
const hexToNumber = (digits: string): number => Number.parseInt(digits, 16)

/** For a family that decode() keeps as octets and the vector has as routes: formOfOurs() compares the octets. */
const octets = Symbol('compare octets instead')

function comparable(theirs: unknown, ours: unknown): unknown {
  if (typeof theirs !== 'object' || theirs === null || typeof ours !== 'object' || ours === null) return theirs
  if ('afi' in ours && Object.keys(ours).some(key => key.endsWith('_hex') && !(key in theirs))) return octets
  const { next_hop_hex, ...rest } = theirs as Named // it repeats next_hop
  return 'next_hop' in rest ? rest : theirs
}

export function differ(ours: Named, theirs: Named): string | undefined {
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const [we, they] = [JSON.stringify(ours[key]), JSON.stringify(theirs[key])]
    if (we !== they && sorted(ours[key]) !== sorted(theirs[key])) return `${key}: want ${they}, got ${we}`
  }
  return undefined
}
function sorted(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )
}

// ---- octets

/** What encode() makes of the decoded message: the same octets if they are canonical, and the same meaning in any case. */
function formOfOurs({ kind, bytes, expect }: Vector, message: Message, context: Context): string | undefined {
  const ours = encode(message, context)
  const canonical =
    kind === 'update' ? isCanonicalUpdate(bytes) : kind === 'open' ? isCanonicalOpen(bytes, expect.decoded) : true
  if (canonical && toHex(ours) !== toHex(bytes)) return `is canonical, and encoded as ${toHex(ours)}`
  const after = rawAttributes(ours)
  for (const attribute of rawAttributes(bytes)) {
    const same = after.find(({ code }) => code === attribute.code)
    if (same === undefined) return `attribute ${attribute.code} was lost`
    if (isCanonicalAttribute(attribute) && sorted(same) !== sorted(attribute))
      return `attribute ${attribute.code} is canonical, and encoded as ${same.value}`
  }
  if (after.length !== rawAttributes(bytes).length) return 'an attribute was added'
  const [again] = new Decoder(context).push(ours)
  if (!again?.ok) return 'decode() rejects what encode() returned'
  return meaning(again.value) === meaning(message) ? undefined : 'what encode() returned has another meaning'
}

/** For comparison: the unknown attributes sorted by code, as encode() writes them (RFC 4271 §5). */
function meaning(message: Message): string {
  if (message.type !== 'update' || !message.attributes.unknown) return sorted(plain(message))
  const { withdrawn, announced, attributes } = message
  const unknown = [...message.attributes.unknown].sort((a, b) => a.code - b.code)
  return sorted(plain({ withdrawn, announced, attributes: { ...attributes, unknown } }))
}
