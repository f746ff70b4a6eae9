import { ScriptedPeer, VirtualClock } from '@softspoken/session/testing'
import { describe, expect, it } from 'vitest'
import { runAgent } from './run-agent.ts'

/** An agent in virtual time, with a router. */
function start(signal: AbortSignal) {
  const clock = new VirtualClock()
  const router = new ScriptedPeer({ clock, as: 64515 })
  const silent = (): void => {}
  const run = { clock, router, hasEnded: false }
  void runAgent(
    {
      vips: ['198.51.100.10/32'],
      announcer: {
        ...{ local: { as: 64515, id: '10.0.5.11' }, peers: [router.peer], nextHop: '203.0.113.11' },
        ...{ clock, random: () => 1, dial: router.dial },
      },
      health: { check: async () => {}, interval: 1, rise: 1, clock },
      log: { debug: silent, info: silent, warn: silent, error: silent },
    },
    signal,
  ).then(() => (run.hasEnded = true))
  return run
}

describe('runAgent()', () => {
  it('runs an agent until its signal is aborted, and ends with its planned end', async () => {
    const controller = new AbortController()
    const run = start(controller.signal)
    await run.clock.advance(60)
    expect([run.hasEnded, run.router.routes.size]).toEqual([false, 1])
    controller.abort()
    await run.clock.advance(2.9)
    expect([run.hasEnded, run.router.routes.size]).toEqual([false, 0])
    await run.clock.advance(1)
    expect(run.hasEnded).toBe(true)
  })
  it('ends at once if its signal was aborted before', async () => {
    const run = start(AbortSignal.abort())
    await run.clock.advance(1)
    expect(run.hasEnded).toBe(true)
  })
})
