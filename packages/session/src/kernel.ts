/** The few system calls that Node's `net` does not make: on Linux alone, through the optional dependency koffi. */
import { createRequire } from 'node:module'
import { getSystemErrorMap } from 'node:util'

/** What they are called with; the numbers are those of Linux's generic headers, on every architecture Node is built for. */
export const linux = {
  AF_INET: 2,
  AF_INET6: 10,
  AF_NETLINK: 16,
  SOCK_STREAM: 1,
  SOCK_RAW: 3,
  SOCK_NONBLOCK: 0o4000,
  SOCK_CLOEXEC: 0o2000000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_BINDTODEVICE: 25,
  NETLINK_ROUTE: 0,
  IPPROTO_IP: 0,
  IP_TOS: 1,
  IP_TTL: 2,
  IP_MINTTL: 21,
  IPPROTO_TCP: 6,
  TCP_MD5SIG: 14,
  TCP_USER_TIMEOUT: 18,
  IPPROTO_IPV6: 41,
  IPV6_UNICAST_HOPS: 16,
  IPV6_V6ONLY: 26,
  IPV6_TCLASS: 67,
  IPV6_MINHOPCOUNT: 73,
} as const

/** Each throws what the system says, with `code` and `syscall` as Node's own errors have them. */
export interface Kernel {
  /** A TCP socket, nonblocking as libuv wants it, that no child process inherits. */
  socket(domain: number): number
  bind(fd: number, sockaddr: Uint8Array): void
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): void
  close(fd: number): void
  /** What rtnetlink(7) answers to one request, or its beginning if that is very long. It does not wait. */
  rtnetlink(request: Uint8Array): Uint8Array
}

/** The kernel, or in words why it is out of reach here. */
export type Found =
  | { readonly kernel: Kernel }
  | { readonly kernel?: undefined; readonly why: string; readonly cause?: unknown }

/** Looks when it is called, and not before: a program that was bundled without koffi goes on without it. */
export function findKernel(load: () => Kernel = loadOnce): Found {
  const why = outOfReach()
  if (why !== undefined) return { why }
  try {
    return { kernel: load() }
  } catch (cause) {
    return { why: 'koffi could not be loaded, npm install koffi adds it', cause }
  }
}

/** In words, where no package would help. The `net` of Deno and Bun makes a socket of its own in place of ours, and says nothing. */
export function outOfReach(versions: object = process.versions): string | undefined {
  if (process.platform !== 'linux') return `this is ${process.platform}`
  const other = ['deno', 'bun'].find(runtime => runtime in versions)
  return other && `this is ${other}, which takes no socket made elsewhere`
}

let loaded: Kernel | undefined
function loadOnce(): Kernel {
  loaded ??= kernelOf(createRequire(import.meta.url)('koffi'))
  return loaded
}

/** What is used of koffi; its own types would have to be installed wherever ours are read. */
interface Koffi {
  /** null: the libraries that this process has already, so that glibc and musl are the same to us. */
  load(library: null): { func(prototype: string): (...values: (number | Uint8Array)[]) => number }
  errno(): number
}

function kernelOf(koffi: Koffi): Kernel {
  const libc = koffi.load(null)
  const socket = libc.func('int socket(int domain, int type, int protocol)')
  const bind = libc.func('int bind(int fd, const void *address, uint32_t length)')
  const setsockopt = libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)')
  const close = libc.func('int close(int fd)')
  const send = libc.func('long send(int fd, const void *octets, size_t length, int flags)')
  const recv = libc.func('long recv(int fd, void *octets, size_t length, int flags)')
  const checked = (syscall: string, result: number): number => {
    if (result >= 0) return result
    const errno = -koffi.errno()
    const [code, text] = getSystemErrorMap().get(errno) ?? ['UNKNOWN', `error ${-errno}`]
    throw Object.assign(new Error(`${syscall} ${code}: ${text}`), { errno, code, syscall })
  }
  const type = linux.SOCK_STREAM | linux.SOCK_NONBLOCK | linux.SOCK_CLOEXEC
  return {
    socket: domain => checked('socket', socket(domain, type, linux.IPPROTO_TCP)),
    bind: (fd, sockaddr) => void checked('bind', bind(fd, sockaddr, sockaddr.length)),
    setsockopt: (fd, level, name, value) =>
      void checked('setsockopt', setsockopt(fd, level, name, value, value.length)),
    close: fd => void checked('close', close(fd)),
    rtnetlink(request) {
      const kind = linux.SOCK_RAW | linux.SOCK_NONBLOCK | linux.SOCK_CLOEXEC
      const fd = checked('socket', socket(linux.AF_NETLINK, kind, linux.NETLINK_ROUTE))
      try {
        checked('send', send(fd, request, request.length, 0))
        const parts: Uint8Array[] = []
        // The answer is there once the request is sent, in parts of less than this.
        while (parts.length < MOST_PARTS) {
          const part = new Uint8Array(LARGEST_PART)
          const length = recv(fd, part, part.length, 0)
          if (length <= 0) break
          parts.push(part.subarray(0, length))
          if (isLast(part)) break
        }
        return Buffer.concat(parts)
      } finally {
        close(fd)
      }
    },
  }
}

const LARGEST_PART = 32768 // octets that the system puts into one part at most
const MOST_PARTS = 32
const NLMSG_DONE = 3
/** The part that ends a list has nothing else in it. */
function isLast(part: Uint8Array): boolean {
  return new Uint16Array(part.buffer, 4, 1)[0] === NLMSG_DONE
}
