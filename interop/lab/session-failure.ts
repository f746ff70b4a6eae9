import type { LastError, Status } from '@softspoken/session'
import { waitFor } from './wait-for.ts'

/** Waits for the end of a session, or of an attempt at one: what ended it, and the seconds until the next dial. */
export async function lost(
  look: () => Status | undefined,
  within = 60,
): Promise<LastError & Pick<Status, 'nextDialIn'>> {
  return waitFor(
    () => {
      const { lastError, nextDialIn } = look() ?? {}
      return lastError && { ...lastError, ...(nextDialIn !== undefined && { nextDialIn }) }
    },
    { within, what: 'the session to fail' },
  )
}
