import * as linux from '@softspoken/linux'
import { parseAddress } from '@softspoken/wire'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { configure } from './config.ts'
import type { SessionOptions } from './options.ts'
import * as ownAddress from './own-address.ts'
import { conflictingConnection } from './preflight.ts'
import { Session } from './session.ts'

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

it('a connection to a link-local peer is on the interface that has its local address', () => {
  const look = vi.spyOn(ownAddress, 'lookFor').mockReturnValue('here')
  const address = 'fe80::1%eth0'
  const config = configure({ local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65000, address } })
  const one = { local: { address: 'fe80::2', port: 40000 }, remote: { address: 'fe80::1', port: 179 } }
  expect(conflictingConnection(config, [one])).toBe(one)
  expect(look).toHaveBeenCalledExactlyOnceWith('fe80::2%eth0')
  for (const presence of ['gone', 'unknown'] as const) {
    look.mockReturnValue(presence)
    expect(conflictingConnection(config, [one])).toBeUndefined()
  }
})

describe('the warning of start()', () => {
  const warnings: object[] = []
  const quiet = () => {}
  const log = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (fields: object, text: string) => void warnings.push({ ...fields, text }),
  }
  const start = (options: Partial<SessionOptions>, remote = '::ffff:192.0.2.254') => {
    const at = (address: string, port: number) => ({ address: parseAddress(address, 'address'), port })
    vi.spyOn(linux, 'establishedConnections').mockReturnValue([
      { local: at('192.0.2.1', 40000), remote: at(remote, 179) },
    ])
    new Session({
      local: { as: 65001, id: '192.0.2.1' },
      peer: { as: 65000, address: '192.0.2.254' },
      passive: true,
      ...options,
    })
      .start()
      .start()
    return warnings.splice(0)
  }
  afterEach(() => vi.restoreAllMocks())

  it('start() warns once of a connection that the host has already', () => {
    expect(start({ log })).toEqual([
      {
        peer: '192.0.2.254',
        connection: '192.0.2.1 port 40000 to 192.0.2.254 port 179',
        hint: 'look for another BGP speaker on this host, and give one of the two another local address',
        text: 'this host already has a connection to the peer, and a router accepts one session per address',
      },
    ])
  })
  it('start() does not look for one without a log, or with a dial of the caller', () => {
    start({})
    expect(linux.establishedConnections).not.toHaveBeenCalled()
    expect(
      start({
        log,
        dial: () => {
          throw new Error('not dialled')
        },
      }),
    ).toEqual([])
    expect(linux.establishedConnections).not.toHaveBeenCalled()
  })
  it('start() does not warn of a connection to another host', () => {
    expect(start({ log }, '192.0.2.253')).toEqual([])
  })
})
