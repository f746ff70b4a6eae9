/**
 * The running session and the announcer, against a peer that sends anything after the OPENs, with a log,
 * listeners, a dialler and a socket of the caller that fail at any moment. A second peer makes no mistake. It must not notice
 * the faults of the first.
 */

import { type Announcement, Announcer } from '@softspoken/announcer'
import type { Logger, SessionState } from '@softspoken/session'
import { MemorySocket, openMessage, VirtualClock } from '@softspoken/session/testing'
import { chance } from '@softspoken/test-support/damage'
import { damaged, encodable } from '@softspoken/test-support/messages'
import { settled } from '@softspoken/test-support/settled'
import { type Context, Decoder, encode, type Message, type Open, routes } from '@softspoken/wire'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

const VIP = '198.51.100.10/32'
const LOCAL_AS = 65001
const [HOSTILE, WITNESS] = ['192.0.2.254', '192.0.2.253']

// ---- what a peer sends

/** Lengths of a whole message: around the borders of RFC 4271 and RFC 8654, and anywhere. */
const lengths = fc.oneof(
  fc.constantFrom(0, 18, 19, 20, 22, 23, 24, 29, 4075, 4076, 4077, 4095, 4096, 4097, 4117, 5000, 65_534, 65_535),
  fc.integer({ min: 19, max: 300 }),
  fc.integer({ min: 0, max: 65_535 }),
)
/** Many octets: random ones from a seed, or one octet repeated. */
const filling = fc.record({ seed: fc.nat(), octet: fc.option(fc.constantFrom(0, 1, 2, 0x40, 0xff)) })

const raw = fc
  .record({
    type: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 255 })),
    length: lengths,
    start: fc.uint8Array({ maxLength: 12 }),
    filling,
  })
  .map(({ type, length, start, filling: { seed, octet } }) => {
    const random = chance(seed)
    const bytes = Uint8Array.from({ length: Math.max(19, length) }, () => octet ?? Math.floor(random() * 256))
    bytes.set(start.subarray(0, bytes.length - 19), 19)
    return header(bytes, type, length)
  })
/** ROUTE-REFRESH of IPv4 unicast with something behind it (RFC 5291, RFC 7313 §5), often too much for an answer to hold. */
const refreshes = fc
  .record({
    subtype: fc.constantFrom(0, 1, 2, 3),
    length: fc.oneof(fc.integer({ min: 4074, max: 4098 }), fc.integer({ min: 4999, max: 5001 }), lengths),
  })
  .map(({ subtype, length }) => {
    const bytes = new Uint8Array(Math.max(23, length)).fill(0xaa)
    bytes.set([0, 1, subtype, 1], 19)
    return header(bytes, 5, bytes.length)
  })
/** UPDATE whose attributes have any code, flags and length. */
const updates = fc
  .array(
    fc.record({ flags: fc.nat(255), code: fc.oneof(fc.nat(40), fc.nat(255)), value: fc.uint8Array({ maxLength: 60 }) }),
    {
      maxLength: 6,
    },
  )
  .chain(attributes => fc.record({ attributes: fc.constant(attributes), nlri: fc.uint8Array({ maxLength: 20 }) }))
  .map(({ attributes, nlri }) => {
    const parts = attributes.flatMap(({ flags, code, value }) => [
      flags,
      code,
      ...(flags & 0x10 ? [0, value.length] : [value.length]),
      ...value,
    ])
    const bytes = new Uint8Array(23 + parts.length + nlri.length)
    bytes.set([0, 0, parts.length >> 8, parts.length & 255, ...parts, ...nlri], 19)
    return header(bytes, 2, bytes.length)
  })
const octets = fc.oneof(
  raw,
  { weight: 2, arbitrary: refreshes },
  updates,
  encodable.map(({ message, context }) => encode(message, context)),
  damaged,
  fc.uint8Array({ maxLength: 100 }),
)

function header(bytes: Uint8Array, type: number, length: number): Uint8Array {
  bytes.fill(0xff, 0, 16)
  bytes.set([length >> 8, length & 255, type], 16)
  return bytes
}

// ---- how the caller's objects fail

