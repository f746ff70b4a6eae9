/** Faults for a proof to find: each changes one cell of the shipped state machine. */
import { type EventName, type Machine, type Step, TABLE } from '../src/fsm.ts'

export interface MachineFault {
  readonly name: string
  readonly state: Machine['state']
  readonly event: EventName
  readonly change: (right: Step) => Step
}

const withoutTimer = (timer: keyof Machine['timers']): MachineFault['change'] => {
  return ([machine, actions]) => {
    const { [timer]: _, ...timers } = machine.timers
    return [{ ...machine, timers }, actions]
  }
}

/** What the comparison with another machine finds. */
export const machineFaults: readonly MachineFault[] = [
  {
    name: 'no hold timer in OpenConfirm',
    state: 'OpenSent',
    event: 'open',
    change: withoutTimer('holdTimer'),
  },
  {
    name: 'an UPDATE does not restart the hold timer',
    state: 'Established',
    event: 'update',
    change: ([machine, actions]) => [
      { ...machine, timers: { ...machine.timers, holdTimer: (machine.timers.holdTimer ?? 0) - 1000 } },
      actions,
    ],
  },
  {
    name: 'no KEEPALIVE answers the OPEN',
    state: 'OpenSent',
    event: 'open',
    change: ([machine, actions]) => [machine, actions.filter(({ type }) => type !== 'send')],
  },
  {
    name: 'the hold timer expires without a NOTIFICATION',
    state: 'OpenSent',
    event: 'holdTimer',
    change: ([machine, actions]) => [machine, actions.filter(({ type }) => type !== 'send')],
  },
  {
    name: 'a NOTIFICATION is answered',
    state: 'Established',
    event: 'notification',
    change: ([machine, actions]) => [machine, [{ type: 'send', message: { type: 'keepalive' } }, ...actions]],
  },
]

/** `play` with the fault in the shipped table. */
export async function withFault<result>(
  { state, event, change }: MachineFault,
  play: () => Promise<result>,
): Promise<result> {
  const row = TABLE[state] as Record<EventName, (...of: unknown[]) => Step>
  const right = row[event] ?? TABLE[state].otherwise
  row[event] = (...of) => change(right(...of))
  try {
    return await play()
  } finally {
    row[event] = right
  }
}
