import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { addAddress, linkDown, linkUp, removeAddress } from '../lab/host-network.ts'
import { DIAL, Lab } from '../lab/lab.ts'
import type { Output } from '../lab/output.ts'
import { waitFor } from '../lab/wait-for.ts'
import { dials } from './dials.ts'
import { configurations, EstablishedAnnouncer } from './established-announcer.ts'
import { fastClock } from './fast-clock.ts'

/** Hold time 9 s, first wait of the protocol track 30 s, less a quarter at most: so long until we come back, and some. */
const RECOVERY = 60

describe.skipIf(!inject('engine')).concurrent('a session with a router whose connection is lost', () => {
  let lab: Lab
  let capture: Output
  beforeAll(async () => {
    lab = await Lab.create()
    capture = await lab.capture(DIAL)
  })
  afterAll(async () => {
    await capture?.stop()
    await lab?.[Symbol.asyncDispose]()
  })

  for (const daemon of ['bird', 'gobgp'] as const) {
    const start = () => lab[daemon]({ config: configurations[daemon] })

    it(`by an RST: comes back on the slow track (${daemon})`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      await reset(established)
      const lost = await established.failure(30)
      expect(lost).toMatchObject({ why: 'the peer reset the connection', from: 'Established' })
      await established.waitForNoRoute(30)
      await comesBack(established, lost)
    })

    it(`by a FIN, since the daemon was killed: comes back on the slow track (${daemon})`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      await established.router.kill()
      const lost = await established.failure(30)
      expect(lost).toMatchObject({ why: 'the peer closed the connection', from: 'Established' })
      await established.router.start()
      await comesBack(established, lost)
    })

    it(`half, since the power failed: the hold timer notices (${daemon}; RFC 4271 §6.5)`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      await linkDown(established.router)
      await established.router.kill()
      const lost = await established.failure(30)
      expect(lost).toMatchObject(silence)
      await established.router.start()
      await comesBack(established, lost)
    })

    it(`with the link: both hold timers notice, and a link that flaps costs nothing (${daemon}; RFC 4271 §6.5)`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      const { inTotalMessages } = established.status.counters
      await linkDown(established.router)
      await linkUp(established.router)
      await waitFor(() => established.status.counters.inTotalMessages > inTotalMessages + 1, {
        within: 30,
        what: 'the session to go on',
      })
      expect(established.status).toMatchObject({ state: 'Established', counters: { dials: 1 } })

      await linkDown(established.router)
      const lost = await established.failure(30)
      expect(lost).toMatchObject(silence)
      await established.waitForNoRoute(30)
      await linkUp(established.router)
      await comesBack(established, lost)
    })
  }

  it('by an RST, when it has stood for long: comes back on the quick track', async () => {
    const { bird } = configurations
    // Ours runs five times as fast, and that is no more than BIRD's keepalives bear.
    const timers = { clock: fastClock(5), holdTime: 45, connectTimeout: 60, backOff: { forgetAfter: 60 } }
    await using established = await EstablishedAnnouncer.start(lab, await lab.bird({ config: bird }), timers)
    await waitFor(() => established.status.secondsInState > 60, { within: 30, what: 'a stable session' })
    await reset(established)
    const { why, nextDialIn } = await established.failure(30)
    expect(why).toBe('the peer reset the connection')
    expect(nextDialIn ?? 0).toBeLessThanOrEqual(5)
    await waitFor(() => established.status.counters.fsmEstablishedTransitions === 2, {
      within: 20,
      what: 'the session to stand again',
    })
    await established.waitForRoute(30)
  })

  it('with our own address: says so while it is gone, asks ever more rarely, and comes back with it', async () => {
    const { bird } = configurations
    const router = await lab.bird({ config: addresses => bird({ ...addresses, host: addresses.otherHost }) })
    const local = { as: 65010, id: lab.otherHost, address: lab.otherHost }
    await using established = await EstablishedAnnouncer.start(lab, router, { local })
    await removeAddress(lab.otherHost, lab.host)
    const { why } = await established.failure(30)
    expect(why, 'before the hold time is over').toBe(`our own address ${lab.otherHost} is no longer on this host`)
    const { lastError, nextDialIn } = await waitFor(() => established.status, {
      until: ({ counters, state }) => counters.dials === 2 && state === 'Idle',
      within: 45,
      what: 'a dial, and that it failed',
    })
    expect(lastError).toMatchObject({
      why: `the local address ${lab.otherHost} is not on this host`,
      hint: 'check the local address',
      from: 'Connect',
    })
    expect(nextDialIn, 'the quick track, five seconds at first, then ten').toBeLessThanOrEqual(10)
    await established.waitForNoRoute(30)
    await addAddress(lab.otherHost, lab.host)
    await established.waitForRoute(RECOVERY)
    expect(await established.routes()).toMatchObject([{ nextHop: lab.otherHost }])
    await waitFor(() => dials(capture, router.address), {
      until: ({ length }) => length === 2,
      within: 10,
      what: 'no SYN but the first and the last, since what cannot be bound sends none',
    })
  })

  /** Right after a message, since Node tells a reset as an end where unread octets came before it in the same wake-up. */
  async function reset(established: EstablishedAnnouncer): Promise<void> {
    const { inTotalMessages } = established.status.counters
    await waitFor(() => established.status.counters.inTotalMessages > inTotalMessages, {
      within: 10,
      what: 'a keepalive',
    })
    await established.router.exec('ss', '--kill', 'state', 'established', 'dst', lab.host)
  }

  const silence = { why: 'nothing heard from the peer for 9 s', from: 'Established', sent: { code: 4, subcode: 0 } }

  /** On the protocol track, for a session that had not stood for long, by the one dial that its first wait allows. */
  async function comesBack(
    established: EstablishedAnnouncer,
    { nextDialIn = 0 }: Awaited<ReturnType<EstablishedAnnouncer['failure']>>,
  ): Promise<void> {
    expect(nextDialIn).toBeGreaterThan(15) // 22.5 s at least, less what the look took
    expect(nextDialIn).toBeLessThanOrEqual(30)
    await waitFor(() => established.status.counters.fsmEstablishedTransitions === 2, {
      within: RECOVERY,
      what: 'the session to stand again',
    })
    await established.waitForRoute(30)
    await waitFor(() => dials(capture, established.router.address), {
      until: ({ length }) => length === 2,
      within: 10,
      what: 'two dials, and no more, in the capture',
    })
    expect(established.status.counters.dials).toBe(2)
  }
})
