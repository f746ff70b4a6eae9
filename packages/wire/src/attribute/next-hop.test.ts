/** In a file of its own, because the encoder keeps the last next hop, and here none has been written before. */
import { expect, it } from 'vitest'
import { decode, Encoder } from '../message.ts'

const withNextHop = (nextHop: string) => {
  const attributes = { origin: 'igp', asPath: [], nextHop } as const
  return { type: 'update', withdrawn: [], attributes, announced: ['198.51.100.10/32'] } as const
}

it('an empty next hop is rejected as the first one that is written', () => {
  expect(() => new Encoder().encode(withNextHop(''))).toThrow("nextHop: '' is not allowed")
})
it('each next hop is written and read as itself, whatever came before', () => {
  const nextHops = ['0.0.0.0', '192.0.2.1', '192.0.2.1', '198.51.100.1', '192.0.2.1', '0.0.0.1', '192.0.2.255']
  const encoder = new Encoder()
  const read = nextHops.map(nextHop => {
    const result = decode(encoder.encode(withNextHop(nextHop)))
    return result.ok && result.value.type === 'update' && result.value.attributes.nextHop
  })
  expect(read).toEqual(nextHops)
})
