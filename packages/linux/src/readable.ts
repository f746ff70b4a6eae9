/** Reads sockets that Node cannot wait for as soon as they have something: signal-driven I/O, as O_ASYNC of fcntl(2). */
import { constants } from 'node:os'
import { isMainThread } from 'node:worker_threads'
import { F_SETFL, F_SETOWN, F_SETSIG, O_ASYNC, SOCK_NONBLOCK } from './constants.ts'
import { libc } from './libc.ts'

/** Milliseconds between two reads while messages come, and between all reads if there are no signals. */
const INTERVAL = 50
/** Milliseconds between two reads while none come: libuv loses signals while a full pipe waits for the event loop. */
const QUIET_INTERVAL = 2000
/** Not SIGIO, which ends a process that does not listen: SIGURG is then ignored (signal(7)). */
const SIGNAL = 'SIGURG'

/** All sockets share the signal. */
const waiting = new Set<() => void>()

/**
 * Calls `read` when a message has come to one of the sockets, and at most every 50 ms while they keep coming. If there are no
 * signals, as in a worker thread, it calls `read` every 50 ms.
 * @param sockets Descriptors that do not block.
 * @param read It reads what has come, and returns whether there was anything. It must not throw: a signal or a timer runs it.
 * @returns The function that ends this, for before the sockets are closed. A second call does nothing.
 */
export function whenReadable(sockets: readonly number[], read: () => boolean): () => void {
  let hasSignals = isMainThread && isDone(sockets, own)
  let isArmed = false
  waiting.add(signalled)
  if (waiting.size === 1) process.on(SIGNAL, wake)
  arm(true)
  let timer = setTimeout(look, INTERVAL).unref() // what came before caused no signal
  return () => {
    clearTimeout(timer)
    if (waiting.delete(signalled) && waiting.size === 0) process.off(SIGNAL, wake)
  }

  function signalled(): void {
    if (isArmed) look()
  }
  /** A flood of messages is no flood of signals: a socket causes them only after a look that found nothing. */
  function look(): void {
    clearTimeout(timer)
    let found = read()
    if (!found && !isArmed) {
      arm(true)
      found = isArmed && read() // what came in between caused no signal
    }
    if (found) arm(false)
    if (waiting.has(signalled)) timer = setTimeout(look, isArmed ? QUIET_INTERVAL : INTERVAL).unref()
  }
  function arm(on: boolean): void {
    if (!hasSignals || on === isArmed || !waiting.has(signalled)) return
    const flags = SOCK_NONBLOCK | (on ? O_ASYNC : 0)
    hasSignals = isDone(sockets, socket => libc().fcntl(socket, F_SETFL, flags))
    isArmed = on && hasSignals
  }
}

function wake(): void {
  for (const signalled of waiting) signalled()
}
function own(socket: number): void {
  libc().fcntl(socket, F_SETOWN, process.pid)
  libc().fcntl(socket, F_SETSIG, constants.signals[SIGNAL])
}
function isDone(sockets: readonly number[], call: (socket: number) => void): boolean {
  try {
    sockets.forEach(call)
    return true
  } catch {
    return false
  }
}
