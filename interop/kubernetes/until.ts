/** Resolves once `holds` is true, which is asked again and again; rejects after `seconds`. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  seconds: number,
  what: string | (() => string),
  interval = 0.05,
): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${seconds} s: ${typeof what === 'string' ? what : what()}`)
    await pause(interval)
  }
}

export function pause(seconds: number): Promise<void> {
  return new Promise(done => setTimeout(done, seconds * 1000))
}
