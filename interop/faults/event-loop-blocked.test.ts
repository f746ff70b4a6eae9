import { describe, expect, inject, it } from 'vitest'
import { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { configurations, EstablishedAnnouncer } from './established-announcer.ts'

describe.skipIf(!inject('engine'))('a process whose event loop is blocked for 20 s', () => {
  it('a blocked event loop ends only the session whose hold time has passed', async () => {
    await using lab = await Lab.create()
    const start = () => lab.bird({ config: configurations.bird })
    const [first, second] = await Promise.all([start(), start()])
    await using short = await EstablishedAnnouncer.start(lab, first, { holdTime: 9 })
    await using long = await EstablishedAnnouncer.start(lab, second, { holdTime: 60 })
    const messages = long.status.counters.inTotalMessages

    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000)

    // BIRD has sent its NOTIFICATION, but our own hold timer runs before the socket is read, so that we send nothing else first.
    const { reason, sent, received, nextDialIn } = await short.failure(2)
    expect({ reason, sent, received }).toMatchObject({
      reason: 'hold-timer',
      sent: { code: 4, subcode: 0 },
      received: undefined,
    })
    expect(nextDialIn).toBeGreaterThan(15)
    expect(await short.routes()).toHaveLength(0)
    expect(await first.log()).toContain('Error: Hold timer expired')

    await short.waitForRoute(45)
    expect(short.status.counters).toMatchObject({ dials: 2, fsmEstablishedTransitions: 2 })
    await waitFor(() => long.status.counters.inTotalMessages > messages + 1, {
      within: 45,
      what: 'the other session to continue',
    })
    expect(long.status).toMatchObject({ state: 'Established', counters: { dials: 1 } })
    expect(await long.routes()).toHaveLength(1)
  })
})
