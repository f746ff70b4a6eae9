/** Compares an UPDATE, or an OPEN, with the JSON that ExaBGP writes for it. */
import { plain, toHex } from '@softspoken/test-support/hex'
import {
  type Attributes,
  type Context,
  encode,
  encodeCapability,
  type Family,
  type Open,
  type RawAttribute,
  type Update,
} from '@softspoken/wire'
import { differ, texts } from '../agree.ts'

export interface TheirOpen {
  readonly version: number
  readonly asn: number
  readonly hold_time: number
  readonly router_id: string
  /** By code. */
  readonly capabilities: Readonly<Record<string, { readonly families?: readonly string[]; readonly software?: string }>>
}

export function openDiffers(ours: Open, theirs: TheirOpen): string | undefined {
  const { version, as, holdTime, id, capabilities } = ours
  const codes = capabilities.map(one => encodeCapability(one)[0])
  const software = capabilities.flatMap(one => (one.name === 'software-version' ? [one.version] : []))
  const families = capabilities.flatMap(one => (one.name === 'multiprotocol' ? [`${one.afi}/${one.safi}`] : []))
  const listed = Object.values(theirs.capabilities)
  return differ(
    { version, as, holdTime, id, codes, software, families },
    {
      version: theirs.version,
      as: theirs.asn,
      holdTime: theirs.hold_time,
      id: theirs.router_id,
      codes: Object.keys(theirs.capabilities).map(Number),
      software: listed.flatMap(({ software = [] }) => software),
      families: listed.flatMap(one => one.families ?? []).map(name => familyNumbers[name] ?? name),
    },
  )
}
const familyNumbers: Readonly<Record<string, string>> = { 'ipv4/unicast': '1/1', 'ipv6/unicast': '2/1' }

type Route = { readonly nlri: string; readonly 'path-information'?: string }

export interface TheirUpdate {
  readonly attribute?: Readonly<Record<string, unknown>>
  /** By family, then by next hop. */
  readonly announce?: Readonly<Record<string, Readonly<Record<string, readonly Route[]>>>>
  readonly withdraw?: Readonly<Record<string, readonly Route[]>>
}

const families: Readonly<Record<string, Family>> = {
  'ipv4 unicast': 'ipv4-unicast',
  'ipv6 unicast': 'ipv6-unicast',
  'ipv4 multicast': 'ipv4-multicast',
  'ipv6 multicast': 'ipv6-multicast',
}

/** Whether the codec models the families of all routes. */
export function hasModelledRoutes({ announce = {}, withdraw = {} }: TheirUpdate): boolean {
  return [...Object.keys(announce), ...Object.keys(withdraw)].every(family => family in families)
}

export function updateDiffers(ours: Update, json: TheirUpdate, context: Context): string | undefined {
  const theirs = attributesOf(json)
  const { mpReach, mpUnreach, nextHop, ...rest } = ours.attributes
  const attributes = differ(comparable(rest), comparable(theirs))
  if (attributes !== undefined || !hasModelledRoutes(json)) return attributes
  // A next hop without a route is not in the JSON.
  const lonely = ours.announced.length === 0 && nextHop !== undefined && { nextHop }
  const made = withRoutes({ ...theirs, ...lonely }, json)
  const routes = differ(
    { withdrawn: ours.withdrawn, announced: ours.announced, ...reachOf(ours) },
    { withdrawn: made.withdrawn, announced: made.announced, ...reachOf(made) },
  )
  if (routes !== undefined) return routes
  const [we, they] = [ours, made].map(update => toHex(encode(update, context)))
  return we === they ? undefined : `encoded as ${they}, the message as ${we}`
}

function reachOf({ attributes: { nextHop, mpReach, mpUnreach } }: Update) {
  return { nextHop, mpReach: plain(mpReach ?? null), mpUnreach: plain(mpUnreach ?? null) }
}

/** Without attributes that ExaBGP reads and the codec keeps as octets. */
function comparable({ unknown = [], ...named }: Attributes): Readonly<Record<string, unknown>> {
  const kept = unknown.filter(({ code }) => code === 0x99)
  return { ...named, unknown: plain(kept) }
}

