import type { LastError, Status } from '@softspoken/session'
import { waitFor } from './wait-for.ts'

/** Waits until a session or a dial has failed. Resolves with the failure and the seconds until the next dial. */
export async function sessionFailure(
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
