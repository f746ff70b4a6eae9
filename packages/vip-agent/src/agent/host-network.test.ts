import { linuxSupport } from '@softspoken/linux'
import { describe, expect, it } from 'vitest'
import { hostNetwork } from './host-network.ts'

describe.runIf(linuxSupport().supported)('the network of this host', () => {
  const network = hostNetwork()

  it('the interface of an address is found, with or without a zone', () => {
    expect(network.interfaceOf('127.0.0.1')).toBe('lo')
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
