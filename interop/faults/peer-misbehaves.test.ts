import { Announcer } from '@softspoken/announcer'
import { type FailureReason, Listener, Session, type SessionOptions } from '@softspoken/session'
import type { Update } from '@softspoken/wire'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { DIAL, Lab } from '../lab/lab.ts'
import type { Output } from '../lab/output.ts'
import { sessionFailure } from '../lab/session-failure.ts'
import { waitFor } from '../lab/wait-for.ts'
import { dials } from './dials.ts'
import { configurations, EstablishedAnnouncer } from './established-announcer.ts'
import { fastClock } from './fast-clock.ts'
import { MisbehavingPeer, PORT } from './misbehaving-peer.ts'
import type { Misbehaviour } from './misbehaviours.ts'

describe.skipIf(!inject('engine')).concurrent('a session with a peer that misbehaves', () => {
  let lab: Lab
  let capture: Output
  let peer: MisbehavingPeer
  beforeAll(async () => {
    lab = await Lab.create()
    capture = await lab.capture(DIAL)
    peer = await MisbehavingPeer.create(lab)
  })
  afterAll(async () => {
    await capture?.stop()
    await lab?.[Symbol.asyncDispose]()
  })

  const session = (behaviour: Misbehaviour, options: Partial<SessionOptions> = {}) =>
    new Session({
      local: { as: 65010, id: lab.host, address: lab.host },
      peer: { as: 65001, address: peer.addresses[behaviour] },
      ...options,
    })

  // The dial budget of docs/defaults.md: with the defaults, in ten minutes, if the peer accepts and then rejects us.
  const BUDGET = 5
  const TEN_MINUTES = 600

  it.each<[Misbehaviour, string, FailureReason, object]>([
    ['silent', 'never answers OPEN', 'hold-timer', { sent: { code: 4, subcode: 0 } }],
    ['resets', 'answers OPEN with an RST', 'reset', {}],
    ['closes', 'closes each connection', 'closed', {}],
    ['garbage', 'does not speak BGP', 'speaks-http', { sent: { code: 1, subcode: 1 } }],
    ['garbage-after-open', 'sends garbage later', 'notification-sent', { sent: { code: 1, subcode: 1 } }],
  ])('%s: a peer that %s gets no more dials than the budget', async (behaviour, _, reason, error) => {
    const clock = fastClock(20)
    // A dial is answered at once here, but half a second of the fast clock may be too little on a busy machine.
    await using rejected = session(behaviour, { clock, connectTimeout: 120 })
    rejected.start()
    await waitFor(() => clock.now() / 1000 > TEN_MINUTES, { within: 60, what: 'ten minutes of the fast clock' })
    const { lastFailure, counters } = rejected.status()
    expect(lastFailure).toMatchObject({ reason, ...error })
    const seen = dials(capture, peer.addresses[behaviour])
    expect(seen.length, 'the session goes on dialling').toBeGreaterThanOrEqual(2)
    expect(seen.length).toBeLessThanOrEqual(BUDGET)
    expect(seen.length).toBeLessThanOrEqual(counters.dials)
  })

  it('slow octets keep a session only if messages are complete within the hold time', async () => {
    const clock = fastClock(2) // the peer sends an octet every half second
    await using patient = session('slow-octets', { clock, holdTime: 30 })
    await using hasty = session('slow-octets', { clock, holdTime: 9 })
    patient.start()
    hasty.start()
    expect(await sessionFailure(() => hasty.status())).toMatchObject({
      reason: 'hold-timer',
      from: 'OpenConfirm',
    })
    await waitFor(() => patient.status(), {
      until: ({ state, secondsInState }) => state === 'Established' && secondsInState > 30,
      within: 120,
      what: 'a session that is longer than its hold time',
    })
    expect(patient.status().counters).toMatchObject({ dials: 1, inTotalMessages: 3 })
  })

  it('each message in ten thousand segments of one octet is read once (RFC 4271 §4.1)', async () => {
    await using crumbs = session('one-octet-segments')
    crumbs.start()
    await peer.logged('one-octet-segments: wrote', 60)
    await waitFor(() => crumbs.status(), {
      until: ({ counters }) => counters.inTotalMessages >= 1 + 1 + 524 + 2, // OPEN, KEEPALIVE, the 524, and later ones
      within: 60,
      what: 'all messages',
    })
    expect(crumbs.status()).toMatchObject({ state: 'Established', counters: { dials: 1 } })
    expect(crumbs.status().lastFailure).toBeUndefined()
    expect(await peer.segments('one-octet-segments')).toBeGreaterThan(9000) // the kernel may join some segments
  })

  it('a slow reader keeps its session and receives everything', async () => {
    await using slow = session('slow-reader', { holdTime: 9 })
    slow.start()
    await established(slow)
    sendUpdates(slow, 200)
    await peer.logged('slow-reader: 200 updates', 60)
    expect(slow.status()).toMatchObject({ state: 'Established', counters: { dials: 1, outUpdates: 200 } })
  })

  it('the hold timer ends a session whose peer never reads, and the next dial waits', async () => {
    const address = peer.addresses['never-reads']
    await using closed = await lab.capture(
      `src ${address} and src port 179 and tcp[14:2] = 0 and tcp[tcpflags] & tcp-rst = 0`,
    )
    await using jammed = session('never-reads', { holdTime: 9, backOff: { protocolInitial: 30 } })
    jammed.start()
    await established(jammed)
    sendUpdates(jammed, 1500)
    await waitFor(() => closed.lines().length > 0, { within: 30, what: 'a window of zero' })
    await peer.logged('never-reads: sends nothing from now on', 30)
    expect(jammed.status(), 'one session while the peer sends').toMatchObject({ counters: { dials: 1 } })
    const end = await sessionFailure(() => jammed.status(), 30)
    expect(end).toMatchObject({ reason: 'hold-timer', sent: { code: 4, subcode: 0 } })
    expect(end.nextDialIn).toBeGreaterThan(15)
    await waitFor(() => jammed.state === 'Established', { within: 60, what: 'the session to be Established again' })
    sendUpdates(jammed, 1500)
    await jammed.stop('the window is closed again')
    expect(dials(capture, address)).toHaveLength(2)
  })

  it('ten thousand route refreshes within one interval get one answer (RFC 2918)', async () => {
    await using announcer = new Announcer({
      local: { as: 65010, id: lab.host, address: lab.host },
      peers: [{ as: 65001, address: peer.addresses['refresh-flood'] }],
      drainTime: 0,
    })
    announcer.announce('198.51.100.10/32')
    const { counters, state } = await waitFor(() => announcer.status().peers[0], {
      until: ({ counters }) => counters.inTotalMessages >= 10_002,
      within: 60,
      what: 'all requests to be read',
    })
    expect({ state, ...counters }).toMatchObject({ state: 'Established', dials: 1, outUpdates: 1 })
  })

  it('a peer that also connects to us keeps one connection of two (RFC 4271 §6.8)', async () => {
    await using both = session('second-connection', { holdTime: 9 })
    await using listener = new Listener({ address: lab.host, port: PORT }).serve(both)
    await listener.listen()
    both.start()
    await peer.logged('second-connection: one of two closed', 30)
    await waitFor(() => both.status(), {
      until: ({ state, secondsInState }) => state === 'Established' && secondsInState > 9,
      within: 30,
      what: 'one session that stays',
    })
    expect(both.status().counters).toMatchObject({ dials: 1, fsmEstablishedTransitions: 1 })
    expect([both.status().lastFailure, listener.unconfiguredPeers]).toEqual([undefined, 0])
  })

  it('a port scan is closed and counted, and the session next to it stays', async () => {
    const router = await lab.bird({ config: configurations.bird })
    await using established = await EstablishedAnnouncer.start(lab, router)
    const port = PORT + 10_000
    await using listener = new Listener({ address: lab.host, port }).serve(established.announcer.sessions[0]!)
    await listener.listen()
    const each = (ports: string) =>
      `for port in ${ports}; do (exec 3<>/dev/tcp/${lab.host}/$port && echo nonsense >&3) 2>/dev/null; done; true`
    const scan = `${each(`$(seq ${port - 100} ${port + 100})`)}\n${each(`$(yes ${port} | head -200)`)}`
    await Promise.all([peer.exec('bash', '-c', scan), router.exec('bash', '-c', scan)])
    await waitFor(() => listener.unconfiguredPeers === 201, {
      within: 20,
      what: '201 unconfigured peers, without the router',
    })
    expect(established.status).toMatchObject({ state: 'Established', counters: { dials: 1 } })
    expect(await established.routes()).toHaveLength(1)
  })
})

async function established(session: Session): Promise<void> {
  await waitFor(() => session.state === 'Established', { within: 60, what: 'the session to be Established' })
}

/** Sends this many UPDATEs of about a thousand octets. */
function sendUpdates(session: Session, count: number): void {
  const update: Update = {
    type: 'update',
    withdrawn: Array.from({ length: 200 }, (_, last) => `198.51.100.${last}/32`),
    attributes: {},
    announced: [],
  }
  for (let sent = 0; sent < count; sent++) session.send(update)
}
