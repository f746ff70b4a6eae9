/**
 * Two state machines in lock step: that of fsm.ts and an independent one, for each sequence of inputs. Each input of the
 * peer is octets, which each side decodes with its own decoder. What both do is compared after every input: messages, with
 * the data of a NOTIFICATION; dial and close; the state; the time that is left on hold and keepalive timer.
 *
 * After a difference the other machine is brought to our state, so that each difference counts where it arises.
 */
import { decode, encode, type Message } from '@softspoken/wire'
import { configure } from '../src/config.ts'
import type { SessionState } from '../src/events.ts'
import { type Action, type Input, type Machine, newMachine, nextDeadline, step, type Timer } from '../src/fsm.ts'
import type { SessionOptions } from '../src/options.ts'
import { given, notificationOf, openOf } from './connections-play.ts'
import { machineKey } from './session-search.ts'

/** Answers each line: a session's name and its next events, for the last of which the answer has actions and state. */
export type Other = (lines: readonly string[]) => Promise<readonly string[]>

/** One input after which the machines differ, in words. */
export interface Difference {
  readonly state: string
  readonly input: string
  readonly ours: string
  readonly theirs: string
}
export interface Found extends Difference {
  readonly inputs: readonly string[]
}
export interface Compared {
  readonly steps: number
  readonly states: number
  /** Each kind once, with the shortest sequence that leads to it. */
  readonly differences: ReadonlyMap<string, Found>
}

const JITTER = 1
const marker = 'ff'.repeat(16)
const octets = (message: Message): string => Buffer.from(encode(message)).toString('hex')
/** An OPEN that encode() does not write, because a field has a value that is not allowed. */
const openWith = (field: 'version' | 'holdTime' | 'id', value: string): string => {
  const [at, length] = { version: [38, 2], holdTime: [44, 4], id: [48, 8] }[field] as [number, number]
  const open = octets(openOf('192.0.2.2'))
  return open.slice(0, at) + value + open.slice(at + length)
}
const ipv6 = { name: 'multiprotocol', afi: 2, safi: 1 } as const

/** By name: what the peer sends. */
export const messages: Readonly<Record<string, string>> = {
  OPEN: octets(openOf('192.0.2.2')),
  'OPEN with hold time 3': octets(openOf('192.0.2.2', { holdTime: 3 })),
  'OPEN with hold time 0': octets(openOf('192.0.2.2', { holdTime: 0 })),
  'OPEN with hold time 2': openWith('holdTime', '0002'),
  'OPEN without capabilities': octets(openOf('192.0.2.2', { capabilities: [] })),
  'OPEN for IPv6 only': octets(openOf('192.0.2.2', { capabilities: [ipv6] })),
  'OPEN of another AS': octets(openOf('192.0.2.2', { as: 65009 })),
  'OPEN of AS 23456 alone': octets(openOf('192.0.2.2', { as: 23456 })),
  'OPEN with our identifier': octets(openOf('192.0.2.1')),
  'OPEN with identifier 0.0.0.0': openWith('id', '00000000'),
  'OPEN of version 3': openWith('version', '03'),
  KEEPALIVE: octets({ type: 'keepalive' }),
  'UPDATE (End-of-RIB)': octets({ type: 'update', withdrawn: [], attributes: {}, announced: [] }),
  'ROUTE-REFRESH': octets({ type: 'route-refresh', afi: 1, safi: 1, subtype: 0 }),
  'NOTIFICATION 2/1': octets(notificationOf(2, 1)),
  'NOTIFICATION 6/2': octets(notificationOf(6, 2)),
  'NOTIFICATION 2/4': octets(notificationOf(2, 4)),
  'a marker that is not all ones': `00${marker.slice(2)}001304`,
  'a length of 18': `${marker}001204`,
  'a KEEPALIVE of 20 octets': `${marker}00140400`,
  'a message of type 9': `${marker}001309`,
}
const requests: Readonly<Record<string, Input>> = {
  start: { type: 'start' },
  stop: { type: 'stop', communication: '' },
  accepted: { type: 'accepted' },
  connected: { type: 'connected' },
  disconnected: { type: 'disconnected', reason: 'closed', detail: '' },
}
/** The other machine has no timer for the back-off: its caller starts it again. */
const timers: Readonly<Partial<Record<Timer, string>>> = {
  idleHoldTimer: 'start',
  connectRetryTimer: 'connectRetryTimer',
  holdTimer: 'holdTimer',
  keepaliveTimer: 'keepaliveTimer',
}

interface Place {
  readonly ours: Machine
  readonly now: number
  readonly theirs: Theirs
  /** What the other machine was given and what happened, since the beginning. */
  readonly events: readonly string[]
  readonly inputs: readonly string[]
}
type Timers = Machine['timers']
interface Theirs {
  readonly state: string
  /** Deadlines on our clock. */
  readonly timers: Timers
}
interface Move {
  readonly name: string
  readonly now: number
  readonly input: Input
  readonly event: string
}

