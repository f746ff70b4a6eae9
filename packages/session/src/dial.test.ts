import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import { Duplex } from 'node:stream'
import * as linux from '@softspoken/linux'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configure } from './config.ts'
import { dialTcp, dialWith } from './dial.ts'

const local = { as: 65001, id: '192.0.2.1' }
const config = configure({ local, peer: { as: 65002, address: '192.0.2.2' } })

describe('dialTcp()', () => {
  const stream = new Duplex() as net.Socket
  beforeEach(() => {
    vi.spyOn(linux, 'linuxSupport').mockReturnValue({ supported: false, reason: 'koffi-missing', detail: 'no koffi' })
    vi.spyOn(net, 'connect').mockReturnValue(stream)
    vi.spyOn(os, 'networkInterfaces').mockReturnValue({ eth0: [] })
    syncBuiltinESMExports()
  })
  afterEach(() => {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
  })

  it('without koffi a dial is one of net, and sends each message at once', () => {
    expect(dialTcp(config)).toBe(stream)
    expect(net.connect).toHaveBeenCalledExactlyOnceWith({ host: '192.0.2.2', port: 179, noDelay: true })
  })
  it('a dial comes from local.address', () => {
    dialTcp(
      configure({ local: { ...local, address: '192.0.2.7' }, peer: { as: 65002, address: '192.0.2.2', port: 1179 } }),
    )
    expect(net.connect).toHaveBeenCalledExactlyOnceWith({
      host: '192.0.2.2',
      port: 1179,
      localAddress: '192.0.2.7',
      noDelay: true,
    })
  })
  it('a link-local address keeps its interface, which must be there', () => {
    dialTcp(configure({ local, peer: { as: 65002, address: 'fe80::2%eth0' } }))
    expect(net.connect).toHaveBeenCalledExactlyOnceWith({ host: 'fe80::2%eth0', port: 179, noDelay: true })
  })
  it.each([
    ['of the peer', { local, peer: { as: 65002, address: 'fe80::2%eth1' } }, 'eth1'],
    [
      'of the local address',
      { local: { ...local, address: 'fe80::1%eth1' }, peer: { as: 65002, address: '2001:db8::2' } },
      'eth1',
    ],
    [
      'of a peer that is dialled from a global address',
      { local: { ...local, address: '2001:db8::1' }, peer: { as: 65002, address: 'fe80::2%eth1' } },
      'eth1',
    ],
  ])('a missing interface %s fails the dial', (_, options, name) => {
    expect(() => dialTcp(configure(options))).toThrow(
      expect.objectContaining({ code: 'ENODEV', message: `there is no interface ${name}, or it is down` }),
    )
    expect(net.connect).not.toHaveBeenCalled()
  })
})

describe('dialWith()', () => {
  const failure = async (dial: () => unknown) => {
    const stream = dialWith(dial as () => Duplex, config)
    return new Promise<Error>(failed => stream.once('error', failed))
  }
  it('the stream of the caller is used as it is, and made for this session', () => {
    const stream = new Duplex()
    const dial = vi.fn(() => stream)
    expect(dialWith(dial, config)).toBe(stream)
    expect(dial).toHaveBeenCalledExactlyOnceWith(config)
  })
  it('an error of the caller fails the dial', async () => {
    const error = new Error('no descriptors left')
    expect(
      await failure(() => {
        throw error
      }),
    ).toBe(error)
  })
  it.each([undefined, null, {}, 'a stream'])('%j in place of a stream fails the dial', async value => {
    expect((await failure(() => value)).message).toBe('dial must return a Duplex')
  })
  it('a thrown text, and a thrown object that throws itself, fail the dial', async () => {
    expect(
      (
        await failure(() => {
          throw 'a text'
        })
      ).message,
    ).toBe('a text')
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('a bug of the caller')
        },
      },
    )
    expect(
      await failure(() => {
        throw hostile
      }),
    ).toBeInstanceOf(Error)
  })
})
