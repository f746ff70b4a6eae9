/** What both sides of flood.ts use. */
import { encode } from '@softspoken/wire'

export const ROUTES = 1_000_000
/** Routes per UPDATE. */
export const GROUP = 8
/** How long the router floods. */
export const SECONDS = 60
/** Seconds; a keepalive is due every three. */
export const HOLD_TIME = 9

/** The million routes as octets. Each UPDATE has attributes of its own. */
export function tableOf(): Uint8Array {
  const parts: Uint8Array[] = []
  for (let i = 0; i < ROUTES; i += GROUP) {
    const announced = Array.from({ length: GROUP }, (_, j) => prefix(i + j))
    parts.push(
      encode({
        type: 'update',
        withdrawn: [],
        attributes: {
          origin: 'igp',
          asPath: [{ type: 'sequence', as: [65000, 65536 + (i % 1000), 131072 + (i % 77)] }],
          nextHop: '203.0.113.1',
          communities: [`65000:${i % 65536}`],
        },
        announced,
      }),
    )
  }
  return Buffer.concat(parts)
}

function prefix(n: number): string {
  return `${20 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}.0/24`
}