const throwables: readonly (() => unknown)[] = [
  () => new Error('a bug'),
  () => undefined,
  () => 'a text',
  () => Symbol('a symbol'),
  () => ({
    toString: fail,
    get message() {
      return fail()
    },
  }),
  () => new Proxy({}, { get: fail, getPrototypeOf: fail }),
  () => Object.defineProperty(new Error('x'), 'message', { get: fail }),
]
function fail(): never {
  throw new Error('a bug in a bug')
}
/** Each call in turn: 0 does nothing, an odd one throws, an even one rejects. After the last one, calls do nothing. */
const moments = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 14 }) }),
  {
    maxLength: 60,
  },
)
function misbehaving(when: readonly number[]): () => unknown {
  let call = 0
  return () => {
    const how = when[call++] ?? 0
    if (how === 0) return undefined
    const thrown = throwables[how % throwables.length]?.()
    if (how % 2 === 0) return Promise.reject(thrown)
    throw thrown
  }
}

const socketFaults = {
  // Where Node itself calls end() or destroy(), what these throw is Node's to take.
  'throws at write': (end: MemorySocket) => void (end.write = fail),
  'throws when it writes': (end: MemorySocket) => void (end._write = fail),
  'throws at its end': (end: MemorySocket) => void (end._final = fail),
  'throws at its destruction': (end: MemorySocket) => void (end._destroy = fail),
  'throws at resume': (end: MemorySocket) => void (end.resume = fail),
  'never calls back': (end: MemorySocket) => void (end.write = () => true),
  'never closes': (end: MemorySocket) => void (end.destroy = () => end),
  'calls back at once': (end: MemorySocket) => {
    end.write = ((_: unknown, done?: () => void) => {
      done?.()
      return true
    }) as MemorySocket['write']
  },
  'closes while it is written to': (end: MemorySocket) => {
    end.write = (() => end.emit('close')) as MemorySocket['write']
  },
  drains: (end: MemorySocket) => end.emit('drain'),
  'closes twice': (end: MemorySocket) => [1, 2].map(() => end.emit('close')),
  'ends twice': (end: MemorySocket) => [1, 2].map(() => end.emit('end')),
  'connects again': (end: MemorySocket) => end.emit('connect'),
  'has an error and stays': (end: MemorySocket) => end.emit('error', new Error('an error')),
  'has an error that is none': (end: MemorySocket) => end.emit('error', undefined),
  'has an error that has no words': (end: MemorySocket) => end.emit('error', { toString: fail }),
  'hands over a text': (end: MemorySocket) => end.emit('data', 'a text'),
  'hands over nothing': (end: MemorySocket) => end.emit('data', null),
  'is reset': (end: MemorySocket) => end.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })),
} as const
type SocketFault = keyof typeof socketFaults

const dialFaults = [
  'none',
  'throws',
  'returns nothing',
  'returns a text',
  'never answers',
  'is closed',
  'answers at once',
  'errs at once',
] as const

const steps = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), octets, cut: fc.option(fc.nat()) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('pass' as const), seconds: fc.constantFrom(0, 1, 31, 100, 300) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fault' as const),
      fault: fc.constantFrom(...(Object.keys(socketFaults) as SocketFault[])),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('dial' as const),
      fault: fc.constantFrom(...dialFaults),
      thrown: fc.nat(6),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('withdraw' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('announce' as const), med: fc.nat(3) }) },
)

// ---- two peers in memory

/** Accepts every OPEN, answers each KEEPALIVE with its own, and records what it receives. */
class Peer {
  readonly end: MemorySocket
  readonly open: Open
  /** It has been sent the route, and no withdrawal since. */
  hasRoute = false
  unreadable: string | undefined
  /** It has been sent a NOTIFICATION. */
  isNotified = false
  readonly #decoder: Decoder

  constructor(end: MemorySocket, open: Open, context: Partial<Context>) {
    this.end = end
    this.open = open
    this.#decoder = new Decoder(context)
    end.on('data', (chunk: Uint8Array) => this.#read(chunk)).on('error', () => {})
  }
  say(...messages: Message[]): void {
    this.write(Buffer.concat(messages.map(message => encode(message))))
  }
  write(bytes: Uint8Array): void {
    if (!this.end.destroyed && !this.end.writableEnded) this.end.write(bytes)
  }
  #read(chunk: Uint8Array): void {
    for (const result of this.#decoder.push(chunk)) {
      if (!result.ok) {
        this.unreadable = result.detail
        return
      }
      const message = result.value
      this.isNotified ||= message.type === 'notification'
      if (message.type === 'open') this.say(this.open, { type: 'keepalive' })
      if (message.type === 'keepalive') this.say({ type: 'keepalive' })
      if (message.type !== 'update') continue
      const { announced, withdrawn } = routes(message)
      if (withdrawn.includes(VIP)) this.hasRoute = false
      if (announced.length > 0) this.hasRoute = true
    }
  }
}

