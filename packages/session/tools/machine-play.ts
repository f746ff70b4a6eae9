/** A state machine that a test plays step by step, in virtual time. */
import type { Message, Update } from '@softspoken/wire'
import { configure } from '../src/config.ts'
import type { Down, SessionState } from '../src/events.ts'
import {
  type Action,
  type EventName,
  type Input,
  type Machine,
  newMachine,
  nextDeadline,
  step,
  type Timer,
} from '../src/fsm.ts'
import type { SessionOptions } from '../src/options.ts'
import { openMessage } from '../src/testing/scripted-connection.ts'

export const given: SessionOptions = {
  local: { as: 65001, id: '192.0.2.1' },
  peer: { as: 65002, address: '192.0.2.2' },
}

export const open = openMessage(65002, {
  id: '192.0.2.2',
  capabilities: [
    { name: 'multiprotocol', afi: 1, safi: 1 },
    { name: 'route-refresh' },
    { name: 'enhanced-route-refresh' },
    { name: 'four-octet-as', as: 65002 },
  ],
})

export const update: Update = { type: 'update', withdrawn: ['198.51.100.10/32'], attributes: {}, announced: [] }

export const nothing = new Uint8Array()

/** Holds a machine, and records its actions, in words. */
export class Play {
  machine: Machine
  now = 0
  jitter = 1
  log: string[] = []
  downs: Down[] = []

  constructor(settings: Partial<SessionOptions> = {}) {
    this.machine = newMachine(configure({ ...given, ...settings }), 0)
  }
  get state(): SessionState {
    return this.machine.state
  }
  /** Seconds that each running timer still has. */
  get timers(): Partial<Record<Timer, number>> {
    return Object.fromEntries(Object.entries(this.machine.timers).map(([name, at]) => [name, (at - this.now) / 1000]))
  }
  do(...inputs: Input[]): this {
    for (const input of inputs) {
      const before = this.machine.state
      const [next, actions] = step(this.machine, input, { now: this.now, jitter: this.jitter })
      this.machine = next
      for (const action of actions)
        if (action.type === 'emit' && action.event.type === 'down') this.downs.push(action.event)
      this.log.push(...actions.map(describeAction), ...(next.state === before ? [] : [`-> ${next.state}`]))
    }
    return this
  }
  receive(...messages: Message[]): this {
    return this.do(...messages.map((message): Input => ({ type: 'message', message })))
  }
  /** Lets seconds pass; each timer that runs out on the way does so at its time. */
  wait(seconds: number): this {
    const until = this.now + seconds * 1000
    for (let at = nextDeadline(this.machine); at !== undefined && at <= until; at = nextDeadline(this.machine)) {
      this.now = Math.max(this.now, at)
      this.do({ type: 'tick' })
    }
    this.now = until
    return this
  }
  /** As a process that was stopped and goes on: every timer is found late. */
  sleep(seconds: number): this {
    this.now += seconds * 1000
    return this
  }
  /** The actions since the last call. */
  taken(): string {
    return this.log.splice(0).join(', ')
  }
  reach(place: Place): this {
    const way: Record<Place, () => unknown> = {
      'Idle, stopped': () => {},
      'Idle, waiting': () => this.reach('Connect').do({ type: 'disconnected', reason: 'closed', detail: 'refused' }),
      Connect: () => this.do({ type: 'start' }),
      Active: () => this.do({ type: 'start' }), // where passive
      OpenSent: () =>
        this.do({ type: 'start' }, this.machine.config.passive ? { type: 'accepted' } : { type: 'connected' }),
      OpenConfirm: () => this.reach('OpenSent').receive(open),
      Established: () => this.reach('OpenConfirm').receive({ type: 'keepalive' }),
    }
    way[place]()
    this.log = []
    this.downs = []
    return this
  }
  get down(): Down | undefined {
    return this.downs.at(-1)
  }
}

export function describeAction(action: Action): string {
  if (action.type === 'send') return `send ${describeMessage(action.message)}`
  if (action.type === 'close') return action.atOnce ? 'close at once' : 'close'
  if (action.type !== 'emit') return action.type
  return `emit ${action.event.type}`
}

export function describeMessage(message: Message): string {
  return message.type === 'notification' ? `${message.code}/${message.subcode}` : message.type
}

/** A state, and Idle twice: after stop() nothing may wake it but start(). */
export type Place = 'Idle, stopped' | 'Idle, waiting' | Exclude<SessionState, 'Idle'>

export const places: readonly Place[] = [
  'Idle, stopped',
  'Idle, waiting',
  'Connect',
  'Active',
  'OpenSent',
  'OpenConfirm',
  'Established',
]

export const inputs: Record<EventName, Input> = {
  start: { type: 'start' },
  stop: { type: 'stop', communication: 'maintenance' },
  send: { type: 'send', update },
  resend: { type: 'resend', family: 'ipv4-unicast', updates: [update] },
  sent: { type: 'sent' },
  'own-address': { type: 'own-address', address: '192.0.2.1', presence: 'gone' },
  accepted: { type: 'accepted' },
  connected: { type: 'connected' },
  disconnected: { type: 'disconnected', reason: 'closed', detail: 'reset' },
  collision: { type: 'collision' },
  malformed: {
    type: 'malformed',
    reason: 'notification-sent',
    sent: { type: 'notification', code: 1, subcode: 1, data: nothing },
    detail: 'the marker is not all ones',
  },
  open: { type: 'message', message: open },
  update: { type: 'message', message: update },
  notification: { type: 'message', message: { type: 'notification', code: 3, subcode: 1, data: nothing } },
  keepalive: { type: 'message', message: { type: 'keepalive' } },
  'route-refresh': { type: 'message', message: { type: 'route-refresh', afi: 1, safi: 1, subtype: 0 } },
  idleHoldTimer: { type: 'tick' },
  connectRetryTimer: { type: 'tick' },
  holdTimer: { type: 'tick' },
  keepaliveTimer: { type: 'tick' },
  sendHoldTimer: { type: 'tick' },
}

export function refreshFor(afi: number, subtype = 0): Message {
  return { type: 'route-refresh', afi, safi: 1, subtype }
}
