import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { addAddress, addCable, hasNamespaces, inNetworkNamespace, setUp } from '../test/network-namespace.ts'
import { ADDRESS_PROTOCOL, addressIn, encodeSetAddress, type HostAddress, isOwnAddress } from './address-message.ts'
import { listAddresses, removeAddress, setAddress } from './addresses.ts'
import { libc, linuxSupport } from './libc.ts'
import { encodeAttribute, type NetlinkAttribute, uint32 } from './netlink-message.ts'
import { promotesSecondaries } from './secondaries.ts'

const vip = Uint8Array.of(203, 0, 113, 100)
const vip6 = Uint8Array.from(Buffer.from('20010db8000000000000000000000100', 'hex'))
const [LOCAL, ADDRESS, CACHEINFO, FLAGS, PROTO] = [2, 1, 6, 8, 11]

afterEach(() => vi.restoreAllMocks())

describe('a message about an address', () => {
  const read = (head: readonly number[], attributes: readonly NetlinkAttribute[]) =>
    addressIn(
      {
        type: 20,
        flags: 0,
        sequence: 0,
        body: Buffer.concat([Uint8Array.from(head), uint32(3), ...attributes.map(encodeAttribute)]),
      },
      index => (index === 3 ? 'eth0' : undefined),
    )

  it('an address has form, lifetime, mark and the name of the interface', () => {
    const attributes: NetlinkAttribute[] = [
      [ADDRESS, vip],
      [LOCAL, vip],
      [CACHEINFO, uint32(0, 15, 1, 2)],
      [FLAGS, uint32(0x220)],
      [PROTO, Uint8Array.of(83)],
    ]
    expect(read([2, 32, 0x20, 254], attributes)).toEqual({
      address: vip,
      prefixLength: 32,
      interface: 'eth0',
      interfaceIndex: 3,
      scope: 'host',
      flags: ['deprecated', 'noprefixroute'],
      protocol: 83,
      validLifetime: 15,
    })
  })
  it('an address has the flags of struct ifaddrmsg if it has no others', () => {
    expect(read([10, 64, 0xc8, 0], [[ADDRESS, vip6]])?.flags).toEqual(['dadfailed', 'tentative', 'permanent'])
  })
  it('an address has other names for the first flag in each family', () => {
    expect(read([2, 24, 0x81, 0], [[LOCAL, vip]])?.flags).toEqual(['secondary', 'permanent'])
    expect(read([10, 64, 0x01, 0], [[ADDRESS, vip6]])?.flags).toEqual(['temporary'])
  })
  it('an address has a peer if the link has two ends', () => {
    const peer = Uint8Array.of(203, 0, 113, 1)
    const found = read(
      [2, 32, 0, 77],
      [
        [ADDRESS, peer],
        [LOCAL, vip],
        [CACHEINFO, uint32(0, 0xffffffff, 1, 2)],
      ],
    )
    expect(found).toMatchObject({ address: vip, peer, scope: '77', validLifetime: 'forever' })
    expect(found).not.toHaveProperty('protocol')
  })
  it('a message of another family, or of a nameless interface, makes no address', () => {
    expect(read([12, 0, 0, 0], [])).toBeUndefined()
    const gone = {
      type: 20,
      flags: 0,
      sequence: 0,
      body: Buffer.concat([Uint8Array.of(2, 32, 0, 0), uint32(3), encodeAttribute([LOCAL, vip])]),
    }
    expect(addressIn(gone, () => undefined)).toBeUndefined()
  })
  it('only messages that add or remove an address are about one', () => {
    const body = Buffer.concat([Uint8Array.of(2, 32, 0, 0), uint32(3), encodeAttribute([LOCAL, vip])])
    const isRead = (type: number) => addressIn({ type, flags: 0, sequence: 0, body }, () => 'eth0') !== undefined
    expect([16, 19, 20, 21, 22].map(isRead)).toEqual([false, false, true, true, false])
    expect(addressIn({ type: 16, flags: 0, sequence: 0, body: new Uint8Array() }, () => 'eth0')).toBeUndefined()
  })
  it('addressIn() throws EPROTO without an address, or if it is cut off', () => {
    const protocol = expect.objectContaining({ code: 'EPROTO', syscall: 'RTM_NEWADDR' })
    for (const [head, attributes] of [
      [[2, 32, 0, 0], []],
      [[2, 33, 0, 0], [[LOCAL, vip]]],
      [[10, 32, 0, 0], [[ADDRESS, vip]]],
      [[10], []],
    ] as const)
      expect(() => read(head, attributes)).toThrow(protocol)
  })
  it('addressIn() throws nothing but EPROTO, whatever the octets', () => {
    fc.assert(
      fc.property(fc.constantFrom(2, 10), fc.uint8Array({ maxLength: 80 }), (family, rest) => {
        try {
          const body = Uint8Array.of(family, ...rest)
          const found = addressIn({ type: 20, flags: 0, sequence: 0, body }, () => 'eth0')
          expect(found?.prefixLength).toBeLessThanOrEqual(128)
        } catch (error) {
          expect(error).toMatchObject({ code: 'EPROTO' })
        }
      }),
    )
  })
})

