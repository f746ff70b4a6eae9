/** The system calls of a NetlinkSocket; netlink-answer.test.ts has its requests. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { libc, linuxSupport } from './libc.ts'
import { NETLINK_ROUTE, NETLINK_SOCK_DIAG, NetlinkSocket, netlinkRequest } from './netlink-socket.ts'
import { littleEndian } from './sockaddr.ts'

afterEach(() => vi.restoreAllMocks())

describe.runIf(linuxSupport().supported)('on Linux, with koffi', () => {
  /** What is called, in its order; the descriptor is 100. */
  function calls(): string[] {
    const seen: string[] = []
    vi.spyOn(libc(), 'socket').mockImplementation((domain, _, protocol) => {
      seen.push(`socket ${domain} ${protocol}`)
      return 100
    })
    vi.spyOn(libc(), 'setsockopt').mockImplementation((fd, level, name, value) => {
      seen.push(`set ${fd}: ${level} ${name} ${new Int32Array(value.slice().buffer)[0]}`)
    })
    vi.spyOn(libc(), 'bind').mockImplementation((fd, { buffer }) => {
      const view = new DataView(buffer)
      seen.push(`bind ${fd}: ${view.getUint16(0, littleEndian)} ${view.getUint32(8, littleEndian)}`)
    })
    vi.spyOn(libc(), 'close').mockImplementation(fd => {
      seen.push(`close ${fd}`)
    })
    return seen
  }
  const options = ['set 100: 270 10 1', 'set 100: 270 11 1']

  it('a socket asks for short errors with the words of the kernel', () => {
    const seen = calls()
    new NetlinkSocket(NETLINK_SOCK_DIAG).close()
    expect(seen).toEqual(['socket 16 4', ...options, 'close 100'])
  })
  it('a socket with groups is bound to them', () => {
    const seen = calls()
    new NetlinkSocket(NETLINK_ROUTE, 0x111)
    expect(seen).toEqual(['socket 16 0', ...options, 'bind 100: 16 273'])
  })
  it('nothing stays open if the groups are refused', () => {
    const seen = calls()
    vi.mocked(libc().bind).mockImplementation(() => {
      throw new Error('EPERM')
    })
    expect(() => new NetlinkSocket(NETLINK_ROUTE, 1)).toThrow('EPERM')
    expect(seen.at(-1)).toBe('close 100')
  })
  it('nothing stays open if a request is refused', () => {
    const seen = calls()
    vi.spyOn(libc(), 'send').mockImplementation(() => {
      throw new Error('ENOBUFS')
    })
    const request = { name: 'RTM_GETLINK', type: 18, flags: 0, body: new Uint8Array(16) }
    expect(() => netlinkRequest(NETLINK_ROUTE, request)).toThrow('ENOBUFS')
    expect(seen).toEqual(['socket 16 0', ...options, 'close 100'])
  })
})
