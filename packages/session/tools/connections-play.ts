/** One or two connections that a test plays step by step, in virtual time. */
import type { Message, Open } from '@softspoken/wire'
import { type SessionAction, type SessionInput, stepSession } from '../src/collision.ts'
import { configure } from '../src/config.ts'
import { type CollisionSide, type Connections, furthest, newConnections, sessionDeadline } from '../src/connections.ts'
import type { Down, SessionState } from '../src/events.ts'
import type { SessionOptions } from '../src/options.ts'

export const given: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}

export const nothing = new Uint8Array()

export const openOf = (id: string, change: Partial<Open> = {}): Open => ({
  type: 'open',
  version: 4,
  as: 65002,
  holdTime: 90,
  id,
  capabilities: [{ name: 'multiprotocol', afi: 1, safi: 1 }],
  ...change,
})

/** The peer whose own dial is preferred, and the one whose is not. */
export const higher = openOf('192.0.2.2')

export const lower = openOf('192.0.2.0')

export const keepalive: Message = { type: 'keepalive' }

export const notificationOf = (code: number, subcode: number): Message => ({
  type: 'notification',
  code,
  subcode,
  data: nothing,
})

export class Play {
  pair: Connections
  now = 0
  log: string[] = []
  downs: Down[] = []

  constructor(settings: Partial<SessionOptions> = {}) {
    this.pair = newConnections(configure({ ...given, ...settings }), 0)
  }
  get state(): SessionState {
    return furthest(this.pair).machine.state
  }
  /** Which connections there are, and how far each has come. */
  get connections(): Partial<Record<CollisionSide, SessionState>> {
    const sides = [this.pair.main, this.pair.pending].flatMap(side => side ?? [])
    return Object.fromEntries(sides.map(({ side, machine }) => [side, machine.state]))
  }
  get down(): Down | undefined {
    return this.downs.at(-1)
  }
  get history() {
    return this.pair.main.machine.history
  }
  do(input: SessionInput, side?: CollisionSide): this {
    const [next, actions] = stepSession(this.pair, input, { now: this.now, jitter: 1 }, side)
    this.pair = next
    for (const action of actions)
      if (action.type === 'emit' && action.event.type === 'down') this.downs.push(action.event)
    this.log.push(...actions.map(describeAction))
    return this
  }
  receive(side: CollisionSide, ...messages: Message[]): this {
    for (const message of messages) this.do({ type: 'message', message }, side)
    return this
  }
  lose(side: CollisionSide): this {
    return this.do({ type: 'disconnected', reason: 'closed', detail: 'closed' }, side)
  }
  /** Lets seconds pass; each timer that runs out on the way does so at its time. */
  wait(seconds: number): this {
    const until = this.now + seconds * 1000
    for (let at = sessionDeadline(this.pair); at !== undefined && at <= until; at = sessionDeadline(this.pair)) {
      this.now = Math.max(this.now, at)
      this.do({ type: 'tick' })
    }
    this.now = until
    return this
  }
  /** The actions since the last call. */
  taken(): string {
    return this.log.splice(0).join(', ')
  }
  reach(place: 'Connect' | 'OpenSent' | 'OpenConfirm' | 'Established', open: Open = higher): this {
    this.do({ type: 'start' })
    if (place !== 'Connect') this.do({ type: 'connected' }, 'outgoing')
    if (place === 'OpenConfirm' || place === 'Established') this.receive('outgoing', open)
    if (place === 'Established') this.receive('outgoing', keepalive)
    this.taken()
    return this
  }
  /** Both connections are up, and nothing has arrived on either. */
  both(): this {
    this.reach('OpenSent').do({ type: 'accepted' })
    this.taken()
    return this
  }
}

export function describeAction(action: SessionAction): string {
  if (action.type === 'emit')
    return action.event.type === 'state' ? `-> ${action.event.to}` : `emit ${action.event.type}`
  const { side } = action
  if (action.type !== 'send') return `${side}: ${action.type}`
  const { message } = action
  return `${side}: send ${message.type === 'notification' ? `${message.code}/${message.subcode}` : message.type}`
}