function beginningOf(settings: Partial<SessionOptions>): Place {
  const ours = newMachine(configure({ ...given, ...settings }), 0)
  return { ours, now: 0, theirs: { state: 'Idle', timers: {} }, events: [], inputs: [] }
}

/** Every sequence of so many inputs; sequences that lead to the same state are continued once. */
export async function compareAll(other: Other, settings: Partial<SessionOptions>, depth: number): Promise<Compared> {
  const differences: Map<string, Found> = new Map()
  const seen = new Set<string>()
  let steps = 0
  let front: readonly Place[] = [beginningOf(settings)]
  for (let level = 0; level < depth && front.length > 0; level++) {
    const next: Place[] = []
    for (const places of chunks(front, 500)) {
      const all = places.flatMap(place => moves(place).map(move => ({ place, move })))
      const answers = await other(all.map(({ place, move }) => ['-', ...place.events, move.event].join(' ')))
      for (const [i, { place, move }] of all.entries()) {
        steps++
        const after = take(place, move, answers[i] ?? '', differences)
        const key = keyOf(after)
        if (seen.has(key)) continue
        seen.add(key)
        next.push(after)
      }
    }
    front = next
  }
  return { steps, states: seen.size, differences }
}

/** So many random sequences side by side, each of `length` inputs. `random` is from 0 to 1. */
export async function compareRandom(
  other: Other,
  settings: Partial<SessionOptions>,
  sequences: number,
  length: number,
  random: () => number,
): Promise<Compared> {
  const differences: Map<string, Found> = new Map()
  const seen = new Set<string>()
  let places: readonly Place[] = Array.from({ length: sequences }, () => beginningOf(settings))
  for (let turn = 0; turn < length; turn++) {
    const chosen = places.map(place => {
      const all = moves(place)
      // An end of the session is most of the inputs: half of the time, only what it goes on with.
      const on = all.filter(({ name }) => /^(start|connected|OPEN|KEEPALIVE|UPDATE.*|.*Timer)$/.test(name))
      const from = random() < 0.5 ? all : on
      return from[Math.floor(random() * from.length)]!
    })
    const answers = await other(places.map(({ events }, i) => [String(i), ...events, chosen[i]!.event].join(' ')))
    places = places.map((place, i) => {
      const after = take(place, chosen[i]!, answers[i] ?? '', differences)
      seen.add(keyOf(after))
      // It has those events already; only what brings it to our state is left.
      return { ...after, events: after.events.slice(place.events.length + 1) }
    })
  }
  return { steps: sequences * length, states: seen.size, differences }
}

/** All that may come next. Each input but a timer comes a second after the last, or just before the next deadline. */
function moves({ ours, now }: Place): Move[] {
  const deadline = nextDeadline(ours)
  const soon = Math.max(now, Math.min(now + 1000, (deadline ?? Number.POSITIVE_INFINITY) - 1))
  return [
    ...Object.entries(requests)
      .filter(([name]) => name !== 'connected' || ours.state === 'Connect') // the shell has one dial, in Connect
      .map(([name, input]) => ({ name, now: soon, input, event: name })),
    ...Object.entries(messages).map(([name, hex]) => ({ name, now: soon, input: decoded(hex), event: hex })),
    ...Object.entries(timers).flatMap(([name, event]) => {
      const at = ours.timers[name as Timer]
      const isMasked = name === 'keepaliveTimer' && at === ours.timers.holdTimer // both expire: the hold timer is first
      if (at === undefined || at !== deadline || isMasked) return []
      return [{ name, now: at, input: { type: 'tick' } as const, event }]
    }),
  ]
}
function decoded(hex: string): Input {
  const result = decode(Uint8Array.from(Buffer.from(hex, 'hex')))
  return result.ok
    ? { type: 'message', message: result.value }
    : { type: 'malformed', reason: 'notification-sent', detail: result.detail, sent: result.notification }
}

