/** Asks one server after the other, the next one as soon as one fails or is slow; the first answer ends all other requests. */
import type { Clock } from '@softspoken/session'

const PATIENCE = 1000 // milliseconds for one server before the next one is asked, too

/**
 * Resolves with the first answer. `isFinal` is true for a failure that the other servers would give, too.
 * Rejects with a final failure at once, otherwise with the failure of the first server after all have failed.
 */
export function firstAnswer<server, result>(
  servers: readonly server[],
  clock: Clock,
  isFinal: (error: unknown) => boolean,
  caller: AbortSignal,
  ask: (server: server, signal: AbortSignal) => Promise<result>,
): Promise<result> {
  return new Promise((resolve, reject) => {
    const controller = new AbortController()
    const signal = AbortSignal.any([caller, controller.signal])
    const failures = new Map<number, unknown>()
    let next = 0
    let timer: unknown
    const askNext = (): void => {
      clock.clearTimeout(timer)
      const i = next++
      if (i >= servers.length) return
      timer = clock.setTimeout(askNext, PATIENCE)
      ask(servers[i]!, signal).then(
        answer => {
          stop()
          resolve(answer)
        },
        error => {
          failures.set(i, error)
          if (!isFinal(error) && failures.size < servers.length) {
            if (i === next - 1) askNext()
            return
          }
          stop()
          reject(isFinal(error) ? error : failures.get(0))
        },
      )
    }
    const stop = (): void => {
      clock.clearTimeout(timer)
      next = servers.length
      controller.abort()
    }
    askNext()
  })
}
