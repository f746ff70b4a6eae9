/** Seconds that a busy machine with two cores may add to what is promised. */
export const LATE = 5

/** Resolves once `holds` is true, which is asked again and again; rejects after `seconds`. The last look begins after them. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  seconds: number,
  what: string | (() => string),
  interval = 0.05,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  for (;;) {
    const isLast = performance.now() >= end
    if (await holds()) return
    if (isLast) throw new Error(`not within ${seconds} s: ${typeof what === 'string' ? what : what()}`)
    await pause(interval)
  }
}

export function pause(seconds: number): Promise<void> {
  return new Promise(done => setTimeout(done, seconds * 1000))
}
