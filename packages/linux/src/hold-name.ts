/** A name that one process of this network namespace holds: an abstract socket of unix(7), which is no file. */
import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from './constants.ts'
import { libc } from './libc.ts'
import { littleEndian } from './sockaddr.ts'

/**
 * Holds a name in this network namespace until the process ends, however it ends, or calls the function that is returned. No child
 * process has it. It needs no rights, so any process of the namespace can take the name.
 * @param name At most 107 octets, with which `ss -xl` shows it after an @.
 * @returns A function that lets go of the name; undefined if it is held, by this process or another.
 * @throws Error with `code` and `syscall`; Error if `linuxSupport()` reports no support.
 */
export function holdName(name: string): (() => void) | undefined {
  const { socket, bind, close } = libc()
  const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)
  try {
    bind(fd, sockaddrUn(name))
  } catch (error) {
    close(fd)
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined
    throw error
  }
  let isHeld = true
  return () => {
    if (isHeld) close(fd) // the number may be another file's by the second call
    isHeld = false
  }
}

/** `struct sockaddr_un`: an abstract name begins with a zero, and ends with the struct. */
function sockaddrUn(name: string): Uint8Array {
  const family = new Uint8Array(2)
  new DataView(family.buffer).setUint16(0, AF_UNIX, littleEndian)
  return Buffer.concat([family, Buffer.from(`\0${name}`)])
}
