import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { Lab } from '../lab/lab.ts'
import { waitFor } from '../lab/wait-for.ts'
import { configurations, EstablishedAnnouncer } from './established-announcer.ts'

const DECADE = 10 * 365 * 86_400_000

describe.skipIf(!inject('engine'))('a session while the wall clock changes', () => {
  it('a wall clock set by decades changes neither the hold time nor a back-off', async () => {
    await using lab = await Lab.create()
    await using established = await EstablishedAnnouncer.start(lab, await lab.bird({ config: configurations.bird }))
    let set = 0
    vi.useFakeTimers({ toFake: ['Date'] })
    onTestFinished(() => void vi.useRealTimers())
    const present = Date.now()
    const setClock = () => vi.setSystemTime(present + DECADE * [1, -1, 0, 2, -2][set++ % 5]!)

    const { secondsInState } = established.status
    await waitFor(
      () => {
        setClock()
        return established.status.secondsInState > secondsInState + 12
      },
      { within: 20, what: 'more than a hold time of the monotonic clock' },
    )
    expect(established.status).toMatchObject({ state: 'Established', counters: { dials: 1 } })
    expect(established.status.lastFailure).toBeUndefined()
    expect((await established.router.session()).state).toBe('Established')
    expect(set).toBeGreaterThan(20)

    await established.router.exec('ss', '--kill', 'state', 'established', 'dst', lab.host)
    const { nextDialIn, at } = await established.failure(5)
    expect(at?.getTime(), 'the only value from the wall clock').toBe(Date.now())
    expect(nextDialIn).toBeGreaterThan(15)
    await waitFor(
      () => {
        setClock()
        return established.status.counters.dials === 2
      },
      { within: 35, what: 'the next dial' },
    )
    expect(established.status.lastFailure?.from).toBe('Established')
    await established.waitForRoute(10)
  })
})
