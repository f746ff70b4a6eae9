/** The messages that the codecs read: four streams, the same ones each time. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Attributes, encode, type Prefix } from '@softspoken/wire'
import { encodeAll } from '@softspoken/wire/internal'

export const corpora = ['single', 'withdraw', 'table', 'packed'] as const

const ROUTES = 100_000
const plain: Attributes = { origin: 'igp', asPath: [{ type: 'sequence', as: [64512] }], nextHop: '10.99.0.2' }

export function writeCorpora(folder: string): void {
  mkdirSync(folder, { recursive: true })
  const hosts = Array.from({ length: ROUTES }, (_, i) => `${ipv4(0x0b000000 + i * 3)}/32`)
  const nets = Array.from({ length: ROUTES }, (_, i) => `${ipv4(0x14000000 + i * 256)}/24`)
  const streams: Readonly<Record<(typeof corpora)[number], Uint8Array[]>> = {
    single: hosts.map(host => update(plain, [host])), // as a VIP agent sends it
    withdraw: hosts.map(host => update({}, [], [host])),
    table: table(nets),
    packed: encodeAll({ type: 'update', withdrawn: [], attributes: plain, announced: nets }),
  }
  for (const name of corpora) writeFileSync(join(folder, `${name}.bin`), Buffer.concat(streams[name]))
}

/** One to eight prefixes in an UPDATE, with varied attributes, as in a table transfer. */
function table(nets: readonly Prefix[]): Uint8Array[] {
  const below = random()
  const messages: Uint8Array[] = []
  for (let at = 0, end = 0; at < nets.length; at = end) {
    end = at + [1, 1, 1, 2, 3, 8][below(6)]!
    const as = [64512, ...Array.from({ length: 1 + below(6) }, () => 1 + below(400_000))]
    const communities = Array.from(
      { length: [0, 0, 2, 3, 5, 12][below(6)]! },
      () => (1 + below(65000)) * 65536 + below(10_000),
    )
    const attributes: Attributes = {
      ...plain,
      origin: below(4) === 0 ? 'incomplete' : 'igp',
      asPath: [{ type: 'sequence', as }],
      ...(below(10) < 4 && { med: below(500) }),
      ...(communities.length > 0 && { communities }),
      ...(below(100) < 15 && { largeCommunities: [1, 2].map(i => `${1 + below(400_000)}:${i}:${below(100)}`) }),
    }
    messages.push(update(attributes, nets.slice(at, end)))
  }
  return messages
}

function update(attributes: Attributes, announced: readonly Prefix[], withdrawn: readonly Prefix[] = []): Uint8Array {
  return encode({ type: 'update', withdrawn, attributes, announced })
}
function ipv4(address: number): string {
  return [24, 16, 8, 0].map(shift => (address >>> shift) & 0xff).join('.')
}

/** Whole numbers below a limit, the same sequence each time: the linear congruential generator of Numerical Recipes. */
function random(): (limit: number) => number {
  let state = 4271
  return limit => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}
