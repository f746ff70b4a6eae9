/**
 * Notifies systemd, for a unit with Type=notify, that the program is ready and that it is stopping; with WatchdogSec, also
 * that its event loop still runs. See sd_notify(3).
 *
 * systemd listens on a Unix datagram socket, which Node cannot use. So the command systemd-notify sends the notifications:
 * it exists wherever systemd does, two short processes per WatchdogSec cost little, and our own system call would need
 * koffi. The unit needs NotifyAccess=all, because the command is a child process.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Sends one assignment, such as READY=1. Rejects if it cannot. */
type Send = (assignment: string) => Promise<unknown>

interface ServiceManager {
  /** Also notifies the watchdog from now on, to the very end, because systemd must not kill a program that is draining. */
  ready(): void
  stopping(): void
}

/** Does nothing outside of systemd. `failed` is called with the first failure. */
export function serviceManager(
  env: NodeJS.ProcessEnv,
  failed: (error: unknown) => void,
  send: Send = systemdNotify,
): ServiceManager {
  if (!env.NOTIFY_SOCKET) return { ready() {}, stopping() {} }
  let broken = false
  const notify = (assignment: string): void => {
    send(assignment).catch(error => {
      if (!broken) failed(error)
      broken = true
    })
  }
  return {
    ready() {
      notify('READY=1')
      const limit = watchdog(env)
      // Twice per WatchdogSec, see sd_watchdog_enabled(3). This timer alone does not keep the process alive.
      if (limit !== undefined) setInterval(notify, limit / 2, 'WATCHDOG=1').unref()
    },
    stopping: () => notify('STOPPING=1'),
  }
}

/** Milliseconds after which systemd kills this process, if it watches it. */
function watchdog({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | undefined {
  if (!WATCHDOG_USEC || (WATCHDOG_PID && Number(WATCHDOG_PID) !== process.pid)) return undefined
  return Number(WATCHDOG_USEC) / 1000
}

const run = promisify(execFile)
function systemdNotify(assignment: string): Promise<unknown> {
  return run('systemd-notify', [assignment], { timeout: 5_000 })
}
