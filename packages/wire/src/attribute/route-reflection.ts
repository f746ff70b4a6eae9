/** The attributes with which route reflectors detect loops (RFC 4456 §8). They do not leave an AS. */
import { type Address, formatIpv4 } from '../address.ts'
import { u32 } from '../bytes.ts'
import { assertNonEmptyList } from '../error.ts'
import { writeIpv4 } from './next-hop.ts'
import { defineAttribute, exactly, listOf } from './spec.ts'

/** The BGP Identifier of the router that originated the route in the AS: RFC 4456 §8, RFC 7606 §7.9. */
export const originatorId = defineAttribute<'originatorId', Address>({
  code: 9,
  name: 'ORIGINATOR_ID',
  category: 'optional non-transitive',
  onMalformed: 'treat-as-withdraw',
  internalOnly: true,
  check: exactly(4),
  read(into, bytes, at) {
    into.originatorId = formatIpv4(u32(bytes, at))
  },
  encode: (w, value) => writeIpv4(w, value, 'originatorId'),
})

/** The clusters that the route has passed, the most recent first, as IPv4 addresses: RFC 4456 §8, RFC 7606 §7.10. */
export const clusterList = defineAttribute<'clusterList', readonly Address[]>({
  code: 10,
  name: 'CLUSTER_LIST',
  category: 'optional non-transitive',
  onMalformed: 'treat-as-withdraw',
  internalOnly: true,
  check: listOf(4),
  read(into, bytes, at, end) {
    const clusters: Address[] = []
    for (; at < end; at += 4) clusters.push(formatIpv4(u32(bytes, at)))
    into.clusterList = clusters
  },
  encode(w, clusters) {
    assertNonEmptyList('clusterList', clusters)
    for (const cluster of clusters) writeIpv4(w, cluster, 'clusterList')
  },
})
