/** A message as labels and values, for the tree. */
import {
  type AsSegment,
  type Capability,
  communityText,
  describeNotification,
  endOfRib,
  type Family,
  familyByName,
  type Message,
  type RawAttribute,
  shutdownText,
} from '@softspoken/wire'
import { spacedHex } from './text.ts'

export interface Field {
  readonly label: string
  readonly value?: string
  readonly fields?: readonly Field[]
}

/** One row per message type. */
const table: { readonly [type in Message['type']]: (message: Extract<Message, { type: type }>) => Field[] } = {
  open: ({ as, holdTime, id, capabilities }) => [
    { label: 'AS', value: `${as}` },
    { label: 'hold time', value: `${holdTime} s` },
    { label: 'identifier', value: id },
    ...(capabilities.length > 0 ? [{ label: 'capabilities', fields: capabilities.map(capability) }] : []),
  ],
  update(update) {
    const { withdrawn, attributes, announced, issues } = update
    const ended = endOfRib(update)
    return [
      ...(ended ? [{ label: 'End-of-RIB', value: ended }] : fieldsOf({ withdrawn, attributes, announced })),
      ...(issues
        ? [
            {
              label: 'issues',
              fields: issues.map(({ attribute, handling, detail, at }) => ({
                label: attribute,
                value: `${handling}: ${detail}, at octet ${at} of the message`,
              })),
            },
          ]
        : []),
    ]
  },
  notification: message => [
    { label: 'meaning', value: describeNotification(message) },
    ...(message.data.length > 0 && shutdownText(message) === undefined
      ? [{ label: 'data', value: spacedHex(message.data) }]
      : []),
  ],
  keepalive: () => [],
  'route-refresh': ({ afi, safi, subtype, filters }) => [
    { label: 'family', value: familyText(afi, safi) },
    { label: 'subtype', value: ['request', 'beginning of the refresh', 'end of the refresh'][subtype] ?? `${subtype}` },
    ...(filters ? [{ label: 'filters', value: spacedHex(filters) }] : []),
  ],
}

export function messageFields(message: Message): Field[] {
  const row = table[message.type] as (message: Message) => Field[] // the row of its own type
  return row(message)
}

function capability(given: Capability): Field {
  if (given.name === 'unknown') return { label: `code ${given.code}`, value: spacedHex(given.value) || 'no value' }
  const { name, ...rest } = given
  return { label: name, value: inline(rest) || 'yes' }
}

/** A value on one line: families by name, flags if they are set, the peer's texts in quotes. */
function inline(value: unknown): string {
  if (value instanceof Uint8Array) return spacedHex(value) || 'empty'
  if (Array.isArray(value)) return value.map(inline).join(', ')
  if (typeof value !== 'object' || value === null) return `${value}`
  const { afi, safi, families, as, mode, role, ...rest } = value as { readonly [key: string]: unknown }
  const words = [
    typeof afi === 'number' && typeof safi === 'number' ? familyText(afi, safi) : '',
    ...[as, mode, role].map(item => (item === undefined ? '' : `${item}`)),
    ...Object.entries(rest).map(([key, item]) => {
      if (typeof item === 'boolean') return item ? labelOf(key) : ''
      return item === '' ? '' : `${labelOf(key)} ${typeof item === 'string' ? `"${item}"` : inline(item)}`
    }),
  ].filter(text => text !== '')
  return [words.join(' '), families === undefined ? '' : inline(families)].filter(text => text !== '').join('; ')
}

/** Attributes by the wire package's names, so that an attribute that is added there needs no change here. */
function fieldsOf(object: object): Field[] {
  return Object.entries(object).flatMap(([key, value]) => fieldOf(key, value) ?? [])
}
function fieldOf(key: string, value: unknown): Field | undefined {
  const label = labelOf(key)
  if (value instanceof Uint8Array) return { label, value: spacedHex(value) }
  if (Array.isArray(value)) {
    // The keys and their types are those of Attributes.
    if (key === 'unknown') return { label, fields: value.map(rawField) }
    if (key === 'asPath' || key === 'as4Path') return { label, value: pathText(value) }
    if (key === 'communities') return { label, value: value.map(communityText).join(' ') }
    return value.length === 0
      ? undefined
      : { label, value: typeof value[0] === 'object' ? inline(value) : value.join(' ') }
  }
  if (typeof value === 'object' && value !== null) {
    const fields = fieldsOf(value)
    return fields.length === 0 ? undefined : { label, fields }
  }
  return { label, value: value === true ? 'yes' : `${value}` }
}

const labels: { readonly [key: string]: string } = {
  aigp: 'AIGP',
  as: 'AS',
  as4Path: 'AS4 path',
  asPath: 'AS path',
  afi: 'AFI',
  safi: 'SAFI',
  med: 'MED',
  ipv6ExtendedCommunities: 'IPv6 extended communities',
  nextHopAfi: 'next hop AFI',
  mpReach: 'MP reach',
  mpUnreach: 'MP unreach',
  unknown: 'not decoded',
}
/** `largeCommunities` as `large communities`. */
function labelOf(key: string): string {
  return labels[key] ?? key.replaceAll(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
}

function rawField({ code, flags, value }: RawAttribute): Field {
  return { label: `code ${code}`, value: `flags 0x${flags.toString(16)}, value ${spacedHex(value) || 'empty'}` }
}

const brackets = { sequence: '', set: '{}', 'confed-sequence': '()', 'confed-set': '[]' } as const

function pathText(path: readonly AsSegment[]): string {
  if (path.length === 0) return 'empty'
  return path.map(({ type, as }) => `${brackets[type][0] ?? ''}${as.join(' ')}${brackets[type][1] ?? ''}`).join(' ')
}

function familyText(afi: number, safi: number): string {
  const known = (Object.keys(familyByName) as Family[]).find(
    name => familyByName[name].afi === afi && familyByName[name].safi === safi,
  )
  return known ?? `AFI ${afi} SAFI ${safi}`
}
