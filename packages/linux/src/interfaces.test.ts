import { networkInterfaces } from 'node:os'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { addCable, hasNamespaces, inNetworkNamespace, setUp } from '../test/network-namespace.ts'
import { interfaceIn, listInterfaces } from './interfaces.ts'
import { linuxSupport } from './libc.ts'
import { encodeAttribute, type NetlinkAttribute, uint32 } from './netlink-message.ts'

const [NEWLINK, DELLINK, NEWADDR] = [16, 17, 20]
const AF_BRIDGE = 7
const name: NetlinkAttribute = [3, Buffer.from('bond0.48\0')]

describe('a message about an interface', () => {
  const link = (flags: number, attributes: readonly NetlinkAttribute[], type = NEWLINK, family = 0) =>
    interfaceIn({
      type,
      flags: 0,
      sequence: 0,
      body: Buffer.concat([Uint8Array.of(family, 0, 0, 0), uint32(7, flags, 0), ...attributes.map(encodeAttribute)]),
    })

  it('an interface has index, name, MAC address, master and kind', () => {
    const kind = encodeAttribute([1, Buffer.from('vlan\0')])
    const mac = Uint8Array.of(2, 0, 0x5e, 0, 0, 0xa)
    expect(link(0x11043, [[1, mac], name, [10, uint32(3)], [18, kind]])).toEqual({
      index: 7,
      name: 'bond0.48',
      mac: '02:00:5e:00:00:0a',
      up: true,
      carrier: true,
      loopback: false,
      noArp: false,
      master: 3,
      kind: 'vlan',
    })
  })
  it('an interface has up and carrier from its flags', () => {
    expect(link(0x1003, [name])).toMatchObject({ up: true, carrier: false })
    expect(link(0x10049, [name])).toMatchObject({ up: true, carrier: true, loopback: true })
    expect(link(0x90, [name])).toStrictEqual({
      index: 7,
      name: 'bond0.48',
      up: false,
      carrier: false,
      loopback: false,
      noArp: true,
    })
  })
  it('an interface has no MAC address if the link has addresses of another kind', () => {
    expect(link(1, [name, [1, Uint8Array.of(192, 0, 2, 1)]])).not.toHaveProperty('mac')
  })
  it('a message about a port of a bridge makes no interface', () => {
    expect(link(1, [name], DELLINK, AF_BRIDGE)).toBeUndefined()
    expect(link(1, [name], DELLINK)).toMatchObject({ index: 7 })
    expect(link(1, [name], NEWADDR)).toBeUndefined()
  })
  it('a message without a name, or cut off, throws EPROTO', () => {
    const protocol = expect.objectContaining({ code: 'EPROTO', syscall: 'RTM_NEWLINK' })
    expect(() => link(1, [])).toThrow(protocol)
    const withBody = (body: Uint8Array) => () => interfaceIn({ type: NEWLINK, flags: 0, sequence: 0, body })
    expect(withBody(new Uint8Array(15))).toThrow(protocol)
    expect(withBody(Buffer.concat([new Uint8Array(16), encodeAttribute(name).subarray(0, 6)]))).toThrow(protocol)
  })
  it('an interface has no kind if what the kernel says about it is cut off', () => {
    expect(link(1, [name, [18, encodeAttribute([1, Buffer.from('vlan\0')]).subarray(0, 6)]])).toMatchObject({
      index: 7,
    })
  })
  it('interfaceIn() throws nothing but EPROTO, whatever the octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), body => {
        body[0] = 0
        try {
          interfaceIn({ type: NEWLINK, flags: 0, sequence: 0, body })
        } catch (error) {
          expect(error).toMatchObject({ code: 'EPROTO' })
        }
      }),
    )
  })
})

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  it('listInterfaces() lists the interfaces that Node lists, and more', () => {
    const listed = new Map(listInterfaces().map(({ name, mac }) => [name, mac]))
    for (const [name, [address] = []] of Object.entries(networkInterfaces()))
      expect([name, listed.get(name)]).toEqual([name, address?.mac])
    expect(listed.size).toBeGreaterThan(0)
  })
  /** As a program that has just started: it has not looked for the functions of the C library yet. */
  const fresh = () => {
    vi.resetModules()
    return import('./interface-name.ts')
  }
  it('the name of an index is found, or undefined', async () => {
    const { interfaceName } = await fresh()
    for (const { index, name } of listInterfaces()) expect(interfaceName(index)).toBe(name)
    expect(interfaceName(1_000_000)).toBeUndefined()
  })
  it('the index of a name is found, or ENODEV is thrown', async () => {
    const { interfaceIndex } = await fresh()
    for (const { index, name } of listInterfaces()) expect(interfaceIndex(name)).toBe(index)
    expect(() => interfaceIndex('nosuch0')).toThrow('if_nametoindex ENODEV: no such device (nosuch0)')
  })
})

describe.runIf(hasNamespaces)('the kernel, in a network namespace (needs root)', () => {
  it('carrier is true when the other end of the cable is up', () =>
    inNetworkNamespace(() => {
      addCable('near0', 'far0')
      const near = () => listInterfaces().find(({ name }) => name === 'near0')
      expect(near()).toMatchObject({ up: false, carrier: false, loopback: false, noArp: false, kind: 'veth' })
      expect(near()?.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
      setUp('near0')
      expect(near()).toMatchObject({ up: true, carrier: false })
      setUp('far0')
      expect(near()).toMatchObject({ up: true, carrier: true })
      setUp('far0', false)
      expect(near()).toMatchObject({ up: true, carrier: false })
    }))
})
