/**
 * Runs a check, and rejects when the signal is aborted, whatever the check does then: a connection may end without any event.
 */
export async function untilAborted(signal: AbortSignal, check: () => Promise<void>): Promise<void> {
  signal.throwIfAborted()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort)
  })
  try {
    await Promise.race([check(), aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
