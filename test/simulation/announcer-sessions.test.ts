/** What an announcer's caller reaches of its sessions: enough to watch them and to serve a Listener, nothing that sends. */
import { once } from 'node:events'
import type { AnnouncerSession } from '@softspoken/announcer'
import { Listener, Session } from '@softspoken/session'
import { MemorySocket, ScriptedConnection } from '@softspoken/session/testing'
import { expect, test } from 'vitest'
import { Lab } from './lab.ts'

const VIP = '198.51.100.10/32'

async function established() {
  const lab = new Lab()
  const router = lab.router()
  const announcer = lab.announcer()
  await lab.pass(1)
  const session = announcer.sessions[0]! // one router, one session
  expect(session.state).toBe('Established')
  return { lab, router, announcer, session }
}

/** Every object that can be reached from this one by properties, getters, prototypes, arrays, maps and sets. */
function reachable(from: object): ReadonlyMap<object, string> {
  const found = new Map<object, string>([[from, 'announcer']])
  for (const [object, path] of found) {
    const visit = (value: unknown, name: string): void => {
      const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
      if (isObject && !found.has(value) && !builtIn.has(value)) found.set(value, `${path}.${name}`)
    }
    for (let owner: object | null = object; owner !== null; owner = Object.getPrototypeOf(owner))
      for (const key of Reflect.ownKeys(owner)) {
        if (key === 'caller' || key === 'callee' || key === 'arguments') continue
        visit(read(owner, key, object), String(key))
      }
    visit(Object.getPrototypeOf(object), 'prototype')
    if (object instanceof Map || object instanceof Set) for (const value of object.values()) visit(value, 'values()')
  }
  return found
}
/** A getter of a class throws for the prototype itself. */
function read(owner: object, key: PropertyKey, receiver: object): unknown {
  try {
    return Reflect.get(owner, key, receiver)
  } catch {
    return undefined
  }
}
const builtIn = new Set<unknown>([globalThis, process, Function.prototype, Object.prototype, Object, Function])

test('nothing that an announcer gives away is a Session or can send', async () => {
  const { announcer, session, lab, router } = await established()
  const announcement = announcer.announce(VIP)
  let self: unknown
  session.on('state', function (this: unknown) {
    self = this
  })
  router.reset()
  await lab.pass(0)
  expect(self, 'this of a listener').toBe(session)
  const objects = reachable({ announcer, announcement, status: announcer.status(), self })
  const offending = [...objects].filter(
    ([object]) => object instanceof Session || ['send', 'resend', 'reconcile'].some(name => name in object),
  )
  expect(offending.map(([, path]) => path)).toEqual([])
  for (const name of ['send', 'resend', 'start', 'stop', 'backlogged']) expect(session).not.toHaveProperty(name)
})

test('an AnnouncerSession has the state, the status and the events of its session', async () => {
  const { session, lab, router } = await established()
  expect(session.status()).toMatchObject({ state: 'Established', peer: { address: '192.0.2.254' } })
  expect(session.config.peer).toMatchObject({ as: 65000, address: '192.0.2.254', port: 179 })
  const down = once(session, 'down')
  let states = 0
  const count = () => states++
  session.on('state', count)
  router.reset()
  expect(await down).toMatchObject([{ from: 'Established' }])
  session.off('state', count)
  await lab.pass(100)
  expect([session.state, states]).toEqual(['Established', 1])
})

test('an event emitted on an AnnouncerSession reaches its listeners only', async () => {
  const { announcer, session } = await established()
  announcer.announce(VIP)
  const emitted: unknown[] = []
  session.on('down', down => emitted.push(down))
  const down = { type: 'down', why: 'made up', from: 'Established' } as const
  session.emit('down', down as never)
  expect(emitted).toEqual([down])
  expect(announcer.status().peers[0]?.sent, 'the announcer still counts it as sent').toEqual([VIP])
})

test('an AnnouncerSession uses a connection that the peer made', async () => {
  const lab = new Lab()
  lab.router({ answers: false })
  const [session] = lab.announcer().sessions
  await lab.pass(1)
  const [theirs, ours] = MemorySocket.pair()
  session?.accept(ours)
  const router = new ScriptedConnection(theirs)
  await lab.pass(0)
  expect([session?.state, router.types]).toEqual(['OpenSent', ['open']])
})

test('a Listener serves an AnnouncerSession, and refuses other objects', async () => {
  const { session } = await established()
  const listener = new Listener({ address: '127.0.0.1', port: 0 })
  expect(listener.serve(session)).toBe(listener)
  for (const value of [{}, { config: session.config }, { accept() {} }, undefined])
    expect(() => listener.serve(value as unknown as AnnouncerSession)).toThrow(/session: .* is not allowed, it must be/)
})
