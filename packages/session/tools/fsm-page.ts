/** docs/fsm.md and the diagram in the README, made from TABLE: each state is taken through each event. */
import type { Message, Update } from '@softspoken/wire'
import { configure } from '../src/config.ts'
import type { SessionState } from '../src/events.ts'
import { type Action, type EventName, type Input, type Machine, newMachine, step, TABLE } from '../src/fsm.ts'
import { checkOpen, type Negotiated } from '../src/open-check.ts'
import type { SessionOptions } from '../src/options.ts'
import { openMessage } from '../src/testing/scripted-connection.ts'

const given: SessionOptions = { local: { as: 65001, id: '192.0.2.1' }, peer: { as: 65002, address: '192.0.2.2' } }
const open = openMessage(65002, {
  id: '192.0.2.2',
  capabilities: [
    { name: 'multiprotocol', afi: 1, safi: 1 },
    { name: 'route-refresh' },
    { name: 'enhanced-route-refresh' },
  ],
})
const update: Update = { type: 'update', withdrawn: [], attributes: {}, announced: [] }
const error: Message = { type: 'notification', code: 1, subcode: 1, data: new Uint8Array() }

/** One row per event: what it is called in the docs, and one of its kind. */
const events: { readonly [event in EventName]: readonly [string, Input] } = {
  start: ['`start()`', { type: 'start' }],
  stop: ['`stop()`', { type: 'stop', communication: '' }],
  send: ['`send()`', { type: 'send', update }],
  resend: ['`resend()`', { type: 'resend', family: 'ipv4-unicast', updates: [update] }],
  sent: ['octets have left', { type: 'sent' }],
  'own-address': ['our address is missed twice', { type: 'own-address', address: '192.0.2.1', presence: 'gone' }],
  accepted: ['the peer connected', { type: 'accepted' }],
  connected: ['connected', { type: 'connected' }],
  collision: ['this connection lost the collision', { type: 'collision' }],
  disconnected: ['disconnected', { type: 'disconnected', reason: 'closed', detail: '' }],
  open: ['OPEN', message(open)],
  keepalive: ['KEEPALIVE', message({ type: 'keepalive' })],
  update: ['UPDATE', message(update)],
  'route-refresh': ['ROUTE-REFRESH', message({ type: 'route-refresh', afi: 1, safi: 1, subtype: 0 })],
  notification: ['NOTIFICATION', message(error)],
  malformed: ['malformed message', { type: 'malformed', sent: error, reason: 'notification-sent', detail: '' }],
  idleHoldTimer: ['IdleHoldTimer', { type: 'tick' }],
  connectRetryTimer: ['ConnectRetryTimer', { type: 'tick' }],
  holdTimer: ['HoldTimer', { type: 'tick' }],
  keepaliveTimer: ['KeepaliveTimer', { type: 'tick' }],
  sendHoldTimer: ['SendHoldTimer', { type: 'tick' }],
}
const eventNames = Object.keys(events) as EventName[] // its keys are events
const states = Object.keys(TABLE) as SessionState[] // its keys are states

function message(message: Message): Input {
  return { type: 'message', message }
}

// ---- the walk

interface Variant {
  /** Before start(), or after stop(). */
  readonly stopped?: boolean
  readonly passive?: boolean
}

function machineIn(state: SessionState, { stopped = false, passive = false }: Variant): Machine {
  const config = configure({ ...given, passive })
  const talks = state === 'OpenConfirm' || state === 'Established'
  const waits = state === 'Idle' && !stopped
  return {
    ...newMachine(config, 0),
    state,
    timers: waits ? { idleHoldTimer: 1000 } : {},
    ownAddress: 'missed', // at the look before
    ...(talks && { negotiated: checkOpen(open, config) as Negotiated }), // this OPEN is not refused
  }
}
function take(state: SessionState, event: EventName, variant: Variant) {
  const machine = machineIn(state, variant)
  const timers = event.endsWith('Timer') ? { ...machine.timers, [event]: 0 } : machine.timers
  const [next, actions] = step({ ...machine, timers }, events[event][1], { now: 0, jitter: 1 })
  return { to: next.state, actions, changed: next.timers !== timers }
}

