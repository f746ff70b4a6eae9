/** The system calls of a SegmentSocket. segment-socket.process.test.ts has real kernels. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, type Mock, vi } from 'vitest'
import { hasNamespaces, inNetworkNamespace } from '../test/network-namespace.ts'
import { interfaceIndex } from './interface-name.ts'
import * as libcModule from './libc.ts'
import { gratuitousArp, neighborAdvertisement } from './segment-frames.ts'
import { isReceiveBalanced, isRouter, isWireless } from './segment-interface.ts'
import { SegmentSocket } from './segment-socket.ts'

const vip = Uint8Array.of(203, 0, 113, 100)
const vip6 = Uint8Array.from(Buffer.from('20010db8000000000000000000000100', 'hex'))
const mac = '02:00:5e:00:00:02'
const claim = gratuitousArp(mac, vip, 'reply')
const { libc, linuxSupport } = libcModule
const failure = (code: string) => Object.assign(new Error(code), { code })

afterEach(() => {
  vi.restoreAllMocks()
  for (const module of ['./readable.ts', './libc.ts']) vi.doUnmock(module)
  vi.resetModules()
})

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  /** What is called, in its order; the descriptors are 100, 101 and so on. */
  function calls(): string[] {
    const seen: string[] = []
    let next = 100
    vi.spyOn(libc(), 'socket').mockImplementation((domain, _, protocol) => {
      seen.push(`socket ${next}: domain ${domain}, protocol ${protocol}`)
      return next++
    })
    vi.spyOn(libc(), 'setsockopt').mockImplementation((fd, level, name, value) => {
      seen.push(`filter of ${fd}: ${level} ${name}, ${value[0]} instructions`)
    })
    vi.spyOn(libc(), 'bind').mockImplementation((fd, address) => {
      seen.push(`bind ${fd}: ${Buffer.from(address.subarray(2, 4)).toString('hex')} on ${address[4]}`)
    })
    vi.spyOn(libc(), 'close').mockImplementation(fd => {
      seen.push(`close ${fd}`)
    })
    vi.spyOn(libc(), 'send').mockImplementation(fd => {
      seen.push(`send ${fd}`)
    })
    return seen
  }

  it('each family gets a socket, which has its filter before it is bound', () => {
    const seen = calls()
    const socket = new SegmentSocket(7, [vip, vip6, vip])
    expect(seen).toEqual([
      'socket 100: domain 17, protocol 0',
      'filter of 100: 1 26, 19 instructions',
      'bind 100: 0806 on 7',
      'socket 101: domain 17, protocol 0',
      'filter of 101: 1 26, 33 instructions',
      'bind 101: 86dd on 7',
    ])
    seen.length = 0
    socket.send(neighborAdvertisement(mac, vip6, { router: false }))
    socket.send(claim)
    socket.close()
    socket.close()
    expect(seen).toEqual(['send 101', 'send 100', 'close 100', 'close 101'])
  })
  it('a frame of a family without an address throws, as one of a closed socket does', () => {
    calls()
    const socket = new SegmentSocket(7, [vip6])
    const send = () => socket.send(claim)
    expect(send).toThrow(new RangeError('the socket is closed, or has no address of this family'))
    socket.close()
    expect(() => socket.send(new Uint8Array(3))).toThrow(RangeError)
    expect(socket.receive()).toEqual([])
  })
  it('octets that are no address throw before a socket is opened', () => {
    const seen = calls()
    expect(() => new SegmentSocket(7, [vip, new Uint8Array(5)])).toThrow('the address has 5 octets')
    expect(seen).toEqual([])
  })
  it('whenReadable() goes on soon while frames come; a second call replaces the first', async () => {
    const seen = calls()
    const waits: { sockets: readonly number[]; read: () => boolean; end: Mock }[] = []
    vi.resetModules()
    vi.doMock('./readable.ts', () => ({
      whenReadable: (sockets: readonly number[], read: () => boolean) => {
        const end = vi.fn(() => void seen.push('end'))
        waits.push({ sockets, read, end })
        return end
      },
    }))
    vi.doMock('./libc.ts', () => libcModule)
    const fresh = await import('./segment-socket.ts')
    const socket = new fresh.SegmentSocket(7, [vip, vip6])
    const frames = [claim, new Uint8Array(60)]
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const frame = frames.shift()
      buffer.set(frame ?? [])
      return frame?.length
    })
    const received: number[] = []
    socket.whenReadable(() => void received.push(socket.receive().length))
    expect(waits[0]?.sockets).toEqual([100, 101])
    expect([waits[0]?.read(), waits[0]?.read(), received]).toEqual([true, false, [1, 0]])
    socket.whenReadable(() => {})
    expect(waits.map(({ end }) => end.mock.calls.length)).toEqual([1, 0])
    seen.length = 0
    socket.close()
    expect(seen, 'before its descriptors are closed').toEqual(['end', 'close 100', 'close 101'])
  })
  it('nothing stays open if the second family fails', () => {
    const seen = calls()
    vi.mocked(libc().bind).mockImplementation(fd => {
      if (fd === 101) throw failure('ENODEV')
    })
    expect(() => new SegmentSocket(7, [vip, vip6])).toThrow('ENODEV')
    expect(seen.slice(-2)).toEqual(['close 100', 'close 101'])
  })
  it('one call of receive() reads 256 frames of a family at most', () => {
    calls()
    const socket = new SegmentSocket(7, [vip, vip6])
    const recv = vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      buffer.set(claim)
      return claim.length
    })
    expect(socket.receive()).toHaveLength(512)
    expect(recv).toHaveBeenCalledTimes(512)
  })
  it('receive() skips what is no claim, and throws what the system reports', () => {
    calls()
    const socket = new SegmentSocket(7, [vip])
    const answers = [new Uint8Array(), claim, new Uint8Array(60), claim, undefined, failure('EBADF')]
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const answer = answers.shift()
      if (answer === undefined) return undefined
      if (answer instanceof Error) throw answer
      buffer.set(answer)
      return answer.length
    })
    expect(socket.receive()).toHaveLength(2)
    expect(() => socket.receive()).toThrow('EBADF')
  })
  it('receive() goes on after ENETDOWN of an interface that is still there', () => {
    calls()
    const socket = new SegmentSocket(interfaceIndex('lo'), [vip])
    const recv = vi.spyOn(libc(), 'recv').mockImplementationOnce(() => {
      throw failure('ENETDOWN')
    })
    recv.mockImplementationOnce((_, buffer) => {
      buffer.set(claim)
      return claim.length
    })
    recv.mockReturnValue(undefined)
    expect([socket.receive(), socket.receive().length]).toEqual([[], 1])
  })
  it('receive() throws ENODEV from the time on that the interface is gone', () => {
    calls()
    const socket = new SegmentSocket(1_000_000, [vip])
    const recv = vi.spyOn(libc(), 'recv').mockReturnValue(undefined)
    recv.mockImplementationOnce(() => {
      throw failure('ENETDOWN') // the kernel says it once
    })
    const gone = expect.objectContaining({ code: 'ENODEV', syscall: 'recv' })
    for (let times = 0; times < 3; times++) expect(() => socket.receive()).toThrow(gone)
    expect(recv).toHaveBeenCalledTimes(1)
  })
})

