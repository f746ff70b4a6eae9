/** Differences between a judge and the codec in encoded messages whose reason is known. */
import type { Update } from '@softspoken/wire'
import type { Case, Judgement } from './normal.ts'

export interface Difference {
  /** What differs: a key of the normal form, or the verdict. */
  readonly key: string
  readonly ours: string
  readonly theirs: string
}

interface Rule {
  /** The judge that differs so; undefined for all of them. */
  readonly judge?: string
  readonly detail: string
  applies(one: Case, difference: Difference, judgement: Judgement): boolean
}

export const known: readonly Rule[] = [
  {
    detail: 'it does not know optional parameters beyond 255 octets (RFC 9072)',
    applies: ({ message, bytes }) => message.type === 'open' && bytes[28] === 0xff && bytes[29] === 0xff,
  },
  {
    judge: 'tshark',
    detail: 'it guesses from the octets whether there are path identifiers',
    applies: ({ context, message }, { key }, { values }) =>
      (key === 'verdict' || /^(withdrawn|announced|reach|unreach)$/.test(key)) &&
      (familiesOf(message).some(family => context.addPath.some(other => other === family)) ||
        (message.type === 'update' && JSON.stringify(values).includes('#'))),
  },
  {
    judge: 'tshark',
    detail: 'it guesses path identifiers, and reads beyond the end of the routes',
    applies: ({ message }, { theirs }) =>
      /malformed in (the packet|.*(withdrawn_routes|nlri))$/.test(theirs) && familiesOf(message).length > 0,
  },
  {
    judge: 'tshark',
    detail: 'it reads only type 1 of an AIGP (RFC 7311 §3: the others are kept)',
    applies: (_, { theirs }) => theirs.endsWith('aigp.type'),
  },
  {
    judge: 'tshark',
    detail: 'it looks for route filters in random octets',
    applies: filters,
  },
  {
    judge: 'tshark',
    detail: 'it reads the data of an OPEN error, which are random here',
    applies: ({ message }, { key }) => key === 'verdict' && message.type === 'notification' && message.code === 2,
  },
  {
    judge: 'tshark',
    detail: 'it looks for routes in random octets of a family that the codec does not model',
    applies: otherFamily,
  },
  {
    detail:
      'it reads BGP-LS or Prefix-SID (RFC 9552, RFC 8669), whose octets are random here, because the codec keeps them as octets',
    applies: ({ message }, { key }) =>
      key === 'verdict' &&
      message.type === 'update' &&
      (message.attributes.unknown ?? []).some(({ code }) => code === 29 || code === 40),
  },
  {
    judge: 'ExaBGP',
    detail: 'it refuses families that it has not negotiated, so also those that the codec does not model',
    applies: otherFamily,
  },
  {
    judge: 'ExaBGP',
    detail: 'it does not know IPv6 multicast',
    applies: ({ message }, { key }) => key === 'verdict' && mp(message).includes('ipv6-multicast'),
  },
  {
    judge: 'ExaBGP',
    detail: 'it refuses an MP_REACH_NLRI without routes (RFC 4760 §3 does not)',
    applies: ({ message }, { key }) =>
      key === 'verdict' && message.type === 'update' && message.attributes.mpReach?.announced.length === 0,
  },
  {
    judge: 'ExaBGP',
    detail: 'it fails on a redirect in IPv6 extended communities: it unpacks 18 octets from 9',
    applies: ({ message }, { theirs }) =>
      theirs.endsWith('unpack requires a buffer of 18 bytes') &&
      message.type === 'update' &&
      message.attributes.ipv6ExtendedCommunities !== undefined,
  },
  {
    judge: 'ExaBGP',
    detail: 'it does not know outbound route filters (RFC 5291)',
    applies: filters,
  },
  {
    judge: 'ExaBGP',
    detail: 'it refuses an unknown subtype of ROUTE-REFRESH (RFC 7313 §5 ignores it)',
    applies: ({ message }, { key }) => key === 'verdict' && message.type === 'route-refresh' && message.subtype > 2,
  },
  {
    judge: 'ExaBGP',
    detail: 'it fails with a TypeError on the text of a Cease',
    applies: ({ message }, { theirs }) => message.type === 'notification' && theirs.includes('TypeError'),
  },
  {
    judge: 'GoBGP',
    detail: 'it refuses or withdraws families that it does not know, and reads others that the codec does not model',
    applies: otherFamily,
  },
  {
    judge: 'GoBGP',
    detail: 'it reads path identifiers in multicast routes if unicast ones have them',
    applies: ({ message, context }, { key }) =>
      (key === 'verdict' || key === 'reach' || key === 'unreach') &&
      (['ipv4', 'ipv6'] as const).some(
        afi =>
          mp(message).includes(`${afi}-multicast`) &&
          context.addPath.includes(`${afi}-unicast`) !== context.addPath.includes(`${afi}-multicast`),
      ),
  },
  {
    judge: 'GoBGP',
    detail: 'it checks the meaning of a NEXT_HOP (RFC 4271 §6.3), which the codec does not',
    applies: ({ message }, { theirs }) => message.type === 'update' && /^"?withdraws.*invalid nexthop/.test(theirs),
  },
  {
    judge: 'GoBGP',
    detail: 'it guesses from the octets how wide AS numbers are',
    applies: ({ message, context }, { key }) => message.type === 'update' && key === 'asPath' && !context.fourOctetAs,
  },
  {
    judge: 'GoBGP',
    detail: 'it leaves out a capability without families, and all that follow it in the parameter',
    applies: ({ message }, { key }) =>
      message.type === 'open' &&
      (key === 'codes' || key === 'fourOctetAs') &&
      message.capabilities.some(
        capability =>
          'families' in capability && Array.isArray(capability.families) && capability.families.length === 0,
      ),
  },
  {
    judge: 'GoBGP',
    detail: 'it withdraws for an extended community of a subtype that it does not know',
    applies: ({ message }, { theirs }) => message.type === 'update' && /unknown \w+ subtype/.test(theirs),
  },
]

/** The octets of these routes are random in the encoded messages. */
function otherFamily({ message }: Case, { key }: Difference): boolean {
  return key === 'verdict' && mp(message).includes('other')
}
function filters({ message }: Case, { key }: Difference): boolean {
  return key === 'verdict' && message.type === 'route-refresh' && message.filters !== undefined
}
function mp(message: Case['message']): readonly string[] {
  const { mpReach, mpUnreach }: Update['attributes'] = message.type === 'update' ? message.attributes : {}
  return [mpReach, mpUnreach].flatMap(each => (each ? [each.family] : []))
}

/** The families of the routes in the message. */
function familiesOf(message: Case['message']): readonly string[] {
  const plain = message.type === 'update' && (message.withdrawn.length > 0 || message.announced.length > 0)
  return [...(plain ? ['ipv4-unicast'] : []), ...mp(message)]
}

/** The kind of a difference, for counting. Numbers are left out. */
export function kind({ message }: Case, { key, ours, theirs }: Difference): string {
  const issues = (message.type === 'update' && message.issues) || []
  const issue = issues.find(({ handling }) => handling === 'treat-as-withdraw') ?? issues[0]
  const ofIssue = issue ? `, ${issue.attribute} ${issue.detail}` : ''
  const we = ours === 'withdraws' ? 'we withdraw' : 'we accept'
  const what = key === 'verdict' ? `it ${theirs}` : `it reads another ${key}`
  return `${message.type}: ${we}${ofIssue}; ${what.slice(0, 80)}`.replaceAll(/\b0x[\da-f]+\b|\b\d[\d.:a-f]*\b/g, '…')
}
