import { type MessageCounters, Session, type SessionFailure, type SessionOptions } from '@softspoken/session'
import { MemorySocket, openMessage, ScriptedConnection, VirtualClock } from '@softspoken/session/testing'
import { encode, type Update } from '@softspoken/wire'

export const withdrawal: Update = { type: 'update', withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] }

/** LOCAL_PREF from an external peer is discarded (RFC 7606 §7.5). */
export const withLocalPref = encode({
  type: 'update',
  withdrawn: [],
  attributes: { origin: 'igp', asPath: [{ type: 'sequence', as: [65002] }], nextHop: '192.0.2.2', localPref: 7 },
  announced: ['198.51.100.7/32'],
})

/** An undefined ORIGIN is treated as withdraw (RFC 7606 §7.1). */
export const strange = withLocalPref.with(26, 9)

export const options: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}

/** A session that dials, and a passive one. `ends` are the sockets of the latest connection. */
export function pairOfSessions(given: Partial<SessionOptions> = {}) {
  const clock = new VirtualClock()
  let latest: readonly [MemorySocket, MemorySocket] | undefined
  const far = new Session({
    local: { as: 65002, id: '192.0.2.2' },
    peer: { as: 65001, address: '192.0.2.1' },
    passive: true,
    clock,
    random: () => 1,
    ...given,
  })
  const near = new Session({
    ...options,
    ...given,
    clock,
    random: () => 1,
    dial: () => {
      const [caller, answerer] = (latest = MemorySocket.pair())
      caller.once('connect', () => far.accept(answerer))
      caller.emitConnect()
      return caller
    },
  })
  far.start()
  near.start()
  const ends = (): readonly [MemorySocket, MemorySocket] => latest! // start() has dialled
  return { near, far, clock, ends }
}

/** A session, and a peer that the test scripts: a new one for each dial. `ends` are the session's sockets. */
export function scripted(given: Partial<SessionOptions> = {}, { answers = true, start = true } = {}) {
  const clock = new VirtualClock()
  const lines: { level: string; text: string; [field: string]: unknown }[] = []
  const note = (level: string) => (fields: object, text: string) => void lines.push({ level, text, ...fields })
  const peers: ScriptedConnection[] = []
  const ends: MemorySocket[] = []
  const session = new Session({
    ...options,
    clock,
    random: () => 1,
    log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
    dial: () => {
      const [near, far] = MemorySocket.pair()
      ends.push(near)
      peers.push(new ScriptedConnection(far))
      if (answers) near.emitConnect()
      return near
    },
    ...given,
  })
  if (start) session.start()
  const peer = (): ScriptedConnection => peers.at(-1)! // asked for after a dial
  return { session, clock, peer, ends: () => ends, lines }
}

/** A connection whose methods throw. `broken.peer` is the peer of the latest one. */
export function broken(...methods: ('write' | 'end' | 'destroy')[]): MemorySocket {
  const [near, far] = MemorySocket.pair()
  broken.peer = new ScriptedConnection(far)
  near.emitConnect()
  for (const method of methods)
    near[method] = () => {
      throw new Error(`no ${method}`)
    }
  return near
}

broken.peer = undefined as ScriptedConnection | undefined

/** The peer makes a connection to the session. */
export function connectTo(session: Session): ScriptedConnection {
  const [near, far] = MemorySocket.pair()
  session.accept(near)
  return new ScriptedConnection(far)
}

export async function established() {
  const stage = scripted()
  await stage.clock.advance(0)
  await establish(stage.clock, stage.peer())
  return stage
}

export async function establish(clock: VirtualClock, peer: ScriptedConnection): Promise<void> {
  await clock.advance(0)
  peer.send(openMessage(65002), { type: 'keepalive' })
  await clock.advance(0)
}

export function collectDowns(session: Session): SessionFailure[] {
  const downs: SessionFailure[] = []
  session.on('down', down => downs.push(down))
  return downs
}

export function counters(seen: Partial<MessageCounters['byType']>): MessageCounters {
  const none = { open: 0, update: 0, notification: 0, keepalive: 0, 'route-refresh': 0, malformed: 0 }
  return { byType: { ...none, ...seen }, notifications: [] }
}