// ---- docs/fsm.md

const columns: readonly (readonly [string, SessionState, Variant])[] = [
  ['Idle, stopped', 'Idle', { stopped: true }],
  ['Idle, waiting', 'Idle', {}],
  ...states.filter(state => state !== 'Idle').map(state => [state, state, {}] as const),
]

export function fsmPage(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    '# The state machine',
    '',
    'This page shows every state of RFC 4271 §8.2.2 on every event. `npx --yes pnpm@12 docs:pages` makes it from `TABLE` in `packages/session/src/fsm.ts`; a test fails if it is out of date. [rfc.md](rfc.md) explains where a cell differs from the RFC.',
    '',
    'A cell lists the actions in order, then the next state if it changes. `-` means no action; `timers` means that only timers are restarted. OPEN is an acceptable OPEN; any other is answered with 2/x and leads to Idle. A NOTIFICATION that we send is shown by code and subcode. Idle is shown twice: before `start()`, and during a back-off. The session dials; a `passive` session goes to Active instead of Connect.',
    '',
    row(['event', ...columns.map(([title]) => title)]),
    row(Array.from({ length: columns.length + 1 }, () => '---')),
    ...eventNames.map(event =>
      row([events[event][0], ...columns.map(([, state, variant]) => cell(state, event, variant))]),
    ),
    '',
  ].join('\n')
}
function cell(state: SessionState, event: EventName, variant: Variant): string {
  const { to, actions, changed } = take(state, event, variant)
  const done = actions.map(describeAction)
  const next = to === state ? [] : [`→ **${to}**`]
  return [...done, ...next].join(', ') || (changed ? 'timers' : '-')
}
function describeAction(action: Action): string {
  if (action.type === 'emit') return `emit \`${action.event.type}\``
  if (action.type === 'close') return action.atOnce ? 'close at once' : 'close'
  if (action.type !== 'send') return action.type
  const { message } = action
  return message.type === 'notification'
    ? `send ${message.code}/${message.subcode}`
    : `send ${message.type.toUpperCase()}`
}

// ---- the changes of state

const changesHead = '| from | on | to |\n| --- | --- | --- |'

/** The README of the package with its table of changes made anew. */
export function withChanges(readme: string): string {
  const [before = '', ...rest] = readme.split(changesHead)
  if (rest.length !== 1) throw new Error('the README of the session has no table of changes')
  const after = rest[0]?.slice(rest[0].indexOf('\n\n'))
  return `${before}${changesHead}\n${states.flatMap(changesFrom).join('\n')}${after}`
}
/** One row for each state that follows. `otherwise` is "anything else", and then says it for all that goes there. */
function changesFrom(from: SessionState): string[] {
  const named = eventNames.filter(event => TABLE[from][event] !== undefined)
  const targets = states.filter(to => to !== from)
  const other = eventNames.find(event => TABLE[from][event] === undefined)
  return targets.flatMap(to => {
    const usual = named.filter(event => leads(from, event, to, {}))
    const passive = named.filter(event => leads(from, event, to, { passive: true }) && !usual.includes(event))
    const words = [...usual.map(event => events[event][0]), ...passive.map(event => `${events[event][0]} if passive`)]
    if (other && leads(from, other, to, {})) return [`| ${from} | anything else | ${to} |`]
    return words.length > 0 ? [`| ${from} | ${words.join(', ')} | ${to} |`] : []
  })
}
/** Idle is left from where it waits, or where it was stopped. */
function leads(from: SessionState, event: EventName, to: SessionState, variant: Variant): boolean {
  const variants: readonly Variant[] = from === 'Idle' ? [variant, { ...variant, stopped: true }] : [variant]
  return variants.some(one => take(from, event, one).to === to)
}
