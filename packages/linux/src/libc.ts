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
  /** recv(2) into `octets`. Returns the number of octets received, or undefined if there is nothing to receive (EAGAIN). */
  recv(fd: number, octets: Uint8Array): number | undefined
  /** fcntl(2) with a number as its argument. */
  fcntl(fd: number, command: number, value: number): void
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
  loaded ??= libcOf(finder(null))
  return loaded
}

/** The part of koffi that is used. With koffi's own types, a program could not read ours without koffi. */
interface Koffi {
  /** null: the libraries that this process has loaded, so that glibc and musl need no difference. */
  load(library: string | null): { func(prototype: string): CFunction }
  errno(): number
  address(octets: Uint8Array): bigint
  sizeof(type: string): number
}

/** A function of the C library. koffi gives it the octets themselves, and not a copy. */
type CFunction = (...values: (number | bigint | string | Uint8Array | null)[]) => number

/**
 * One function of the C library, such as `int close(int fd)`. It throws a system error if it returns less than 0.
 * @param library The library that older versions of glibc have the function in.
 * @throws Error if linuxSupport() reports no support, or if there is no such function.
 */
export function cFunction(result: string, name: string, parameters: string, library?: string): CFunction {
  libc()
  try {
    return finder(null)(result, name, parameters)
  } catch (error) {
    if (library === undefined) throw error
    return finder(library)(result, name, parameters)
  }
}

/**
 * A pointer to these octets, as a struct has it: 4 or 8 octets. It is valid while the octets are in use.
 * @throws Error if linuxSupport() reports no support.
 */
export function pointerTo(octets: Uint8Array): Uint8Array {
  libc()
  const koffi = loadKoffi()
  const address = koffi.address(octets)
  const pointer = koffi.sizeof('void *') === 8 ? BigUint64Array.of(address) : Uint32Array.of(Number(address))
  return new Uint8Array(pointer.buffer)
}

function loadKoffi(): Koffi {
  return createRequire(import.meta.url)('koffi')
}

/** With `expected`, a function returns the negative of that error number instead of throwing it. */
type Find = (result: string, name: string, parameters: string, expected?: number) => CFunction

function finder(library: string | null): Find {
  const koffi = loadKoffi()
  const functions = koffi.load(library)
  return (result, name, parameters, expected) => {
    const call = functions.func(`${result} ${name}(${parameters})`)
    return (...values) => {
      const returned = call(...values)
      if (returned >= 0) return returned
      const errno = koffi.errno()
      if (errno === expected) return -errno
      throw systemError(name, errno)
    }
  }
}

/** An Error with `code`, `errno` and `syscall`, as Node's own system errors have them. */
export function systemError(syscall: string, errno: number): Error {
  errors ??= getSystemErrorMap() // it makes a new map at each call
  const [code, text] = errors.get(-errno) ?? ['UNKNOWN', `error ${errno}`]
  return Object.assign(new Error(`${syscall} ${code}: ${text}`), { errno: -errno, code, syscall })
}

/** The error, with more words in parentheses. */
export function withDetail(error: Error, detail: string | undefined): Error {
  if (detail !== undefined) error.message += ` (${detail})`
  return error
}

let errors: ReturnType<typeof getSystemErrorMap> | undefined

export const EAGAIN = 11

function libcOf(find: Find): Libc {
  const bind = find('int', 'bind', 'int fd, const void *address, uint32_t length')
  const setsockopt = find('int', 'setsockopt', 'int fd, int level, int name, const void *value, uint32_t length')
  const send = find('long', 'send', 'int fd, const void *octets, size_t length, int flags')
  const recv = find('long', 'recv', 'int fd, void *octets, size_t length, int flags', EAGAIN)
  const fcntl = find('int', 'fcntl', 'int fd, int command, ...')
  return {
    socket: find('int', 'socket', 'int domain, int type, int protocol'),
    bind: (fd, address) => bind(fd, address, address.length),
    setsockopt: (fd, level, name, value) => setsockopt(fd, level, name, value, value.length),
    close: find('int', 'close', 'int fd'),
    send: (fd, octets) => send(fd, octets, octets.length, 0),
    recv: (fd, octets) => {
      // A socket that is polled has mostly nothing, and an Error each time costs more than the call.
      const length = recv(fd, octets, octets.length, 0)
      return length < 0 ? undefined : length
    },
    fcntl: (fd, command, value) => fcntl(fd, command, 'int', value),
  }
}
