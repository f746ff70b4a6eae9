/**
 * Runs a check, and rejects once the signal is aborted, whatever the check does then: a connection may end in a way that
 * none of its events tells.
 */
export async function untilAborted(signal: AbortSignal, check: () => Promise<void>): Promise<void> {
  signal.throwIfAborted()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    await Promise.race([check(), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
