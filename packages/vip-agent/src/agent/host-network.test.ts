import { type HostAddress, linuxSupport, type NetworkChange } from '@softspoken/linux'
import { describe, expect, it, vi } from 'vitest'
import { exceptRenewals, hostNetwork, oncePerTurn } from './host-network.ts'

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

describe('a change of the host', () => {
  const vip: HostAddress = {
    ...{ address: Uint8Array.of(203, 0, 113, 100), prefixLength: 32, interface: 'eth0', interfaceIndex: 3 },
    ...{ scope: 'host', flags: ['deprecated', 'noprefixroute'], protocol: 83, validLifetime: 10 },
  }
  const set = (form: Partial<HostAddress> = {}): NetworkChange => ({
    type: 'address-set',
    address: { ...vip, ...form },
  })
  const removed: NetworkChange = { type: 'address-removed', address: vip }
  /** For each change: whether it makes a look. */
  const looks = (...changes: readonly NetworkChange[]): readonly boolean[] => {
    const look = vi.fn()
    const changed = exceptRenewals(look)
    return changes.map(change => {
      look.mockClear()
      changed(change)
      return look.mock.calls.length > 0
    })
  }

  it('a renewal of an address in our form makes no look', () => {
    expect(looks(set(), set({ validLifetime: 15 }))).toEqual([true, false])
  })
  it('an address that comes again makes a look, also after changes were lost', () => {
    expect(looks(set(), removed, set(), set())).toEqual([true, true, true, false])
    expect(looks(set(), { type: 'look-again' }, set(), set())).toEqual([true, true, true, false])
  })
  it('the same form of another address or interface makes a look', () => {
    expect(looks(set(), set({ interfaceIndex: 4 }), set({ address: Uint8Array.of(203, 0, 113, 101) }))).not.toContain(
      false,
    )
  })
  it('another form and a change of an interface make a look each time', () => {
    const foreign = set({ prefixLength: 24 })
    const link = { type: 'interface-removed', interface: { index: 3, name: 'eth0' } } as NetworkChange
    expect(looks(set(), foreign, foreign, set(), link, link)).not.toContain(false)
  })
})
