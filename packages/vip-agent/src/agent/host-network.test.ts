import { linuxSupport } from '@softspoken/linux'
import { describe, expect, it, vi } from 'vitest'
import { hostNetwork, oncePerTurn } from './host-network.ts'

describe.runIf(linuxSupport().supported)('the network of this host', () => {
  const network = hostNetwork()

  it('the interface of an address is found, with or without a zone', () => {
    expect([network.interfaceOf('127.0.0.1'), network.interfaceOf('127.0.0.1%lo')]).toEqual(['lo', 'lo'])
    expect(network.interfaceOf('127.0.0.1%eth9')).toBeUndefined()
    expect(network.interfaceOf('192.0.2.200')).toBeUndefined()
    expect(network.interfaceOf('fe80::ffff%eth9')).toBeUndefined()
  })
  it('carrier is that of the interface; one that does not exist has none', () => {
    expect([network.hasCarrier('lo'), network.hasCarrier('no-such-one')]).toEqual([true, false])
  })
  it('an address of the host is found', () => {
    expect([network.hasAddress('127.0.0.1'), network.hasAddress('192.0.2.200')]).toEqual([true, false])
  })
  it('a watch can be ended', () => {
    expect(() => network.watch(() => {})?.()).not.toThrow()
  })
})

it('changes that come together are one look, and later ones are another', async () => {
  const look = vi.fn()
  const changed = oncePerTurn(look)
  const turn = () => new Promise(setImmediate)
  for (let i = 0; i < 100; i++) changed()
  expect(look).not.toHaveBeenCalled()
  await turn()
  expect(look).toHaveBeenCalledTimes(1)
  changed()
  await turn()
  expect(look).toHaveBeenCalledTimes(2)
})
