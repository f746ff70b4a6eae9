/** The system calls of a listening socket, and a host that refuses some of them. */
import { Socket } from 'node:net'
import * as linux from '@softspoken/linux'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configure } from './config.ts'
import { ListeningSocket, listenOn } from './listening-socket.ts'

const names = ['setDscp', 'bindToDevice', 'bindSocket', 'closeSocket', 'setTtl', 'setMinTtl', 'setUserTimeout'] as const
const calls: string[] = []
/** What each call throws, by its name and its first value. */
const thrown = new Map<string, unknown>()
beforeEach(() => {
  let fd = 6
  vi.spyOn(linux, 'openSocket').mockImplementation(family => ({ fd: ++fd, family }))
  vi.spyOn(linux, 'socketOf').mockImplementation((_, family) => ({ fd: 99, family }))
  for (const name of names)
    vi.spyOn(linux, name).mockImplementation((socket: linux.TcpSocket, ...values: readonly unknown[]) => {
      const call = [name, ...values].join(' ')
      calls.push(`${socket.fd} ${call}`)
      if (thrown.has(call)) throw thrown.get(call)
    })
})
afterEach(() => {
  vi.restoreAllMocks()
  calls.length = 0
  thrown.clear()
})
const refusal = (code: string) => Object.assign(new Error(`${code}: refused`), { code, syscall: 'a call' })
const ANY6 = `bindSocket ${Array(16).fill(0).join()} 179`
const ANY4 = 'bindSocket 0,0,0,0 179'

describe('listenOn()', () => {
  it('without an address one socket listens for both families', () => {
    expect(listenOn(undefined, 179).fd).toBe(7)
    expect(linux.openSocket).toHaveBeenCalledExactlyOnceWith('ipv6')
    expect(calls).toEqual(['7 setDscp 48', `7 ${ANY6}`])
  })
  it.each(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])('a host without IPv6 (%s) listens for IPv4', code => {
    thrown.set(ANY6, refusal(code))
    expect(listenOn(undefined, 179).fd).toBe(8)
    expect(vi.mocked(linux.openSocket).mock.calls).toEqual([['ipv6'], ['ipv4']])
    expect(calls).toEqual(['7 setDscp 48', `7 ${ANY6}`, '7 closeSocket', '8 setDscp 48', `8 ${ANY4}`])
  })
  it('a port in use fails, with address and port, and leaves no descriptor open', () => {
    thrown.set(ANY6, refusal('EADDRINUSE'))
    expect(() => listenOn(undefined, 179)).toThrow('EADDRINUSE: refused :::179')
    expect(calls.at(-1)).toBe('7 closeSocket')
  })
  it('an address that is given is the only one', () => {
    thrown.set('bindSocket 192,0,2,1 179', refusal('EADDRNOTAVAIL'))
    expect(() => listenOn('192.0.2.1', 179)).toThrow('EADDRNOTAVAIL: refused 192.0.2.1:179')
    expect(linux.openSocket).toHaveBeenCalledOnce()
  })
  it('what is thrown and is no Error stays as it is', () => {
    thrown.set(ANY4, 'a text')
    expect(() => listenOn('0.0.0.0', 179)).toThrow(expect.toSatisfy(error => error === 'a text'))
  })
  it('a link-local address is bound on its interface, which must be there', () => {
    listenOn('fe80::1%eth0', 179)
    expect(calls[1]).toBe('7 bindToDevice eth0')
    thrown.set('bindToDevice eth0', refusal('ENODEV'))
    expect(() => listenOn('fe80::1%eth0', 179)).toThrow('address: the system refused it, ENODEV: refused')
  })
})

describe('an accepted connection', () => {
  const config = configure({
    local: { as: 65001, id: '192.0.2.1' },
    peer: { as: 65002, address: '192.0.2.2' },
    ttlSecurity: 1,
    passive: true,
  })
  it('a connection gets what its session asks for', () => {
    expect(new ListeningSocket('0.0.0.0', 179).applyTo(new Socket(), config)).toBe(true)
    expect(calls.slice(2)).toEqual(['99 setTtl 255', '99 setMinTtl 255', '99 setUserTimeout 480000'])
  })
  it('a connection is not used if the system refuses an option', () => {
    thrown.set('setMinTtl 255', refusal('EPERM'))
    expect(new ListeningSocket('0.0.0.0', 179).applyTo(new Socket(), config)).toBe(false)
  })
  it.each([new TypeError('a fault of ours'), 'a text'])('any other error is thrown: %s', error => {
    thrown.set('setMinTtl 255', error)
    const applied = () => new ListeningSocket('0.0.0.0', 179).applyTo(new Socket(), config)
    expect(applied).toThrow(expect.toSatisfy(one => one === error))
  })
})