const origins = ['igp', 'egp', 'incomplete'] as const
const segments = {
  'as-sequence': 'sequence',
  'as-set': 'set',
  'as-confed-sequence': 'confed-sequence',
  'as-confed-set': 'confed-set',
} as const

function attributesOf({ attribute }: TheirUpdate): Attributes {
  if (attribute === undefined) return {}
  // The fields are ExaBGP's: what they hold is compared with ours, field by field.
  const field = <type>(name: string) => attribute[name] as type | undefined
  // An empty AS_PATH is left out of the JSON.
  const path = Object.values(
    field<Record<string, { element: keyof typeof segments; value: number[] }>>('as-path') ?? {},
  )
  const extended = (name: string, octets: number) =>
    field<{ value: string }[]>(name)?.map(({ value }) =>
      BigInt(value)
        .toString(16)
        .padStart(octets * 2, '0'),
    )
  const origin = origins.find(one => one === field('origin'))
  const read = {
    origin,
    asPath: path.map(({ element, value }) => ({ type: segments[element], as: value })),
    med: field<number>('med'),
    localPref: field<number>('local-preference'),
    atomicAggregate: field<true>('atomic-aggregate'),
    aggregator: aggregatorOf(field<string>('aggregator')),
    communities: field<[number, number][]>('community')?.map(([high, low]) => high * 0x10000 + low),
    largeCommunities: field<number[][]>('large-community')?.map(parts => parts.join(':')),
    extendedCommunities: texts(extended('extended-community', 8)),
    ipv6ExtendedCommunities: extended('extended-community-ipv6', 20)?.map(digits => `0x${digits}`),
    originatorId: field<string>('originator-id'),
    clusterList: field<string[]>('cluster-list'),
    unknown: Object.entries(attribute).flatMap(([name, value]) => rawOf(name, String(value))),
  }
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined)) as Attributes // of its fields
}

/** `"11141290:10.10.10.10"` */
function aggregatorOf(text: string | undefined): Attributes['aggregator'] {
  const [as, address] = text?.split(':') ?? []
  return address === undefined ? undefined : { as: Number(as), address }
}

/** `"attribute-0x99-0x60": "0x00000064"`: code, flags, octets. */
function rawOf(name: string, value: string): RawAttribute[] {
  const [, code, flags] = /^attribute-0x(..)-0x(..)$/i.exec(name) ?? []
  if (code === undefined || flags === undefined) return []
  const withoutExtendedLength = Number.parseInt(flags, 16) & ~0x10
  return [{ code: Number.parseInt(code, 16), flags: withoutExtendedLength, value: Buffer.from(value.slice(2), 'hex') }]
}

/** As encode() wants it: IPv4 routes with an IPv4 next hop outside of MP_REACH_NLRI. */
function withRoutes(attributes: Attributes, { announce = {}, withdraw = {} }: TheirUpdate): Update {
  let update: Update = { type: 'update', withdrawn: [], attributes, announced: [] }
  for (const [name, hops] of Object.entries(announce))
    for (const [nextHop, routes] of Object.entries(hops)) {
      const announced = routes.map(prefixOf)
      update =
        name === 'ipv4 unicast' && !nextHop.includes(':')
          ? { ...update, announced, attributes: { ...update.attributes, nextHop } }
          : {
              ...update,
              attributes: { ...update.attributes, mpReach: { family: families[name]!, nextHop: [nextHop], announced } }, // it is modelled
            }
    }
  for (const [name, routes] of Object.entries(withdraw))
    update =
      name === 'ipv4 unicast'
        ? { ...update, withdrawn: routes.map(prefixOf) }
        : {
            ...update,
            attributes: {
              ...update.attributes,
              mpUnreach: { family: families[name]!, withdrawn: routes.map(prefixOf) }, // it is modelled
            },
          }
  return update
}

function prefixOf({ nlri, 'path-information': path }: Route): string {
  return path === undefined ? nlri : `${nlri}#${path.split('.').reduce((id, octet) => id * 256 + Number(octet), 0)}`
}
