/** What the kernel reports of real interfaces. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { addCable, hasNamespaces, inNetworkNamespace, removeInterface, setUp } from '../test/network-namespace.ts'
import { removeAddress, setAddress } from './addresses.ts'
import { libc } from './libc.ts'
import { type NetworkChange, watchNetwork } from './watch.ts'

const vip = Uint8Array.of(203, 0, 113, 100)

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe.runIf(hasNamespaces)('the kernel, in a network namespace (needs root)', () => {
  it('an interface that was added while messages were dropped has a name', () =>
    inNetworkNamespace(() => {
      const seen: string[] = []
      vi.useFakeTimers()
      const poll = () => vi.advanceTimersByTime(2000)
      const stop = watchNetwork(change => seen.push(...summary(change)))
      addCable('near0', 'far0')
      const { recv } = libc()
      const dropped = vi.spyOn(libc(), 'recv').mockImplementationOnce((fd, octets) => {
        while (recv(fd, octets) !== undefined);
        throw Object.assign(new Error('no buffer space'), { code: 'ENOBUFS' })
      })
      poll()
      dropped.mockRestore()
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      poll()
      expect(seen).toEqual(['look-again', 'address-set on near0 by 83'])
      stop()
    }))
  it('a change is reported without a timer', () =>
    inNetworkNamespace(async () => {
      addCable('near0', 'far0')
      const seen: string[] = []
      const stop = watchNetwork(change => seen.push(...summary(change)))
      vi.useFakeTimers({ toFake: ['setTimeout'] })
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      while (seen.length === 0) await new Promise(setImmediate)
      expect(seen).toContain('address-set on near0 by 83')
      stop()
    }))
  it('addresses and carrier of one interface are reported', () =>
    inNetworkNamespace(async () => {
      addCable('near0', 'far0')
      const seen: unknown[] = []
      const stop = watchNetwork(change => seen.push(...summary(change)))
      const isSeen = (...expected: readonly unknown[]) =>
        vi.waitFor(() => {
          expect(seen).toEqual(expect.arrayContaining([...expected]))
          seen.length = 0
        }, 10_000) // the kernel reports carrier at most once a second
      setUp('near0')
      await isSeen('near0 up')
      setUp('far0')
      await isSeen('near0 up with carrier')
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      await isSeen('address-set on near0 by 83')
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      await isSeen('address-set on near0 by 83')
      removeAddress({ interface: 'near0', address: vip, prefixLength: 32 })
      await isSeen('address-removed on near0 by 83')
      setUp('far0', false)
      await isSeen('near0 up')
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      removeInterface('near0')
      await isSeen('address-removed on near0 by 83', 'near0 removed')
      stop()
    }))
})

function summary(change: NetworkChange): readonly string[] {
  switch (change.type) {
    case 'address-set':
    case 'address-removed':
      return [`${change.type} on ${change.address.interface} by ${change.address.protocol}`]
    case 'interface-set': {
      const { name, up, carrier } = change.interface
      return [`${name}${up ? ' up' : ''}${carrier ? ' with carrier' : ''}`]
    }
    case 'interface-removed':
      return [`${change.interface.name} removed`]
    case 'look-again':
      return [change.type]
  }
}
