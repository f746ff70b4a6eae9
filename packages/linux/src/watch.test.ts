/** The kernel's part is replaced; watch.process.test.ts has real kernels. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { interfaceIndex } from './interface-name.ts'
import { libc, linuxSupport } from './libc.ts'
import { encodeMessage, uint32 } from './netlink-message.ts'
import { changesIn, type NetworkChange, watchNetwork } from './watch.ts'

const vip = Uint8Array.of(203, 0, 113, 100)
const [NEWLINK, DELLINK, NEWADDR, DELADDR] = [16, 17, 20, 21]

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('the changes of one datagram', () => {
  const link = (type: number, name: string, family = 0) =>
    encodeMessage(
      { type, flags: 0, sequence: 0, body: Buffer.concat([Uint8Array.of(family, 0, 0, 0), uint32(7, 1, 0)]) },
      [[3, Buffer.from(`${name}\0`)]],
    )
  const address = (type: number) =>
    encodeMessage({ type, flags: 0, sequence: 9, body: Buffer.concat([Uint8Array.of(2, 32, 0, 254), uint32(7)]) }, [
      [2, vip],
    ])
  const read = (names: Map<number, string>, ...parts: readonly Uint8Array[]) =>
    changesIn(Buffer.concat(parts), names).map(change =>
      'address' in change
        ? [change.type, change.address.interface]
        : [change.type, 'interface' in change && change.interface.name],
    )

  it('a change has the name of an interface until it is removed', () => {
    const names = new Map([[7, 'old0']])
    expect(read(names, address(NEWADDR), link(NEWLINK, 'new0'), address(DELADDR), link(DELLINK, 'new0'))).toEqual([
      ['address-set', 'old0'],
      ['interface-set', 'new0'],
      ['address-removed', 'new0'],
      ['interface-removed', 'new0'],
    ])
    expect(names.size).toBe(0)
  })
  it('an interface that leaves a bridge makes no change', () => {
    const names = new Map([[7, 'eth0']])
    expect(read(names, link(DELLINK, 'eth0', 7))).toEqual([])
    expect(names.get(7)).toBe('eth0')
  })
  it('a datagram that is cut off throws EPROTO', () => {
    expect(() => changesIn(link(NEWLINK, 'eth0').subarray(0, 30), new Map())).toThrow(
      expect.objectContaining({ code: 'EPROTO' }),
    )
  })
})

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  /** recv() as the kernel's socket would be. */
  function watchWith(...answers: readonly (Error | Uint8Array)[]) {
    const seen: string[] = []
    vi.useFakeTimers()
    const stop = watchNetwork(({ type }) => seen.push(type))
    const poll = () => vi.advanceTimersByTime(2000)
    let next = 0
    vi.spyOn(libc(), 'recv').mockImplementation((_, buffer) => {
      const answer = answers[next++]
      if (answer === undefined) return undefined
      if (answer instanceof Error) throw answer
      buffer.set(answer)
      return answer.length
    })
    vi.spyOn(libc(), 'socket').mockImplementation(() => {
      throw new Error('no descriptor')
    })
    return { seen, stop, poll }
  }
  const failure = (code: string) => Object.assign(new Error(code), { code })

  it.each([
    ['the kernel dropped messages', failure('ENOBUFS')],
    ['the socket fails', failure('EBADF')],
    ['a message is cut off', new Uint8Array(17)],
  ])('"look-again" is reported once a poll if %s', (_, answer) => {
    const { seen, stop, poll } = watchWith(answer, failure('ENOBUFS'))
    poll()
    poll()
    poll()
    expect(seen).toEqual(['look-again', 'look-again'])
    stop()
  })
  it('a poll ends after some datagrams, so that the event loop goes on', () => {
    const datagram = encodeMessage({ type: 99, flags: 0, sequence: 0, body: new Uint8Array() })
    const { stop } = watchWith(...Array<Uint8Array>(1000).fill(datagram))
    vi.advanceTimersByTime(50)
    expect(vi.mocked(libc().recv).mock.calls.length).toBe(256)
    vi.advanceTimersByTime(50)
    expect(vi.mocked(libc().recv).mock.calls.length).toBe(512)
    stop()
  })
  it('an ended watch reports nothing and has no timer', () => {
    const { seen, stop, poll } = watchWith(failure('ENOBUFS'))
    stop()
    stop()
    poll()
    expect([seen, vi.getTimerCount()]).toEqual([[], 0])
  })
  /** Watches, and receives this datagram at the first look. */
  function seenOf(datagram: Uint8Array, onChange: (change: NetworkChange, stop: () => void) => void): void {
    vi.useFakeTimers()
    const stop = watchNetwork(change => onChange(change, stop))
    vi.spyOn(libc(), 'recv').mockReturnValue(undefined)
    vi.mocked(libc().recv).mockImplementationOnce((_, buffer) => {
      buffer.set(datagram)
      return datagram.length
    })
    vi.advanceTimersByTime(50)
    stop()
  }
  const address = (index: number) =>
    encodeMessage(
      { type: NEWADDR, flags: 0, sequence: 0, body: Buffer.concat([Uint8Array.of(2, 32, 0, 254), uint32(index)]) },
      [[2, vip]],
    )

  it('a change has the name of an interface that was there before', () => {
    const seen: string[] = []
    seenOf(address(interfaceIndex('lo')), change =>
      seen.push('address' in change ? change.address.interface : change.type),
    )
    expect(seen).toEqual(['lo'])
  })
  it('a watch that is ended by a change reports no more of the same datagram', () => {
    const seen: string[] = []
    const two = Buffer.concat([address(interfaceIndex('lo')), address(interfaceIndex('lo'))])
    seenOf(two, ({ type }, stop) => {
      seen.push(type)
      stop()
    })
    expect(seen).toEqual(['address-set'])
  })
  it('nothing stays open if the interfaces cannot be listed', () => {
    const close = vi.spyOn(libc(), 'close')
    vi.spyOn(libc(), 'send').mockImplementation(() => {
      throw failure('ENOBUFS')
    })
    expect(() => watchNetwork(() => {})).toThrow('ENOBUFS')
    expect(close.mock.calls.length).toBe(2) // of the watch, and of the list
  })
})
