import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { addAddress, linkDown, linkUp, removeAddress } from '../lab/host-network.ts'
import { DIAL, Lab } from '../lab/lab.ts'
import type { Output } from '../lab/output.ts'
import { waitFor } from '../lab/wait-for.ts'
import { dials } from './dials.ts'
import { configurations, EstablishedAnnouncer } from './established-announcer.ts'
import { fastClock } from './fast-clock.ts'

/** Seconds: the hold time of 9 s, the first protocol back-off of up to 30 s, and a reserve. */
const RECOVERY = 60

describe.skipIf(!inject('engine')).concurrent('a session whose connection is lost', () => {
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

    it(`an RST is followed by the protocol back-off (${daemon})`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      await reset(established)
      const lost = await established.failure(30)
      expect(lost).toMatchObject({ reason: 'reset', from: 'Established' })
      await established.waitForNoRoute(30)
      await returns(established, lost)
    })

    it(`a FIN of a killed daemon is followed by the protocol back-off (${daemon})`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      await established.router.kill()
      const lost = await established.failure(30)
      expect(lost).toMatchObject({ reason: 'closed', from: 'Established' })
      await established.router.start()
      await returns(established, lost)
    })

    it(`a router without power is detected by the hold timer (${daemon}; RFC 4271 §6.5)`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      await linkDown(established.router)
      await established.router.kill()
      const lost = await established.failure(30)
      expect(lost).toMatchObject(silence)
      await established.router.start()
      await returns(established, lost)
    })

    it(`a failed link expires both hold timers, a short failure none (${daemon})`, async () => {
      await using established = await EstablishedAnnouncer.start(lab, await start())
      const { inTotalMessages } = established.status.counters
      await linkDown(established.router)
      await linkUp(established.router)
      await waitFor(() => established.status.counters.inTotalMessages > inTotalMessages + 1, {
        within: 30,
        what: 'the session to continue',
      })
      expect(established.status).toMatchObject({ state: 'Established', counters: { dials: 1 } })

      await linkDown(established.router)
      const lost = await established.failure(30)
      expect(lost).toMatchObject(silence)
      await established.waitForNoRoute(30)
      await linkUp(established.router)
      await returns(established, lost)
    })
  }

  it('an RST after a long session is followed by the transport back-off', async () => {
    const { bird } = configurations
    // Our clock is five times as fast: BIRD's KEEPALIVEs allow no more.
    const timers = { clock: fastClock(5), holdTime: 45, connectTimeout: 60, backOff: { resetAfter: 60 } }
    await using established = await EstablishedAnnouncer.start(lab, await lab.bird({ config: bird }), timers)
    await waitFor(() => established.status.secondsInState > 60, { within: 30, what: 'a stable session' })
    await reset(established)
    const { reason, nextDialIn } = await established.failure(30)
    expect(reason).toBe('reset')
    expect(nextDialIn ?? 0).toBeLessThanOrEqual(5)
    await waitFor(() => established.status.counters.fsmEstablishedTransitions === 2, {
      within: 20,
      what: 'the session to be Established again',
    })
    await established.waitForRoute(30)
  })

  it('a removed local address is reported, and the session returns with the address', async () => {
    const { bird } = configurations
    const router = await lab.bird({ config: addresses => bird({ ...addresses, host: addresses.otherHost }) })
    const local = { as: 65010, id: lab.otherHost, address: lab.otherHost }
    await using established = await EstablishedAnnouncer.start(lab, router, { local })
    await removeAddress(lab.otherHost, lab.host)
    const { reason } = await established.failure(30)
    expect(reason, 'before the hold timer expires').toBe('own-address-lost')
    const { lastFailure, nextDialIn } = await waitFor(() => established.status, {
      until: ({ counters, state }) => counters.dials === 2 && state === 'Idle',
      within: 45,
      what: 'a failed dial',
    })
    expect(lastFailure).toMatchObject({
      reason: 'local-address-missing',
      from: 'Connect',
    })
    expect(nextDialIn, 'the transport back-off: 5 s, then 10 s').toBeLessThanOrEqual(10)
    await established.waitForNoRoute(30)
    await addAddress(lab.otherHost, lab.host)
    await established.waitForRoute(RECOVERY)
    expect(await established.routes()).toMatchObject([{ nextHop: lab.otherHost }])
    await waitFor(() => dials(capture, router.address), {
      until: ({ length }) => length === 2,
      within: 10,
      what: 'only the first and the last SYN, because a socket that cannot be bound sends none',
    })
  })

  /** Right after a message, because Node reports a reset as an end if unread octets arrived in the same wake-up. */
  async function reset(established: EstablishedAnnouncer): Promise<void> {
    const { inTotalMessages } = established.status.counters
    await waitFor(() => established.status.counters.inTotalMessages > inTotalMessages, {
      within: 10,
      what: 'a keepalive',
    })
    await established.router.exec('ss', '--kill', 'state', 'established', 'dst', lab.host)
  }

  const silence = { reason: 'hold-timer', from: 'Established', sent: { code: 4, subcode: 0 } }

  /** After the protocol back-off, because the session was short; with the one dial that the first delay allows. */
  async function returns(
    established: EstablishedAnnouncer,
    { nextDialIn = 0 }: Awaited<ReturnType<EstablishedAnnouncer['failure']>>,
  ): Promise<void> {
    expect(nextDialIn).toBeGreaterThan(15) // at least 22.5 s, less the time of the look
    expect(nextDialIn).toBeLessThanOrEqual(30)
    await waitFor(() => established.status.counters.fsmEstablishedTransitions === 2, {
      within: RECOVERY,
      what: 'the session to be Established again',
    })
    await established.waitForRoute(30)
    await waitFor(() => dials(capture, established.router.address), {
      until: ({ length }) => length === 2,
      within: 10,
      what: 'exactly two dials in the capture',
    })
    expect(established.status.counters.dials).toBe(2)
  }
})