it('setAddress() sends the whole form each time', () => {
  const hex = ({ body, attributes }: ReturnType<typeof encodeSetAddress>) =>
    Buffer.concat([body, ...attributes.map(encodeAttribute)]).toString('hex')
  expect([hex(encodeSetAddress(3, vip, 15)), hex(encodeSetAddress(3, vip6, 15))]).toEqual([
    '022000fe0300000008000200cb00716408000100cb00716414000600000000000f0000000000000000000000080008000002000005000b0053000000',
    '0a800000030000001400020020010db80000000000000000000001001400010020010db800000000000000000000010014000600000000000f0000000000000000000000080008000202000005000b0053000000',
  ])
})

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  it('listAddresses() lists the addresses that Node lists, and more', () => {
    const listed = listAddresses().map(
      ({ address, interface: name }) => `${name} ${Buffer.from(address).toString('hex')}`,
    )
    const nodes = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
      addresses.flatMap(({ family, address }) =>
        family === 'IPv4' ? `${name} ${Buffer.from(address.split('.').map(Number)).toString('hex')}` : [],
      ),
    )
    expect(listed).toEqual(expect.arrayContaining(nodes))
  })
  it.each([0, -1, 0.5, Number.NaN, 2 ** 32 - 1])('setAddress() throws for a lifetime of %d', validLifetime => {
    expect(() => setAddress({ interface: 'lo', address: vip, validLifetime })).toThrow(RangeError)
  })
  it('removeAddress() throws an error without a code, too', () => {
    vi.spyOn(libc(), 'send').mockImplementation(() => {
      throw new Error('no memory')
    })
    expect(() => removeAddress({ interface: 'lo', address: vip, prefixLength: 32 })).toThrow('no memory')
  })
  it('setAddress() and removeAddress() throw for octets that are no address', () => {
    const address = new Uint8Array(5)
    expect(() => setAddress({ interface: 'lo', address, validLifetime: 1 })).toThrow('the address has 5 octets')
    expect(() => removeAddress({ interface: 'lo', address, prefixLength: 32 })).toThrow(RangeError)
  })
})

