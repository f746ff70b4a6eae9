/** bgpgg's tests of errors, core/tests/errors_*.rs: a message that a peer sends, and what its speaker does then. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toHex } from '@softspoken/test-support/hex'
import { decode } from '@softspoken/wire'
import { builders } from './bgpgg-builders.ts'
import { type Expected, type Sent, sentBy } from './bgpgg-tests.ts'
import { type Scope, tokens, type Value } from './rust.ts'
import { digestOf, judged, type Result, type SettledCases, type Suite } from './suite.ts'

export const bgpggSettled: readonly SettledCases[] = [
  {
    why: 'a BGP Identifier is no address of a host: any value but zero is valid',
    settledBy: 'RFC 6286 §2.1',
    ids: ['test_open_bad_bgp_identifier/broadcast', 'test_open_bad_bgp_identifier/multicast'],
  },
  {
    why: 'ORIGIN has the Partial bit: the route is kept',
    settledBy: 'RFC 7606 §3.c: malformed are wrong Optional and Transitive bits',
    ids: ['test_update_attribute_flags_error_origin/transitive_partial'],
  },
  {
    why: 'an attribute has a wrong length, and there is no route: Attribute Length Error, not Malformed Attribute List',
    settledBy: 'RFC 4271 §6.3; RFC 7606 §5.2 resets the session and names no other subcode',
    ids: [
      'test_update_attribute_length_error_no_nlri/origin_wrong_length',
      'test_update_attribute_length_error_no_nlri/next_hop_wrong_length',
      'test_update_section_5_2_no_reachable_nlri_escalation',
    ],
  },
  {
    why: 'NEXT_HOP is no address of a host, or is our own: the codec gives the route to the caller',
    settledBy:
      'RFC 7606 §7.3: malformed is a wrong length; RFC 4271 §6.3: otherwise the route is ignored, which needs a configuration',
    ids: [
      'test_update_invalid_next_hop_attribute/0.0.0.0',
      'test_update_invalid_next_hop_attribute/255.255.255.255',
      'test_update_invalid_next_hop_attribute/224.0.0.1',
      'test_next_hop_is_local_address_rejected',
    ],
  },
  {
    why: 'AS_PATH does not begin with the AS of the peer',
    settledBy: 'RFC 4271 §6.3, RFC 7606 §7.2: this check may be made, and is not',
    ids: ['test_update_as_path_first_as_mismatch'],
  },
  {
    why: 'a prefix is a multicast one: the codec gives it to the caller',
    settledBy: 'RFC 4271 §6.3: it is ignored, and no error',
    ids: ['test_update_multicast_nlri_ignored'],
  },
  {
    why: 'ATOMIC_AGGREGATE or AGGREGATOR has wrong flags: the routes are withdrawn',
    settledBy:
      'RFC 7606 §3.c; §3.f is about the other errors of these. FRR, BIRD and GoBGP withdraw, too (in the vectors)',
    ids: [
      'test_malformed_attribute_actions/atomic_aggregate_wrong_flags',
      'test_malformed_attribute_actions/aggregator_wrong_flags',
    ],
  },
  {
    why: 'a prefix in the Withdrawn Routes field is too long: Invalid Network Field',
    settledBy: 'RFC 7606 §3.i, §3.j, §5.3: it is checked as NLRI are, and the session resets',
    ids: ['test_malformed_withdrawn_routes_nlri'],
  },
]

export const bgpgg: Suite = {
  name: "bgpgg's errors",
  variable: 'SOFTSPOKEN_BGPGG',
  source: 'a checkout of https://github.com/bgpgg-org/bgpgg',
  about: 'each message that a test of `core/tests/errors_*.rs` sends: it must have the result that the test asserts',
  async run(folder) {
    const version = /^version = "(.+)"$/m.exec(readFileSync(join(folder, 'Cargo.toml'), 'utf8'))?.[1] ?? '?'
    return { version: `${version}, ${digestOf(filesIn(folder))}`, results: sentIn(folder).map(resultOf) }
  },
}

function filesIn(folder: string): string[] {
  const files = readdirSync(join(folder, 'core/tests')).filter(file => /^errors_.*\.rs$/.test(file))
  return files.sort().map(file => join(folder, 'core/tests', file))
}

/** The last message of each case. */
export function sentIn(folder: string): Sent[] {
  const text = (path: string) => readFileSync(join(folder, path), 'utf8')
  const codes = numbersIn(text('core/src/bgp/msg_notification.rs'))
  const scope = builders(constantsIn(text('core/src/bgp/msg_update_types.rs')))
  return filesIn(folder).flatMap(file => sentBy(tokens(readFileSync(file, 'utf8')), scope, codes))
}

function resultOf({ id, bytes, expected, fourOctetAs, external }: Sent): Result {
  if (bytes === undefined || expected === undefined)
    return { id, outcome: 'does not apply', reason: 'the test is about the state of a session, not about a message' }
  return judged(id, difference(Uint8Array.from(bytes), expected, { fourOctetAs, external }), bgpggSettled)
}

function difference(bytes: Uint8Array, expected: Expected, context: object): string | undefined {
  const result = decode(bytes, context)
  const issues = (result.ok && result.value.type === 'update' && result.value.issues) || []
  const withdrawn = issues.some(({ handling }) => handling === 'treat-as-withdraw')
  const ours = result.ok
    ? withdrawn
      ? 'withdrawn'
      : 'accepted'
    : `${result.notification.code}/${result.notification.subcode}`
  switch (expected.outcome) {
    case 'notification': {
      if (ours !== expected.code) return `want ${expected.code}, got ${ours}`
      const data = result.ok ? '' : toHex(result.notification.data)
      return expected.data === undefined || expected.data === data
        ? undefined
        : `data: want ${expected.data}, got ${data}`
    }
    case 'withdrawn':
      return ours === 'withdrawn' ? undefined : `want treat-as-withdraw, got ${ours}`
    case 'accepted': {
      if (ours !== 'accepted') return `want accept, got ${ours}`
      const attributes = result.ok && result.value.type === 'update' ? Object.keys(result.value.attributes) : []
      return attributes.includes(expected.without ?? '') ? `want no ${expected.without}` : undefined
    }
  }
}

/** `ORIGIN: u8 = 1`, `OPTIONAL: u8 = 1 << 7`. */
function constantsIn(source: string): Scope {
  const found = source.matchAll(/pub const (\w+): u8 = (\d+)(?: << (\d+))?;/g)
  return new Map<string, Value>(
    [...found].map(([, name = '', value, shift = 0]) => [name, Number(value) << Number(shift)]),
  )
}

/** `MessageHeaderError::BadMessageLength` is 2, and `MessageHeaderError` is 1. */
function numbersIn(source: string): Map<string, number> {
  const codes = new Map<string, number>()
  for (const [, name = '', body = ''] of source.matchAll(/enum (\w+) \{(.*?)\n\}/gs))
    for (const [, item = '', value] of body.matchAll(/(\w+) = (\d+)/g))
      codes.set(name === 'ErrorCode' ? item : `${name}::${item}`, Number(value))
  return codes
}
