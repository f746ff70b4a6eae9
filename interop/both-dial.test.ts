import { once } from 'node:events'
import { connect, Socket } from 'node:net'
import { Announcer } from '@softspoken/announcer'
import { Listener } from '@softspoken/session'
import { expect } from 'vitest'
import { against, plain } from './lab/against.ts'
import type { DaemonName } from './lab/daemons.ts'
import type { Addresses, Lab } from './lab/lab.ts'
import type { Router } from './lab/router.ts'
import { waitFor } from './lab/wait-for.ts'

// The routers dial, too. Each waits to be told to, so that a test can dial at the same time.
const cannot = 'not tried: the lab would have to tell it when to dial'
const configurations = {
  ...plain({ waits: [], dials: ['host'] }, { bird: 'disabled; connect delay time 1; connect retry time 2;' }),
  gobgp: ({ own, host }: Addresses) => `
    [global.config]
      as = 65001
      router-id = "${own}"
    [[neighbors]]
      [neighbors.config]
        neighbor-address = "${host}"
        peer-as = 65010
        admin-down = true
      [neighbors.timers.config]
        connect-retry = 5
        idle-hold-time-after-reset = 5
  `,
  frr: cannot,
  openbgpd: cannot,
  exabgp: cannot,
}

// Every router's identifier lies between them: once its own dial is preferred, and once ours (RFC 4271 §6.8).
const LOWER = '198.51.100.1'
const HIGHER = '203.0.113.255'
const ROUNDS = 3
/** How often the router is asked whether all is as it was; a look takes a good part of a second. */
const LOOKS = 12

/** How the router is told to dial and to take calls, and to stop. */
function command(daemon: DaemonName, verb: 'enable' | 'disable', host: string): string[] {
  return daemon === 'gobgp' ? ['gobgp', 'neighbor', host, verb] : ['birdc', verb, 'host']
}

against(configurations, 'both dial at once: one session, and it stays', async (lab, router, daemon) => {
  for (let round = 1; round <= ROUNDS; round++) {
    for (const id of [LOWER, HIGHER]) {
      await router.exec(...command(daemon, 'enable', lab.host))
      // BIRD 3 answers before it listens.
      await waitFor(() => router.exec('ss', '-Hltn'), {
        until: sockets => /:179\b/.test(sockets),
        within: 10,
        what: 'the router to listen',
      })
      await collide(lab, router, daemon, id)
      await router.exec(...command(daemon, 'disable', lab.host))
    }
  }
})

async function collide(lab: Lab, router: Router, daemon: DaemonName, id: string): Promise<void> {
  const place = { host: router.address, port: 179, localAddress: lab.host, noDelay: true }
  // BIRD speaks on both connections, so both are made to be up before anything is said: ours is there already, and we
  // hear that it is once the router's has come. GoBGP closes any that comes second, and ours does.
  const socket = daemon !== 'gobgp' ? connect(place) : new Socket()
  if (daemon !== 'gobgp') await once(socket.pause(), 'connect')
  const dialled = () => (daemon !== 'gobgp' ? socket.resume().emit('connect') : socket.connect(place))

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
    within: 40,
    what: `the route, with our identifier ${id}`,
  })
  // Once there, it stays: every look finds the same.
  const { peer, local } = session.status()
  const looks = [await look(router)]
  await waitFor(async () => looks.push(await look(router)), {
    until: count => count >= LOOKS,
    within: 60,
    what: `${LOOKS} looks`,
  })
  expect(looks).toEqual(looks.map(() => one))
  expect(session.status()).toMatchObject({ state: 'Established', peer, local })
  expect(session.status().counters).toMatchObject({ dials: 1, fsmEstablishedTransitions: 1 })
  expect(session.status().lastError).toBeUndefined()
  // Where BIRD's identifier is the higher, it may still give up its own dial: it had not yet seen that it was answered.
  if (daemon !== 'gobgp' && id === HIGHER) expect(peer.port, 'the connection that we dialled').toBe(179)
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
