/** The rows of the budget in docs/defaults.md, and how dials end in each; in every way if undefined. */
import type { EndingName } from '../src/dial-budget.ts'

const answered: readonly EndingName[] = [
  'rejected',
  'administrative Cease',
  'stable session, then rejected',
  'stable session, then administrative Cease',
  'stable session, then restarted',
  'stable session, then reset',
]
export const budgetRows = {
  'TCP fails: refused or dropped': ['TCP fails'],
  'the router answers and then rejects us, for any reason': answered,
  'the router sends an administrative Cease': answered.filter(ending => !/(rejected|reset)$/.test(ending)),
  'any mix of these, with sessions that were stable in between': undefined,
} as const satisfies Readonly<Record<string, readonly EndingName[] | undefined>>
