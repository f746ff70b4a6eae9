import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'
import { expect } from 'vitest'
import { configureAll, forEachDaemon, type Kind } from '../lab/for-each-daemon.ts'
import type { Lab } from '../lab/lab.ts'
import type { Router } from '../lab/router.ts'
import { waitFor } from '../lab/wait-for.ts'

/** Whether a router sends OPEN on both connections of a collision. The others keep the first connection. */
const opensBoth = (kind: Kind) => kind === 'bird' || kind === 'frr'

// The router's identifier is between these two, so its own connection is kept once, and ours once (RFC 4271 §6.8).
const LOWER = '198.51.100.1'
const HIGHER = '203.0.113.255'
const ROUNDS = 2
/** How often the test checks that nothing changes. A look takes a good part of a second. */
const LOOKS = 8

// The router dials, too, after the operator command 'enable'.
forEachDaemon(
  {
    ...configureAll({ passive: [], active: ['host'] }, { bird: 'connect delay time 1; connect retry time 2;' }),
    exabgp: 'has no command that ends its dials and begins them again, so both sides cannot dial at once',
  },
  'simultaneous dials leave one session, which stays (RFC 4271 §6.8)',
  async (lab, router, kind) => {
    for (let round = 1; round <= ROUNDS; round++) {
      for (const id of [LOWER, HIGHER]) {
        await router.operate('shutdown')
        await router.operate('enable') // from here on it dials and accepts connections
        await router.listens()
        await collide(lab, router, kind, id)
      }
    }
  },
)

async function collide(lab: Lab, router: Router, kind: Kind, id: string): Promise<void> {
  const place = { host: router.address, port: 179, localAddress: lab.host, noDelay: true }
  // If the router sends OPEN on both connections, both have to exist before any message: ours is made beforehand, and is
  // reported as connected once the router's has arrived. If it keeps the first connection, ours comes second.
  const both = opensBoth(kind)
  const socket = both ? connect(place) : new Socket()
  if (both) await once(socket.pause(), 'connect')
  const dialled = () => (both ? socket.resume().emit('connect') : socket.connect(place))

  await using announcer = new Announcer({
    local: { as: 65010, id, address: lab.host },
    peers: [{ as: 65001, address: router.address }],
    drainTime: 0,
    connectTimeout: 120,
    dial: () => socket,
  })
  const [session] = announcer.sessions
  if (session === undefined) throw new Error('an announcer has a session for each peer')
  session.on('state', ({ from, to }) => {
    if (from === 'Connect' && to === 'OpenSent') dialled() // the router has dialled
  })
  await using listener = new Listener({ address: lab.host }).serve(session)
  await listener.listen()
  announcer.announce('198.51.100.10/32')

  const one = { state: 'Established', routes: 1, connections: 1 }
  await waitFor(() => look(router), {
    until: ({ state, routes }) => state === one.state && routes === one.routes,
    within: 60,
    what: `the route, with our identifier ${id}`,
  })
  // Every look finds the same.
  const { local, connection } = session.status()
  const looks = [await look(router)]
  await waitFor(async () => looks.push(await look(router)), {
    until: count => count >= LOOKS,
    within: 60,
    what: `${LOOKS} looks`,
  })
  expect(looks).toEqual(looks.map(() => one))
  expect(session.status()).toMatchObject({ state: 'Established', local, connection })
  expect(session.status().counters).toMatchObject({ dials: 1, fsmEstablishedTransitions: 1 })
  expect(session.status().lastFailure).toBeUndefined()
  // If BIRD's identifier is the higher, it may still give up its own connection, before it knows that we accepted it.
  if (both && id === HIGHER) expect(connection?.direction, 'the connection that we dialled').toBe('outgoing')
}

/** The session and the route in the router's own tables, and how many TCP connections its kernel has with us. */
async function look(router: Router): Promise<{ state: string; routes: number; connections: number }> {
  const [{ state }, routes, sockets] = await Promise.all([
    router.session(),
    router.routes('198.51.100.10/32'),
    router.exec('ss', '-Htn', 'state', 'established'),
  ])
  return { state, routes: routes.length, connections: sockets.split('\n').filter(line => /:179\b/.test(line)).length }
}