interface World {
  readonly external: boolean
  readonly ourExtended: boolean
  readonly theirExtended: boolean
  readonly log: readonly number[]
  readonly listener: readonly number[]
}
const worlds: fc.Arbitrary<World> = fc.record({
  external: fc.boolean(),
  ourExtended: fc.boolean(),
  theirExtended: fc.boolean(),
  log: moments,
  listener: moments,
})

class Stage {
  readonly clock = new VirtualClock()
  readonly announcer: Announcer
  dialFault: (typeof dialFaults)[number] = 'none'
  thrown = 0
  /** Set once a change of state begins where the last one did not end, or a connection without fault ends unanswered. */
  disorder: string | undefined
  /** Peers whose session ended with a NOTIFICATION of ours. */
  readonly answered: Peer[] = []
  /** The latest connection of each. */
  readonly peers = new Map<string, Peer>()
  readonly ends = new Map<string, MemorySocket>()
  readonly #world: World
  #announcement: Announcement | undefined
  /** The socket towards the hostile peer has misbehaved. */
  #faulty = false

  constructor(world: World) {
    this.#world = world
    const call = misbehaving(world.log)
    const log = { debug: call, info: call, warn: call, error: call } as Logger
    const as = world.external ? 65000 : LOCAL_AS
    this.announcer = new Announcer({
      local: { as: LOCAL_AS, id: '192.0.2.1' },
      peers: [HOSTILE, WITNESS].map(address => ({ as, address: address ?? '' })),
      extendedMessage: world.ourExtended,
      clock: this.clock,
      random: () => 1,
      log,
      dial: ({ peer }) => this.#dial(peer.address, as),
    })
    const hear = misbehaving(world.listener)
    for (const session of this.announcer.sessions) {
      let state: SessionState = 'Idle' // as it was made
      session.on('state', ({ from, to }) => {
        if (from !== state) this.disorder = `${from} after ${state}`
        state = to
      })
      session.on('down', ({ detail, from, sent, received }) => {
        const peer = this.peers.get(session.config.peer.address)
        if (from !== 'Established' || !peer || this.#faulty) return
        if (sent) this.answered.push(peer)
        else if (!received) this.disorder = `a loss without a word: ${detail}`
      })
      for (const event of [
        'state',
        'dial',
        'established',
        'update',
        'malformed',
        'refresh',
        'down',
        'writable',
      ] as const)
        session.prependListener(event, hear).on(event, hear)
    }
    this.announcer.on('sent', hear).on('withdrawn', hear)
  }
  announce(med: number): void {
    if (this.#announcement) this.#announcement.update({ med })
    else this.#announcement = this.announcer.announce(VIP, { med })
  }
  withdraw(): void {
    this.#announcement?.withdraw()
    this.#announcement = undefined
  }
  /** Of the hostile peer, the socket at our end. */
  fault(fault: SocketFault): void {
    const end = this.ends.get(HOSTILE)
    this.#faulty = true
    if (end) socketFaults[fault](end)
  }

  #dial(address: string, as: number): MemorySocket {
    const [ours, theirs] = MemorySocket.pair()
    ours.localAddress = address === HOSTILE ? '192.0.2.1' : '192.0.2.2'
    const { ourExtended, theirExtended } = this.#world
    const open = openMessage(as, {
      id: address,
      capabilities: [
        { name: 'multiprotocol', afi: 1, safi: 1 },
        { name: 'route-refresh' },
        { name: 'enhanced-route-refresh' },
        { name: 'four-octet-as', as },
        ...(theirExtended ? [{ name: 'extended-message' } as const] : []),
      ],
    })
    const peer = new Peer(theirs, open, { extendedMessage: ourExtended && theirExtended })
    if (address === HOSTILE) this.#faulty = this.dialFault !== 'none'
    if (address === HOSTILE && this.dialFault !== 'none') {
      switch (this.dialFault) {
        case 'throws':
          throw throwables[this.thrown]?.()
        case 'returns nothing':
          return undefined as never
        case 'returns a text':
          return 'a text' as never
        case 'is closed':
          ours.on('error', () => {}).destroy()
          break
        case 'answers at once':
          ours.emit('connect')
          break
        case 'errs at once':
          queueMicrotask(() => ours.emit('error', throwables[this.thrown]?.()))
      }
    } else ours.emitConnect()
    this.peers.set(address, peer)
    this.ends.set(address, ours)
    return ours
  }
}

// ---- nothing escapes

const escaped: unknown[] = []
const note = (error: unknown) => void escaped.push(error)
/** Each of them would end the process. */
const fatal = ['uncaughtException', 'unhandledRejection'] as const
const others = new Map<string, readonly ((...of: never[]) => void)[]>()
const { emitWarning } = process
beforeAll(() => {
  for (const event of fatal) {
    others.set(event, process.listeners(event as 'exit') as never)
    process.removeAllListeners(event).on(event as 'exit', note)
  }
  process.emitWarning = () => {} // a thousand of them, wanted
})
afterAll(() => {
  process.emitWarning = emitWarning
  for (const event of fatal) {
    process.removeAllListeners(event)
    for (const listener of others.get(event) ?? []) process.on(event as 'exit', listener as never)
  }
})

test('nothing that a peer, log, listener, dialler or socket does reaches another peer', {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(worlds, fc.array(steps, { minLength: 1, maxLength: 12 }), async (world, script) => {
      escaped.length = 0
      const stage = new Stage(world)
      const { clock, announcer } = stage
      const [hostile, witness] = announcer.sessions
      stage.announce(0)
      await clock.advance(1)
      expect([hostile?.state, witness?.state]).toEqual(['Established', 'Established'])
      expect([...stage.peers.values()].map(({ hasRoute }) => hasRoute)).toEqual([true, true])

      for (const step of script) {
        switch (step.do) {
          case 'send': {
            const { octets: bytes, cut } = step
            const at = cut === null ? bytes.length : cut % (bytes.length + 1)
            stage.peers.get(HOSTILE)?.write(bytes.subarray(0, at))
            stage.peers.get(HOSTILE)?.write(bytes.subarray(at))
            break
          }
          case 'pass':
            await clock.advance(step.seconds)
            break
          case 'fault':
            stage.fault(step.fault)
            break
          case 'dial':
            stage.dialFault = step.fault
            stage.thrown = step.thrown
            break
          case 'announce':
            stage.announce(step.med)
            break
          case 'withdraw':
            stage.withdraw()
            // At once: no timer runs until then.
            await settled()
            expect(announcer.status().peers.map(({ sent }) => sent)).toEqual([[], []])
            expect(stage.peers.get(WITNESS)?.hasRoute, 'the other peer has the route still').toBe(false)
        }
        await settled()
        expect(escaped, 'what would have ended the process').toEqual([])
        expect(witness?.state).toBe('Established')
        expect(stage.disorder, 'of what sessions tell').toBeUndefined()
        for (const peer of stage.answered)
          expect(peer.isNotified, 'a NOTIFICATION that was told has arrived').toBe(true)
        for (const peer of stage.peers.values()) expect(peer.unreadable, 'what we sent').toBeUndefined()
        expect(clock.pendingTimers, 'timers of the two sessions').toBeGreaterThanOrEqual(2)
      }

      // The faults have ended: the hostile peer's session is established again after the longest delay at most.
      stage.dialFault = 'none'
      stage.withdraw()
      await settled()
      expect(stage.peers.get(WITNESS)?.hasRoute).toBe(false)
      stage.announce(7)
      await clock.advance(700)
      expect([hostile?.state, witness?.state]).toEqual(['Established', 'Established'])
      expect(announcer.status().peers).toMatchObject([
        { sent: [VIP], unsendable: {} },
        { sent: [VIP], unsendable: {} },
      ])
      announcer.stop()
      await clock.advance(10)
      expect([...stage.peers.values()].map(({ hasRoute }) => hasRoute)).toContain(false)
      expect(escaped, 'what would have ended the process').toEqual([])
      expect(clock.pendingTimers, 'timers left behind').toBe(0)
    }),
    { numRuns: 120 },
  )
})
