/**
 * Resolves when everything has happened that needs no time to pass: streams use queues that are empty before the event loop
 * comes round, and a connection in memory carries nothing from one of its turns to the next.
 */
export async function settled(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve))
}
