/** Octets that are no capability, and the caller's mistakes in the fields of one. */
import { hex, toHex } from '@softspoken/test-support/hex'
import { describe, expect, it } from 'vitest'
import { Reader } from '../bytes.ts'
import { WireError } from '../error.ts'
import { type Capability, encodeCapability, readCapability } from './registry.ts'

/** What is read, and how many octets are left. */
function read(octets: string): readonly [capability: Capability, left: number] {
  const r = new Reader(hex(octets))
  return [readCapability(r), r.left]
}

describe('a capability is read', () => {
  it.each<[octets: string, capability: Capability]>([
    ['41 04 fde8fde9', { name: 'four-octet-as', as: 0xfde8fde9 }],
    ['01 04 0002 ff 80', { name: 'multiprotocol', afi: 2, safi: 128 }], // the third octet is reserved
    ['05 06 0001 0001 0002', { name: 'extended-next-hop', families: [{ afi: 1, safi: 1, nextHopAfi: 2 }] }],
    [
      '40 02 0078',
      { name: 'graceful-restart', restarting: false, notification: false, restartTime: 120, families: [] },
    ],
    ['49 05 01 61 02 6263', { name: 'fqdn', hostName: 'a', domainName: 'bc' }],
    ['49 02 00 00', { name: 'fqdn', hostName: '', domainName: '' }],
    ['49 05 03 efbbbf 00', { name: 'fqdn', hostName: '\ufeff', domainName: '' }],
    ['4b 03 02 6162', { name: 'software-version', version: 'ab' }],
  ])('%s, and is written as the same octets', (octets, capability) => {
    expect(read(octets)).toEqual([capability, 0])
    const reserved = octets.replace('ff 80', '00 80')
    expect(toHex(encodeCapability(capability))).toBe(reserved.replaceAll(' ', ''))
  })
  it.each([
    ['of a code without a row', '63 02 0102'],
    ['of a code without a row, empty', '63 00'],
    ['route-refresh with a value', '02 01 00'],
    ['role with two octets', '09 02 0000'],
    ['graceful-restart with a part of a family', '40 05 0078 000101'],
    ['graceful-restart with one octet', '40 01 00'],
    ['fqdn without a length', '49 00'],
    ['fqdn with a host name that is cut short', '49 02 02 61'],
    ['fqdn without a domain name', '49 02 01 61'],
    ['fqdn with a host name that is not UTF-8', '49 03 01 ff 00'],
    ['fqdn with a domain name that is not UTF-8', '49 03 00 01 ff'],
    ['fqdn with an octet behind its names', '49 03 00 00 00'],
    ['software-version without a length', '4b 00'],
    ['software-version that is not UTF-8', '4b 02 01 c3'],
    ['software-version with an octet behind it', '4b 03 01 61 00'],
  ])('and kept as octets if it is %s', (_, octets) => {
    const [code, , ...value] = hex(octets)
    expect(read(`${octets} 0200`)).toEqual([{ name: 'unknown', code, value: Uint8Array.from(value) }, 2])
  })
  it.each([
    ['01 03 000101', 'capability 1 is 3 octets long'],
    ['41 05 0000fde800', 'capability 65 is 5 octets long'],
    ['05 05 0001000100', 'capability 5 is 5 octets long'],
  ])('and %s makes the OPEN wrong, because later messages depend on it', (octets, detail) => {
    expect(() => read(octets)).toThrow(expect.objectContaining({ code: 2, subcode: 0, detail, at: 0 }))
    expect(() => read(octets)).toThrow(expect.any(WireError))
  })
})

describe('encodeCapability() names the field that is wrong:', () => {
  const family = { afi: 1, safi: 1, nextHopAfi: 2 }
  it.each<[error: RegExp, capability: object]>([
    [/^as: -1 is not allowed, it must be a whole number/, { name: 'four-octet-as', as: -1 }],
    [/^afi: 65536 is/, { name: 'multiprotocol', afi: 65536, safi: 1 }],
    [/^safi: 256 is/, { name: 'multiprotocol', afi: 1, safi: 256 }],
    [/^afi: 1.5 is/, { name: 'extended-next-hop', families: [{ ...family, afi: 1.5 }] }],
    [/^safi: 65536 is/, { name: 'extended-next-hop', families: [{ ...family, safi: 65536 }] }],
    [/^next hop afi: 65536 is/, { name: 'extended-next-hop', families: [{ ...family, nextHopAfi: 65536 }] }],
    [/^afi: '1' is/, { name: 'graceful-restart', restartTime: 0, families: [{ afi: '1', safi: 1 }] }],
    [/^safi: 256 is/, { name: 'graceful-restart', restartTime: 0, families: [{ afi: 1, safi: 256 }] }],
    [/^octets of domainName: 256 is/, { name: 'fqdn', hostName: '', domainName: 'x'.repeat(256) }],
    [/^octets of version: 256 is/, { name: 'software-version', version: 'é'.repeat(128) }],
    [/^capability code: 256 is/, { name: 'unknown', code: 256, value: new Uint8Array() }],
    [/^capability value: 'x' is/, { name: 'unknown', code: 99, value: 'x' }],
    [/^capability length: 256 is/, { name: 'unknown', code: 99, value: new Uint8Array(256) }],
    [/^capabilities: 'rol' is not allowed, did you mean 'role'\?/, { name: 'rol' }],
    [/^capabilities: 'unknwn' is not allowed, did you mean 'unknown'\?/, { name: 'unknwn' }],
    [/^capability: an object is not allowed, it must be of the documented type/, { name: 'add-path' }],
  ])('%s', (error, capability) => {
    const untyped = capability as Capability // the type is wrong on purpose
    expect(() => encodeCapability(untyped)).toThrow(
      expect.objectContaining({ name: 'OptionError', message: expect.stringMatching(error) }),
    )
  })
})
