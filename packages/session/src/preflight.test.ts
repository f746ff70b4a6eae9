import { describe, expect, it } from 'vitest'
import { configure } from './config.ts'
import type { SessionOptions } from './options.ts'
import { conflictingConnection } from './preflight.ts'

/** Connections to the router and to another service, and two that a router made. */
const all = [
  { local: { address: '192.0.2.1', port: 40000 }, remote: { address: '192.0.2.254', port: 179 } },
  { local: { address: '192.0.2.1', port: 40002 }, remote: { address: '198.51.100.10', port: 443 } },
  { local: { address: '2001:db8:1::1', port: 179 }, remote: { address: '2001:db8:1::fe', port: 54321 } },
  { local: { address: '192.0.2.1', port: 179 }, remote: { address: '192.0.2.252', port: 54322 } },
]

describe('a conflicting connection', () => {
  const found = (peer: Partial<SessionOptions['peer']>, address?: string) =>
    conflictingConnection(
      configure({
        local: { as: 65001, id: '192.0.2.1', ...(address !== undefined && { address }) },
        peer: { as: 65000, address: '192.0.2.254', ...peer },
      }),
      all,
    )
  it('a connection to the same peer from the same address conflicts', () => {
    expect(found({}, '192.0.2.1')).toBe(all[0])
  })
  it('a connection from any address conflicts if local.address is not set', () => {
    expect(found({})).toBe(all[0])
  })
  it('a connection that the peer made conflicts', () => {
    expect(found({ address: '2001:DB8:1:0::fe' }, '2001:db8:1::1')).toBe(all[2])
    expect(found({ address: '192.0.2.252' })).toBe(all[3])
  })
  it('a connection to a link-local peer conflicts on its interface only', () => {
    const address = 'fe80::1%eth0'
    const other = { local: { address: 'fe80::2', port: 40000 }, remote: { address: 'fe80::1', port: 179 } }
    const config = (own: string) =>
      configure({ local: { as: 65001, id: '192.0.2.1', address: own }, peer: { as: 65000, address } })
    const on = (zone: string) => (_: string, wanted: string) => wanted === zone
    expect(conflictingConnection(config('fe80::2'), [other], on('eth0'))).toBe(other)
    expect(conflictingConnection(config('fe80::2'), [other], on('eth1'))).toBeUndefined()
    expect(conflictingConnection(config('fe80::3'), [other], on('eth0'))).toBeUndefined()
  })
  it.each([
    ['from another address', {}, '192.0.2.9'],
    ['to another router', { address: '192.0.2.7' }, undefined],
    ['to another port', { port: 1179 }, undefined],
    ['that is closing', { address: '192.0.2.253' }, undefined],
    ['to another port of another host', { address: '198.51.100.10' }, undefined],
  ])('a connection %s does not conflict', (_, peer, address) => {
    expect(found(peer, address)).toBeUndefined()
  })
})
