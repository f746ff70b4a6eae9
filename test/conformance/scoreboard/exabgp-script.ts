/**
 * The scripts of ExaBGP's router, `qa/encoding/*.ci` and `qa/api/*.ci`: commands (`1:cmd:`) in the language of ExaBGP's API, and after
 * each the message (`1:raw:`) that its router waits for.
 */
import type { Preference } from '@softspoken/announcer'
import type { Family } from '@softspoken/wire'

/** A message that the router waits for. */
export interface Step {
  readonly line: number
  /** In hex. */
  readonly octets: string
  /** Undefined if the script has none, because the configuration of the speaker causes the message. */
  readonly command: string | undefined
}

export interface Script {
  readonly steps: readonly Step[]
  /** The lines that tell the router what to send and where to listen. */
  readonly options: readonly string[]
  /** The name of the speaker's configuration. */
  readonly configuration: string
}

/** What our announcer does for a command. */
export type Task =
  | { readonly does: 'nothing' | 'end-of-rib'; readonly family: Family }
  | {
      readonly does: 'announce' | 'withdraw'
      readonly family: Family
      readonly prefix: string
      readonly nextHop: string | undefined
      readonly preference: Preference
    }

export function scriptOf(text: string): Script {
  const lines = text.split('\n')
  let command: string | undefined
  const steps = lines.flatMap((line, at): Step[] => {
    const [, kind, content = ''] = /^[A-Z]?\d+:(raw|cmd):(.+)$/.exec(line) ?? []
    if (kind === 'cmd') command = content.trim()
    if (kind !== 'raw') return []
    const octets = content.replaceAll(/[ :]/g, '').toLowerCase()
    return [{ line: at + 1, octets, command: octets.startsWith('05', 36) ? undefined : command }] // 5 is ROUTE-REFRESH
  })
  return {
    steps,
    options: lines.filter(line => /^option:(open|update|asn|bind):/.test(line)),
    configuration: /^option:file:(\S+)$/m.exec(text)?.[1] ?? '',
  }
}

export const reasons = {
  family: 'the family is not IPv4 or IPv6 unicast',
  prefix: 'the prefix is no host route, and the announcer takes no other',
  attribute: 'the announcer has no option for an attribute of the route, or for its path identifier',
  group: 'one command has several routes, or none',
  open: 'the router compares an OPEN, which has capabilities that we do not offer',
  withdrawal: 'a route is withdrawn that was not announced before',
  command:
    'the message follows from a configuration, a signal, or a ROUTE-REFRESH of the router, and not from a command',
} as const

/** What the command wants of us, or why we cannot do it. */
export function taskOf(command: string): Task | (typeof reasons)[keyof typeof reasons] {
  const words: readonly string[] = command.replace(/^neighbor \* /, '').match(/\[[^\]]*\]|\S+/g) ?? []
  const [verb = '', kind = '', third = ''] = words
  if (kind === 'eor') return isFamily(words.slice(2)) ? { does: 'end-of-rib', family: familyOf(third) } : reasons.family
  if (/^(group|attributes)$/.test(verb) || kind === 'attributes') return reasons.group
  if (words.includes('rd') || words.includes('label')) return reasons.family
  const short = kind === 'route'
  if (!short && !isFamily(words.slice(1, 3))) return reasons.family
  const [prefix = '', ...rest] = words.slice(short ? 2 : 3)
  if (!/^[\d.]+\/32$|:.*\/128$/.test(prefix)) return reasons.prefix
  const read = preferenceOf(rest)
  if (read === undefined) return reasons.attribute
  const family = familyOf(prefix.includes(':') ? 'ipv6' : 'ipv4')
  return { does: verb === 'withdraw' ? 'withdraw' : 'announce', family, prefix, ...read }
}

function isFamily([version = '', kind]: readonly string[]): boolean {
  return /^ipv[46]$/.test(version) && kind === 'unicast'
}
function familyOf(version: string): Family {
  return version === 'ipv6' ? 'ipv6-unicast' : 'ipv4-unicast'
}

/** Pairs of a name and a value. Undefined if we do not send one of them. */
function preferenceOf(words: readonly string[]): { nextHop: string | undefined; preference: Preference } | undefined {
  let nextHop: string | undefined
  let preference: Preference = {}
  for (let at = 0; at < words.length; at += 2) {
    const [name, value = ''] = words.slice(at, at + 2)
    const list = value.replace(/^\[|\]$/g, '').split(' ')
    if (name === 'next-hop') nextHop = value
    else if (name === 'local-preference') preference = { ...preference, localPref: Number(value) }
    else if (name === 'med') preference = { ...preference, med: Number(value) }
    else if (name === 'community') preference = { ...preference, communities: list }
    else if (name === 'large-community') preference = { ...preference, largeCommunities: list }
    else if (!(name === 'origin' && value === 'igp')) return undefined
  }
  return { nextHop, preference }
}
