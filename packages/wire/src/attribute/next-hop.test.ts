/** In a file of its own, because the encoder keeps the last next hop, and here none has been written before. */
import { expect, it } from 'vitest'
import { Encoder } from '../message.ts'

it('an empty next hop is rejected as the first one that is written', () => {
  const attributes = { origin: 'igp', asPath: [], nextHop: '' } as const
  const message = { type: 'update', withdrawn: [], attributes, announced: ['198.51.100.10/32'] } as const
  expect(() => new Encoder().encode(message)).toThrow("nextHop: '' is not allowed")
})
