import { expect, it } from 'vitest'
import type { HostAddress } from './address-message.ts'
import { promotesSecondaries, secondariesOf } from './secondaries.ts'

const octets = (text: string) => Uint8Array.from(text.split('.').map(Number))
const entry = (address: string, given: Partial<HostAddress> = {}): HostAddress => ({
  ...{ address: octets(address), prefixLength: 24, interface: 'eth0', interfaceIndex: 2, scope: 'global' },
  ...{ flags: ['permanent'], validLifetime: 'forever' },
  ...given,
})
const secondary = { flags: ['secondary', 'permanent'] } as const
const form = { interface: 'eth0', address: octets('203.0.113.1'), prefixLength: 24 }
const found = (...addresses: readonly HostAddress[]) =>
  secondariesOf(form, addresses).map(({ address }) => address.join('.'))

it('the secondaries of a primary go with it', () => {
  const all = [entry('203.0.113.1'), entry('203.0.113.7', secondary), entry('203.0.113.8', secondary)]
  expect(found(...all)).toEqual(['203.0.113.7', '203.0.113.8'])
})
it.each([
  ['another subnet', entry('203.0.114.7', secondary)],
  ['another prefix length', entry('203.0.113.7', { ...secondary, prefixLength: 25 })],
  ['another interface', entry('203.0.113.7', { ...secondary, interface: 'eth1' })],
  ['a primary', entry('203.0.113.7')],
])('an address that is %s stays', (_, other) => {
  expect(found(entry('203.0.113.1'), other)).toEqual([])
})
it.each([
  ['a secondary', [entry('203.0.113.1', secondary)]],
  ['not there', []],
  ['there with another prefix length', [entry('203.0.113.1', { prefixLength: 25 })]],
  ['on another interface', [entry('203.0.113.1', { interface: 'eth1' })]],
])('an address that is %s takes none with it', (_, own) => {
  expect(found(...own, entry('203.0.113.7', secondary))).toEqual([])
})
it.runIf(process.platform === 'linux')('an interface that does not exist adds nothing to the setting of all', () => {
  expect(promotesSecondaries('nosuch0')).toBe(promotesSecondaries('all'))
})
