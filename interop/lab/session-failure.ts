import type { SessionStatus } from '@softspoken/session'
import { waitFor } from './wait-for.ts'

/** Waits until a session or a dial has failed. Resolves with the failure and the seconds until the next dial. */
export async function sessionFailure(
  look: () => SessionStatus | undefined,
  within = 60,
): Promise<NonNullable<SessionStatus['lastFailure']> & Pick<SessionStatus, 'nextDialIn'>> {
  return waitFor(
    () => {
      const { lastFailure, nextDialIn } = look() ?? {}
      return lastFailure && { ...lastFailure, ...(nextDialIn !== undefined && { nextDialIn }) }
    },
    { within, what: 'the session to fail' },
  )
}
