/**
 * What systemd wants to hear of a service with Type=notify: that it is ready, that it is stopping, and, where the unit has
 * WatchdogSec, that its event loop still turns. See sd_notify(3).
 *
 * It listens on a datagram socket in the file system, which Node has not. So systemd's own command says it: the command is
 * there wherever systemd is, two short processes per WatchdogSec cost little, and a system call of ours would need koffi.
 * For systemd to believe a child, the unit has NotifyAccess=all.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Delivers one assignment, such as READY=1. Rejects where it could not. */
type Send = (assignment: string) => Promise<unknown>

interface ServiceManager {
  /** From now on the watchdog is fed as well, to the very end: it must not end what is draining. */
  ready(): void
  stopping(): void
}

/** Says nothing where nobody listens, as outside of systemd. `failed` hears the first failure. */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  failed: (error: unknown) => void,
  send: Send = systemdNotify,
): ServiceManager {
  if (!env.NOTIFY_SOCKET) return { ready() {}, stopping() {} }
  let broken = false
  const say = (assignment: string): void => {
    send(assignment).catch(error => {
      if (!broken) failed(error)
      broken = true
    })
  }
  return {
    ready() {
      say('READY=1')
      const limit = watchdog(env)
      // Twice in the time allowed, as sd_watchdog_enabled(3) says. The timer alone keeps no process alive.
      if (limit !== undefined) setInterval(say, limit / 2, 'WATCHDOG=1').unref()
    },
    stopping: () => say('STOPPING=1'),
  }
}

/** Milliseconds after which systemd gives us up, if it watches this process. */
function watchdog({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  if (!WATCHDOG_USEC || (WATCHDOG_PID && Number(WATCHDOG_PID) !== process.pid)) return undefined
  return Number(WATCHDOG_USEC) / 1000
}

const run = promisify(execFile)
function systemdNotify(assignment: string): Promise<unknown> {
  return run('systemd-notify', [assignment], { timeout: 5_000 })
}
