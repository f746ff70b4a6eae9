/** Several health checks in one: all must pass, and its error names each that does not. */
import { errorText } from '@softspoken/session/internal'
import type { Health } from './health-gate.ts'

export interface NamedHealth extends Health {
  readonly name: string
}

/** `timeout` is that of the gate, in seconds. */
export function allOf(all: readonly NamedHealth[], timeout: number): Health {
  const apiServer = all.find(one => one.apiServer)?.apiServer
  return {
    ...(apiServer && { apiServer }),
    load: () => Promise.all(all.map(({ load }) => load())),
    async check(signal) {
      const results = await Promise.allSettled(all.map(one => limited(one, signal, timeout)))
      const failed = results.flatMap(
        (result, at) =>
          result.status === 'rejected' ? [{ name: all[at]!.name, error: result.reason as unknown }] : [], // as many
      )
      if (failed.length === 0) return
      const sentence = failed.map(({ name, error }) => `${name}: ${errorText(error)}`).join('; ')
      const isMisconfigured = failed.some(({ error }) => reasonOf(error) === 'misconfigured')
      throw Object.assign(new Error(sentence), isMisconfigured && { reason: 'misconfigured' })
    },
  }
}

/** It ends a little before the gate's timeout, of which no error says which check it was. */
export function marginOf(timeout: number): number {
  return Math.min(0.1, timeout / 10)
}

async function limited({ check }: NamedHealth, signal: AbortSignal, timeout: number): Promise<void> {
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const end = (): void => {
      reject(new Error(`no answer within ${timeout} s`))
      ending.abort()
    }
    // A command has its own limit before that, and shows what it printed.
    timer = setTimeout(end, (timeout - marginOf(timeout) / 2) * 1000)
  })
  try {
    await Promise.race([check(AbortSignal.any([signal, ending.signal])), late])
  } finally {
    clearTimeout(timer)
  }
}

function reasonOf(error: unknown): unknown {
  return (error as { readonly reason?: unknown } | undefined)?.reason
}