/** The place after the move; a difference is added to `differences`. */
function take(place: Place, { name, now, input, event }: Move, answer: string, differences: Map<string, Found>): Place {
  const { ours: before } = place
  const [sent] = step(before, { type: 'sent' }, { now, jitter: JITTER }) // or the send hold timer runs out, which the other has not
  const [after, actions] = step(sent, input, { now, jitter: JITTER })
  const words = answer.split(' ').filter(word => word !== '')
  const theirs = theirsAfter(place.theirs, words, now)
  const ignoresClose = !hasConnection(before.state) || name === 'disconnected' // there is nothing to close
  const does = (words: readonly string[], state: string, timers: readonly string[]): string =>
    [
      ...words.filter(word => !(ignoresClose && word === 'close')),
      ...(state === before.state ? [] : [state]),
      ...timers,
    ].join(', ') || 'nothing'
  const isSameState = after.state === theirs.state
  const timers = (one: Timers, other: Timers) => (isSameState ? timerText(after, before, one, other, now) : [])
  const difference: Difference = {
    state: stateName(before),
    input: name,
    ours: does(actions.flatMap(actionText), after.state, timers(after.timers, theirs.timers)),
    theirs: does(
      words
        .slice(0, -1)
        .filter(word => !word.includes('='))
        .map(word => word.replace(/:$/, '').replace(':', ' with ')),
      theirs.state,
      timers(theirs.timers, after.timers),
    ),
  }
  const inputs = [...place.inputs, name]
  const next: Place = { ours: after, now, theirs, events: [...place.events, event], inputs }
  if (difference.ours === difference.theirs) return next
  const key = JSON.stringify(difference)
  if (!differences.has(key)) differences.set(key, { ...difference, inputs })
  return {
    ...next,
    theirs: { state: after.state, timers: inBoth(after, theirs.timers, isSameState) },
    events: [...next.events, ...(isSameState ? [] : wayTo(after))],
  }
}

/** Our timers, without those that the other machine does not have in the same state. */
function inBoth({ timers, negotiated }: Machine, theirs: Timers, isSameState: boolean): Timers {
  if (!isSameState) return negotiated?.holdTime === 0 ? {} : timers
  return Object.fromEntries(Object.entries(timers).filter(([name]) => theirs[name as Timer] !== undefined))
}
function stateName({ state, timers }: Machine): string {
  return state === 'Idle' && timers.idleHoldTimer !== undefined ? 'Idle, waiting' : state
}
function hasConnection(state: SessionState): boolean {
  return state !== 'Idle' && state !== 'Active'
}
function actionText(action: Action): string[] {
  if (action.type === 'connect') return ['dial']
  if (action.type === 'accept') return [] // the other's caller has accepted already
  if (action.type === 'emit') return action.event.type === 'established' ? ['established'] : []
  if (action.type === 'close') return ['close']
  const { message } = action
  if (message.type !== 'notification') return [message.type]
  const { code, subcode, data } = message
  return [`${code}/${subcode}${data.length > 0 ? ` with ${Buffer.from(data).toString('hex')}` : ''}`]
}

function theirsAfter({ timers }: Theirs, words: readonly string[], now: number): Theirs {
  const next: Partial<Record<Timer, number>> = { ...timers }
  const ours: Record<string, Timer> = {
    Hold: 'holdTimer',
    Keepalive: 'keepaliveTimer',
    ConnectRetry: 'connectRetryTimer',
  }
  for (const word of words) {
    const [timer = '', seconds] = word.split('=')
    const name = ours[timer]
    if (name === undefined || seconds === undefined) continue
    if (seconds === 'never') delete next[name]
    else next[name] = now + Number(seconds) * 1000
  }
  const state = words.at(-1) ?? ''
  return { state: stateNames[state] ?? `no state: ${state}`, timers: next }
}
const stateNames: Readonly<Record<string, SessionState>> = {
  idle: 'Idle',
  connect: 'Connect',
  active: 'Active',
  open_sent: 'OpenSent',
  open_confirm: 'OpenConfirm',
  established: 'Established',
}

/** The timers of `one` that matter in this state, and are not as in `other`. */
function timerText({ state, negotiated }: Machine, before: Machine, one: Timers, other: Timers, now: number): string[] {
  const matter: readonly Timer[] =
    state === 'Connect' ? ['connectRetryTimer'] : hasConnection(state) ? ['holdTimer', 'keepaliveTimer'] : []
  const { holdTime = 0 } = negotiated ?? {}
  const usual: Partial<Record<Timer, number>> = { holdTimer: holdTime, keepaliveTimer: holdTime / 3 }
  return matter
    .filter(name => one[name] !== other[name])
    .map(name => {
      const at = one[name]
      if (at === undefined) return `no ${name}`
      if (before.timers[name] === at) return `${name} runs on`
      const seconds = (at - now) / 1000
      return seconds === usual[name] ? `${name} begins again` : `${name} ${seconds} s`
    })
}

/** The events that bring the other machine from any state to ours. */
function wayTo({ state, negotiated }: Machine): string[] {
  const { holdTime } = negotiated ?? {}
  const open = octets(openOf('192.0.2.2', { ...(holdTime !== undefined && { holdTime }) }))
  const way = ['stop', 'start', 'connected', open, messages.KEEPALIVE ?? '']
  const length = { Idle: 1, Connect: 2, Active: 1, OpenSent: 3, OpenConfirm: 4, Established: 5 }[state]
  return way.slice(0, length)
}

function keyOf({ ours, now, theirs }: Place): string {
  const left = Object.entries(theirs.timers).map(([name, at]) => [name, at - now])
  return JSON.stringify([machineKey(ours, now), theirs.state, left.sort()])
}
function chunks<item>(items: readonly item[], size: number): item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}
