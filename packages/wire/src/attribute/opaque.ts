/**
 * Attributes that have an RFC and whose values this package does not model. They are kept as octets in `unknown`. Their flags
 * (RFC 7606 §3.c) and a length other than zero (§4) are checked, their contents are not.
 */
import { type AttributeRule, wrongLength } from './spec.ts'

const table: readonly [code: number, name: string, AttributeRule['category'], AttributeRule['onMalformed']][] = [
  [22, 'PMSI_TUNNEL', 'optional transitive', 'treat-as-withdraw'], // RFC 6514 §5
  [23, 'Tunnel Encapsulation', 'optional transitive', 'treat-as-withdraw'], // RFC 9012 §13
  [24, 'Traffic Engineering', 'optional non-transitive', 'treat-as-withdraw'], // RFC 5543 §3, RFC 7606 §7.13
  [27, 'PE Distinguisher Labels', 'optional transitive', 'treat-as-withdraw'], // RFC 6514 §8
  [29, 'BGP-LS Attribute', 'optional non-transitive', 'attribute-discard'], // RFC 9552 §5.3, §8.2.2
  [33, 'BGPsec_PATH', 'optional non-transitive', 'treat-as-withdraw'], // RFC 8205 §3, §5.2
  [37, 'SFP attribute', 'optional transitive', 'treat-as-withdraw'], // RFC 9015 §3.2.1
  [38, 'BFD Discriminator', 'optional transitive', 'attribute-discard'], // RFC 9026 §3.1.6
  [40, 'BGP Prefix-SID', 'optional transitive', 'attribute-discard'], // RFC 8669 §3, §6
  [128, 'ATTR_SET', 'optional transitive', 'treat-as-withdraw'], // RFC 6368 §5, RFC 7606 §7.16
]

export const opaque: readonly AttributeRule[] = table.map(([code, name, category, onMalformed]) => ({
  code,
  name,
  category,
  onMalformed,
  check: (_, at, end) => (end > at ? undefined : wrongLength(0, '1 or more')),
}))