it('isWireless() is true for an interface that has a folder of that name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'segment-'))
  mkdirSync(join(folder, 'wlan0', 'wireless'), { recursive: true })
  mkdirSync(join(folder, 'eth0'))
  expect([isWireless('wlan0', folder), isWireless('eth0', folder), isWireless('nosuch0')]).toEqual([true, false, false])
  rmSync(folder, { recursive: true })
})

it.runIf(existsSync('/proc/sys/net/ipv6/conf/lo'))('isRouter() is what the kernel has for the interface', () => {
  const forwarding = readFileSync('/proc/sys/net/ipv6/conf/lo/forwarding', 'utf8')
  expect([isRouter('lo'), isRouter('nosuch0')]).toEqual([forwarding === '1\n', false])
})

it.runIf(hasNamespaces && existsSync('/proc/sys/net/ipv6/conf/lo'))('isRouter() is true if the kernel forwards', () =>
  inNetworkNamespace(() => {
    const forward = (value: string) => writeFileSync('/proc/sys/net/ipv6/conf/lo/forwarding', value)
    const is = ['0', '1'].map(value => {
      forward(value)
      return isRouter('lo')
    })
    expect(is).toEqual([false, true])
  }),
)

it('isReceiveBalanced() is true for a balance-alb bond and for a VLAN on it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'segment-'))
  const bond = (name: string, mode: string): void => {
    mkdirSync(join(folder, name, 'bonding'), { recursive: true })
    mkdirSync(join(folder, name, 'lower_eth0'))
    writeFileSync(join(folder, name, 'bonding', 'mode'), `${mode}\n`)
  }
  bond('bond6', 'balance-alb 6')
  bond('bond5', 'balance-tlb 5')
  mkdirSync(join(folder, 'bond6.48', 'lower_bond6'), { recursive: true })
  mkdirSync(join(folder, 'eth0', 'upper_bond6'), { recursive: true })
  const is = ['bond6', 'bond6.48', 'bond5', 'eth0', 'nosuch0'].map(name => isReceiveBalanced(name, folder))
  expect(is).toEqual([true, true, false, false, false])
  rmSync(folder, { recursive: true })
})
