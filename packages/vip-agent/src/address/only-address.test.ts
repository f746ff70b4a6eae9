import type { HostAddress, NetworkInterface } from '@softspoken/linux'
import { parseAddress } from '@softspoken/wire'
import { describe, expect, it } from 'vitest'
import type { HostState } from './choose-interface.ts'
import { refuseOnlyAddress } from './only-address.ts'

const VIP = '198.51.100.10'

/** A host with these addresses, such as `eth0 10.0.5.11/24`. */
function host(...addresses: readonly string[]): HostState {
  const interfaces = ['lo', 'eth0', 'dummy0'].map(
    (name, index): NetworkInterface => ({
      index,
      name,
      up: true,
      carrier: true,
      loopback: name === 'lo',
      noArp: false,
    }),
  )
  const asAddress = (line: string): HostAddress => {
    const [name = '', text = '', length = ''] = line.split(/[ /]/)
    const kind = { scope: 'global', flags: [], validLifetime: 'forever' } as const
    return {
      ...kind,
      interface: name,
      interfaceIndex: 1,
      address: parseAddress(text, 'text'),
      prefixLength: Number(length),
    }
  }
  return { interfaces, addresses: addresses.map(asAddress) }
}

describe('a VIP that another program adds', () => {
  it('is refused if it is the only address of the node', () => {
    expect(() => refuseOnlyAddress([VIP], host('lo 127.0.0.1/8', `eth0 ${VIP}/24`, 'eth0 2001:db8::1/64'))).toThrow(
      `vips[0]: '${VIP}' is not allowed, it must be another address than the only one of this node`,
    )
  })
  it.each([
    ['beside another address', [`eth0 ${VIP}/24`, 'eth0 10.0.5.11/24']],
    ['on lo of a node with IPv6 only', [`lo ${VIP}/32`, 'eth0 2001:db8::1/64']],
    ['as a host route on another interface of such a node', [`dummy0 ${VIP}/32`, 'eth0 2001:db8::1/64']],
    ['on no interface', []],
  ])('is allowed %s', (_, addresses) => {
    expect(() => refuseOnlyAddress([VIP], host(...addresses))).not.toThrow()
  })
})
