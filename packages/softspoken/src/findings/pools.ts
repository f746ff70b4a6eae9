/** Whether a VIP lies in a pool from which another program gives addresses to Services: two would then have one address. */
import { hostRoute } from '@softspoken/announcer'
import { notAllowed } from '../config/usage-error.ts'
import { addressRange } from './address-range.ts'

const FLAG = '--pool'
const ALLOWED = 'a prefix such as 198.51.100.0/24, or a range such as 198.51.100.10-198.51.100.20'

/**
 * `pools`: a prefix each, or a range from one address to another, as LoadBalancer programs have them.
 * @throws UsageError
 */
export function poolWarnings(prefixes: readonly string[], pools: readonly string[] = []): readonly string[] {
  return pools.flatMap(pool => {
    const contains = addressRange(pool)
    if (contains === undefined) throw notAllowed(FLAG, pool, ALLOWED)
    return prefixes
      .map(prefix => hostRoute(prefix).address)
      .filter(contains)
      .map(
        vip =>
          `${FLAG}: the VIP ${vip} lies in the pool ${pool}, so its program may give ${vip} to a Service; take it out of the pool, or choose another VIP`,
      )
  })
}
