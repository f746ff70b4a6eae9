/** Ends a request that takes too long, whatever it waits for: a disk, a command, a connection, a server that sends slowly. */
import type { Clock } from '@softspoken/session'
import { LeaseStoreError } from '../election/lease-store.ts'

/**
 * `run` gets a signal that is aborted at the deadline, with the caller's signal, and when `run` fails. Nothing waits for `run`
 * after the deadline.
 * @throws LeaseStoreError with reason `timeout` at the deadline, and if the caller's signal is aborted
 */
export async function withDeadline<result>(
  clock: Clock,
  milliseconds: number,
  caller: AbortSignal,
  place: () => string,
  run: (signal: AbortSignal) => Promise<result>,
): Promise<result> {
  const controller = new AbortController()
  let end = (_reason: LeaseStoreError): void => {}
  const ended = new Promise<never>((_, reject) => {
    end = reject
  })
  const cancel = () => end(new LeaseStoreError('timeout', `the request to ${place()} was cancelled`))
  const timer = clock.setTimeout(
    () => end(new LeaseStoreError('timeout', `${place()} did not answer within ${milliseconds / 1000} seconds`)),
    milliseconds,
  )
  caller.addEventListener('abort', cancel, { once: true })
  try {
    if (caller.aborted) cancel()
    return await Promise.race(caller.aborted ? [ended] : [ended, run(controller.signal)])
  } catch (error) {
    controller.abort(error)
    throw error
  } finally {
    clock.clearTimeout(timer)
    caller.removeEventListener('abort', cancel)
  }
}
