/** Whether a VIP lies in a pool from which another program gives addresses to Services: two would then have one address. */
import { BlockList, isIP } from 'node:net'
import { hostRoute } from '@softspoken/announcer'
import { notAllowed } from '../config/usage-error.ts'

const FLAG = '--pool'

/**
 * `pools`: a prefix each, or a range from one address to another, as LoadBalancer programs have them.
 * @throws UsageError
 */
export function poolWarnings(prefixes: readonly string[], pools: readonly string[] = []): readonly string[] {
  return pools.flatMap(pool => {
    const contains = readPool(pool)
    return prefixes
      .map(prefix => hostRoute(prefix).address)
      .filter(contains)
      .map(
        vip =>
          `${FLAG}: the VIP ${vip} lies in the pool ${pool}, so its program may give ${vip} to a Service; take it out of the pool, or choose another VIP`,
      )
  })
}

function readPool(pool: string): (address: string) => boolean {
  const list = new BlockList()
  const [, first = '', length, last] = /^([^/-]+)(?:\/(\d{1,3})|-([^/-]+))$/.exec(pool) ?? []
  const family = familyOf(first)
  try {
    if (last === undefined) list.addSubnet(first, Number(length), family)
    else list.addRange(first, last, family)
  } catch {
    throw notAllowed(FLAG, pool, 'a prefix such as 198.51.100.0/24, or a range such as 198.51.100.10-198.51.100.20')
  }
  return address => familyOf(address) === family && list.check(address, family)
}
function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