describe.runIf(hasNamespaces)('the kernel, in a network namespace (needs root)', () => {
  const on = (name: string) => listAddresses().filter(entry => entry.interface === name && entry.scope !== 'link')
  const inCable = (test: () => void) =>
    inNetworkNamespace(() => {
      addCable('near0', 'far0')
      setUp('near0')
      test()
    })

  it.each([
    ['IPv4', vip, { prefixLength: 32, scope: 'host', flags: ['deprecated', 'noprefixroute'] }],
    ['IPv6', vip6, { prefixLength: 128, scope: 'global', flags: ['nodad', 'deprecated', 'noprefixroute'] }],
  ] as const)('setAddress() adds and renews an %s address, and removeAddress() removes it', (_, address, form) =>
    inCable(() => {
      setAddress({ interface: 'near0', address, validLifetime: 40 })
      const own = { ...form, address, interface: 'near0', protocol: ADDRESS_PROTOCOL, validLifetime: 40 }
      expect(on('near0')).toMatchObject([own])
      setAddress({ interface: 'near0', address, validLifetime: 900 })
      expect(on('near0')).toMatchObject([{ ...own, validLifetime: 900 }])
      expect(on('near0').every(isOwnAddress)).toBe(true)
      const send = vi.spyOn(libc(), 'send')
      expect(removeAddress({ interface: 'near0', address, prefixLength: form.prefixLength })).toBe(true)
      expect(send, 'without listing the addresses of the host').toHaveBeenCalledTimes(1)
      expect(on('near0')).toEqual([])
    }),
  )
  it('setAddress() takes the longest lifetime that ends', () =>
    inCable(() => {
      setAddress({ interface: 'near0', address: vip, validLifetime: 2 ** 32 - 2 })
      expect(on('near0')).toMatchObject([{ validLifetime: expect.any(Number) }])
    }))
  it('nothing is removed if address, prefix length or interface is another', () =>
    inCable(() => {
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      expect(removeAddress({ interface: 'near0', address: vip, prefixLength: 24 })).toBe(false)
      expect(removeAddress({ interface: 'near0', address: Uint8Array.of(203, 0, 113, 101), prefixLength: 32 })).toBe(
        false,
      )
      expect(removeAddress({ interface: 'far0', address: vip, prefixLength: 32 })).toBe(false)
      expect(removeAddress({ interface: 'nosuch0', address: vip, prefixLength: 32 })).toBe(false)
      expect(on('near0')).toHaveLength(1)
    }))
  it('a renewal keeps the scope of a foreign /32, and a foreign /24 stays', () =>
    inCable(() => {
      addAddress('near0', vip, 32)
      addAddress('near0', vip, 24)
      expect(on('near0').some(isOwnAddress)).toBe(false)
      setAddress({ interface: 'near0', address: vip, validLifetime: 40 })
      const after = on('near0')
      expect(after).toMatchObject([
        { prefixLength: 32, scope: 'global', validLifetime: 40 },
        { prefixLength: 24, scope: 'global', validLifetime: 'forever' },
      ])
      expect(after.some(isOwnAddress)).toBe(false)
      expect(after.map(removeAddress)).toEqual([true, true])
      expect(on('near0')).toEqual([])
    }))
  it('removeAddress() removes a foreign form of a point-to-point link', () =>
    inCable(() => {
      addAddress('near0', vip, 32, Uint8Array.of(203, 0, 113, 1))
      expect(removeAddress({ interface: 'near0', address: vip, prefixLength: 32 })).toBe(false)
      expect(on('near0').map(removeAddress)).toEqual([true])
    }))
  it('removeAddress() refuses to remove an address that takes others with it', () =>
    inCable(() => {
      const own = Uint8Array.of(203, 0, 113, 7)
      const promote = (value: string, names = ['all', 'near0']) => {
        for (const each of names) writeFileSync(`/proc/sys/net/ipv4/conf/${each}/promote_secondaries`, value)
      }
      for (const each of ['all', 'near0']) {
        promote('0')
        promote('1', [each])
        expect([promotesSecondaries('near0'), promotesSecondaries('far0')]).toEqual([true, each === 'all'])
      }
      promote('0')
      addAddress('near0', vip, 24)
      addAddress('near0', own, 24)
      const foreign = { interface: 'near0', address: vip, prefixLength: 24 }
      expect(() => removeAddress(foreign)).toThrow(
        'RTM_DELADDR EBUSY: resource busy or locked (203.0.113.7 would go with it; set net.ipv4.conf.near0.promote_secondaries to 1)',
      )
      expect(on('near0')).toMatchObject([{ address: vip }, { address: own }])
      promote('1')
      expect(removeAddress(foreign)).toBe(true)
      expect(on('near0')).toMatchObject([{ address: own, flags: ['permanent'] }])
      promote('0')
      const third = Uint8Array.of(203, 0, 113, 8)
      for (const address of [vip, third]) addAddress('near0', address, 24)
      expect(removeAddress(foreign), 'as a secondary').toBe(true)
      expect(on('near0')).toMatchObject([{ address: own }, { address: third }])
    }))
  it.each([
    ['IPv4', 'udp4', vip, Uint8Array.of(203, 0, 113, 7), 24, '203.0.113.7', '203.0.113.1'],
    ['IPv6', 'udp6', vip6, Uint8Array.from([...vip6.subarray(0, 15), 7]), 64, '2001:db8::107', '2001:db8::1'],
  ] as const)('an %s address is no source, even if it came first', (_, type, address, own, length, expected, remote) =>
    inNetworkNamespace(async () => {
      addCable('near0', 'far0')
      for (const name of ['near0', 'far0']) setUp(name)
      setAddress({ interface: 'near0', address, validLifetime: 40 })
      addAddress('near0', own, length)
      const socket = createSocket(type)
      try {
        socket.connect(9, remote)
        await once(socket, 'connect')
        expect(socket.address().address).toBe(expected)
      } finally {
        socket.close()
      }
    }),
  )
  it('setAddress() throws for an interface that does not exist', () =>
    inCable(() => {
      const set = () => setAddress({ interface: 'nosuch0', address: vip, validLifetime: 1 })
      expect(set).toThrow(expect.objectContaining({ code: 'ENODEV' }))
    }))
})

describe('isOwnAddress', () => {
  const own: HostAddress = {
    address: vip,
    prefixLength: 32,
    interface: 'eth0',
    interfaceIndex: 2,
    scope: 'host',
    flags: ['deprecated', 'noprefixroute'],
    protocol: ADDRESS_PROTOCOL,
    validLifetime: 15,
  }
  const { protocol: _, ...unmarked } = own
  it("isOwnAddress() accepts setAddress()'s form, without a mark too (Linux < 5.18)", () => {
    expect([own, unmarked].map(isOwnAddress)).toEqual([true, true])
  })
  it('isOwnAddress() wants an IPv6 address without duplicate address detection', () => {
    const own6 = { ...own, address: vip6, prefixLength: 128, scope: 'global' } as const
    const withNodad = { ...own6, flags: ['nodad', ...own6.flags] } as const
    expect([own6, withNodad].map(isOwnAddress)).toEqual([false, true])
  })
  it.each<Partial<HostAddress>>([
    { prefixLength: 24 },
    { scope: 'global' },
    { flags: ['permanent', 'noprefixroute'] },
    { flags: ['deprecated'] },
    { validLifetime: 'forever' },
    { protocol: 18 },
    { peer: vip6 },
    { address: vip6 },
  ])('isOwnAddress() refuses %j', other => {
    expect(isOwnAddress({ ...own, ...other })).toBe(false)
  })
})
