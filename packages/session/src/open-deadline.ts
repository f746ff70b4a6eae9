/**
 * The deadline of an OPEN. A connection without one must not block the other: while our own connection exists, an incoming
 * one has 10 s for its OPEN, and a queued OPEN waits 10 s for that of the preferred connection.
 */
import { type Candidate, type Connections, isConnected } from './connections.ts'
import { OPEN_HOLD_TIME, type Tick } from './fsm.ts'

const OPEN_TIMEOUT = 10_000 // milliseconds in which a connection must receive its OPEN if it may block another

/** Bounds the wait for an OPEN. RFC 4271 §8.2.2 suggests 4 minutes, without regard to a second connection. */
export function limitOpenWait(connections: Connections, t: Tick): Connections {
  const { main, pending, outgoingSince = t.now, ...rest } = connections
  const isDialling = main.machine.state === 'Connect'
  const hasOutgoing = main.side === 'outgoing' && (isConnected(main.machine) || isDialling)
  const isUnchanged = hasOutgoing === (connections.outgoingSince !== undefined)
  if (pending === undefined && main.machine.state !== 'OpenSent' && isUnchanged) return connections
  return {
    ...rest,
    main: withOpenDeadline(main, pending, undefined),
    ...(pending && {
      pending: withOpenDeadline(
        pending,
        main,
        hasOutgoing ? Math.max(pending.machine.since, outgoingSince) + OPEN_TIMEOUT : undefined,
      ),
    }),
    ...(hasOutgoing && { outgoingSince }),
  }
}
/** `limit` is the latest time for its OPEN, besides the one that a queued OPEN of the other connection sets. */
function withOpenDeadline(candidate: Candidate, other: Candidate | undefined, limit: number | undefined): Candidate {
  const { machine, queue } = candidate
  if (machine.state !== 'OpenSent') return candidate
  const { queuedAt } = other ?? {}
  const limits = queue.length > 0 ? [] : [limit, queuedAt === undefined ? undefined : queuedAt + OPEN_TIMEOUT]
  const holdTimer = Math.min(machine.since + OPEN_HOLD_TIME * 1000, ...limits.filter(time => time !== undefined))
  return { ...candidate, machine: { ...machine, timers: { ...machine.timers, holdTimer } } }
}
