/**
 * A table of a million routes through one Decoder, validated and dropped: what it leaves on the heap, in MiB. Run with
 * `node --expose-gc`; `npx --yes pnpm@12 bench:memory` does. Exits with 1 above the goal.
 */
import { Decoder } from '@softspoken/wire'
import { encodeAll } from '@softspoken/wire/internal'

const ROUTES = 1_000_000
const CHUNK = 65536 // octets; what a socket yields at most
const GOAL = 8 // MiB

const collect = globalThis.gc
if (collect === undefined) throw new Error('run it with --expose-gc')

const decoder = new Decoder()
feed(1) // code and tables are made once, whatever the size
collect()
const before = process.memoryUsage().heapUsed
const messages = feed(ROUTES / 1000)
collect()
const left = (process.memoryUsage().heapUsed - before) / 2 ** 20
console.log(
  `${ROUTES} routes in ${messages} messages leave ${left.toFixed(2)} MiB on the heap, at most ${GOAL} is the goal`,
)
if (left > GOAL) process.exitCode = 1

/** A thousand prefixes at a time, each thousand with attributes of its own. */
function feed(thousands: number): number {
  let count = 0
  for (let i = 0; i < thousands; i++) {
    const announced = Array.from(
      { length: 1000 },
      (_, j) => `${20 + (i >> 6)}.${(i & 63) * 4 + (j >> 8)}.${j & 255}.0/24`,
    )
    const attributes = {
      origin: 'igp',
      asPath: [{ type: 'sequence', as: [65001, 65536 + i] }],
      nextHop: '203.0.113.1',
    } as const
    const bytes = Buffer.concat(encodeAll({ type: 'update', withdrawn: [], attributes, announced }))
    for (let at = 0; at < bytes.length; at += CHUNK)
      for (const result of decoder.push(bytes.subarray(at, at + CHUNK))) {
        if (!result.ok) throw new Error(result.detail)
        count++
      }
  }
  return count
}
