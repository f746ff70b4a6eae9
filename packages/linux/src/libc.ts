/** The C library's functions that this package calls, through the optional dependency koffi. */
import { createRequire } from 'node:module'
import { getSystemErrorMap } from 'node:util'

/** Whether this package can make system calls here, and if not, why. */
export type LinuxSupport =
  | { readonly supported: true }
  | {
      readonly supported: false
      /** Another operating system; a runtime that does not use a socket made elsewhere (Deno, Bun); koffi not installed. */
      readonly reason: 'platform' | 'runtime' | 'koffi-missing'
      /** The reason as the end of a sentence, such as "this is darwin". */
      readonly detail: string
      /** The error of loading koffi. */
      readonly cause?: unknown
    }

/** Each throws an Error with `code`, `errno` and `syscall`, as Node's own system errors have them. */
export interface Libc {
  /** socket(2). Returns the descriptor. */
  socket(domain: number, type: number, protocol: number): number
  /** bind(2). `address` is a struct sockaddr. */
  bind(fd: number, address: Uint8Array): void
  /** setsockopt(2). */
  setsockopt(fd: number, level: number, name: number, value: Uint8Array): void
  /** close(2). */
  close(fd: number): void
  /** send(2). */
  send(fd: number, octets: Uint8Array): void
  /** recv(2) into `octets`. Returns the number of octets received. */
  recv(fd: number, octets: Uint8Array): number
}

/** Whether the functions of this package that take a TcpSocket work here. Loads koffi when it is called first. */
export function linuxSupport(): LinuxSupport {
  return supportWith(load)
}

/** As linuxSupport(), with another way to load koffi. */
export function supportWith(load: () => unknown, versions: object = process.versions): LinuxSupport {
  if (process.platform !== 'linux')
    return { supported: false, reason: 'platform', detail: `this is ${process.platform}` }
  // Their `net` makes a socket of its own in place of ours, and reports nothing.
  const runtime = ['deno', 'bun'].find(name => name in versions)
  if (runtime !== undefined)
    return {
      supported: false,
      reason: 'runtime',
      detail: `this is ${runtime}, which does not use a socket made elsewhere`,
    }
  try {
    load()
    return { supported: true }
  } catch (cause) {
    const detail = 'koffi cannot be loaded (npm install koffi)'
    return { supported: false, reason: 'koffi-missing', detail, cause }
  }
}

/** @throws Error if linuxSupport() reports no support. */
export function libc(): Libc {
  const support = linuxSupport()
  if (!support.supported) throw new Error(`no system calls here: ${support.detail}`, { cause: support.cause })
  return load()
}

let loaded: Libc | undefined
/** Loads koffi at the first call and not at import, so that a program bundled without koffi still starts. */
function load(): Libc {
  loaded ??= libcOf(createRequire(import.meta.url)('koffi'))
  return loaded
}

/** The part of koffi that is used. Its own types would have to be installed wherever ours are read. */
interface Koffi {
  /** null: the libraries that this process has loaded, so that glibc and musl need no difference. */
  load(library: null): { func(prototype: string): (...values: (number | Uint8Array)[]) => number }
  errno(): number
}

function libcOf(koffi: Koffi): Libc {
  const library = koffi.load(null)
  const checked = (result: string, syscall: string, parameters: string) => {
    const call = library.func(`${result} ${syscall}(${parameters})`)
    return (...values: (number | Uint8Array)[]): number => {
      const returned = call(...values)
      if (returned >= 0) return returned
      const errno = -koffi.errno()
      const [code, text] = getSystemErrorMap().get(errno) ?? ['UNKNOWN', `error ${-errno}`]
      throw Object.assign(new Error(`${syscall} ${code}: ${text}`), { errno, code, syscall })
    }
  }
  const bind = checked('int', 'bind', 'int fd, const void *address, uint32_t length')
  const setsockopt = checked('int', 'setsockopt', 'int fd, int level, int name, const void *value, uint32_t length')
  const send = checked('long', 'send', 'int fd, const void *octets, size_t length, int flags')
  const recv = checked('long', 'recv', 'int fd, void *octets, size_t length, int flags')
  return {
    socket: checked('int', 'socket', 'int domain, int type, int protocol'),
    bind: (fd, address) => bind(fd, address, address.length),
    setsockopt: (fd, level, name, value) => setsockopt(fd, level, name, value, value.length),
    close: checked('int', 'close', 'int fd'),
    send: (fd, octets) => send(fd, octets, octets.length, 0),
    recv: (fd, octets) => recv(fd, octets, octets.length, 0),
  }
}
